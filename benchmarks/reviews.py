"""Sentences of film reviews (MR, Pang and Lee 2005): accuracy on a tenth held out; and TREC's questions.

    python benchmarks/reviews.py                       # with pretrained vectors
    python benchmarks/reviews.py --vectors none        # without
    python benchmarks/reviews.py --set trec

MR's test tenth and validation tenth are drawn by a fixed seed, copies of a sentence together. The vectors are GloVe's
and those made from the unlabelled text of IMDb reviews, in which no sentence of MR occurs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import throughtime
from throughtime.data.sources import cache_folder
from throughtime.data.tables import LabelledText, read_labelled_texts
from throughtime.tasks.sentiment import Sentiment
from throughtime.tasks.sentiment.settings import SentimentSettings

Rows = list[LabelledText]


def mr(folder: Path) -> tuple[Rows, Rows, Rows]:
    """80/10/10."""
    rows = read_labelled_texts(folder / "mr" / "rt-polarity.all", encoding="latin-1")
    splits = Sentiment(SentimentSettings(seed=0), cache_folder()).split(rows)
    return list(splits.train), list(splits.valid), list(splits.test)


def trec(folder: Path) -> tuple[Rows, Rows, Rows]:
    """The given test questions; a tenth of the others to choose the best model by."""
    rows = read_labelled_texts(folder / "trec" / "TREC.train.all", encoding="latin-1")
    splits = Sentiment(SentimentSettings(seed=0), cache_folder()).split(rows)
    test = read_labelled_texts(folder / "trec" / "TREC.test.all", encoding="latin-1")
    return [*splits.train, *splits.test], list(splits.valid), test


def write(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps({"text": row.text, "label": row.label}) + "\n" for row in rows))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/sentiment"))
    parser.add_argument("--set", choices=("mr", "trec"), default="mr")
    parser.add_argument("--vectors", nargs="*", default=["glove", "reviews"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    if not asked.data.is_dir():
        sys.exit(f"{asked.data} is not there: this benchmark needs the MR and TREC files, see --data")
    parts = {"mr": mr, "trec": trec}[asked.set](asked.data)
    accuracies = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = ("train", "valid", "test")
        files = {split: write(folder / f"{split}.jsonl", rows) for split, rows in zip(names, parts, strict=True)}
        for seed in range(asked.seeds):
            run = throughtime.train(
                "sentiment",
                **files,
                out=folder / f"run-{seed}",
                quiet=True,
                seed=seed,
                vectors=tuple(asked.vectors),
                epochs=asked.epochs,
                batch_size=50,
                learning_rate=1e-3,
                schedule="constant",
                embedding="trained",
                dropout=0.5,
                hidden_size=128,
                layers=1,
                bidirectional=True,
                pooling="max",
                threads=asked.threads,
            )
            report = run.folder.read_report()
            accuracies.append(report.metrics["accuracy"])
            print(f"seed {seed}: test accuracy {accuracies[-1]:.4f}, baselines {report.baselines}", flush=True)
    spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
    print(f"{asked.set}, vectors {' '.join(asked.vectors)}: {statistics.mean(accuracies):.4f} ± {spread:.4f}")


if __name__ == "__main__":
    main()
