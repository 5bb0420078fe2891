"""Danish to English (Tatoeba): BLEU on a tenth held out, and words in context, both senses of each.

    python benchmarks/translation.py ../shared/data/translation/tatoeba-dan-eng/dan.txt --out runs/danish
    python benchmarks/translation.py --run runs/danish          # the words in context once more, with pictures

DATA holds English TAB Danish a line (manythings.org/anki: dan-eng.zip, from tatoeba.org, CC-BY 2.0 FR). It is split
85/5/10 in groups, so that no sentence of one part stands in another, on either side, whatever its case and marks. What
training learns from are those 85 % and the composed sentences of `translation.corpora.danish_phrases`, without those
that the other parts or the words in context below have. The settings were chosen by the validation part.

The words in context are our own sentences; none of them is learned from. Each is scored twice: whether the translation
says what the word means there, and whether the model finds a right translation more probable than the same sentence
with the other meaning.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

import throughtime
from throughtime.tasks.translation.corpora.danish_phrases import phrases
from throughtime.tasks.translation.corpora.pair import Pair, Sides
from throughtime.tasks.translation.corpora.parallel import read_pairs
from throughtime.tasks.translation.corpora.splits import alike, split_pairs
from words_in_context import WORDS


def parts_of(data: Path) -> dict[str, list[Pair]]:
    """Training (with the composed sentences), validation and test; no sentence of one of them stands in another."""
    train, valid, test = split_pairs(read_pairs(data, Sides("2", "1")), seed=0, valid=0.05, test=0.1)
    danish = {alike(pair.source) for pair in (*valid, *test)} | {alike(d) for w in WORDS for d, _, _ in w.sentences}
    english = {alike(pair.target) for pair in (*valid, *test)} | {alike(e) for w in WORDS for _, e, _ in w.sentences}
    train += [Pair(source, target, data, 0) for source, target in phrases()]
    train = [p for p in train if alike(p.source) not in danish and alike(p.target) not in english]
    return {"train": train, "valid": valid, "test": test}


def write(path: Path, pairs: list[Pair]) -> Path:
    path.write_text("".join(f"{pair.source}\t{pair.target}\n" for pair in pairs), encoding="utf-8")
    return path


def log_probability(run: throughtime.Run, source: str, target: str) -> float:
    """Log p of a translation, as the beam search ranks it: divided by the penalty of its length."""
    import torch

    from throughtime.decoding.beam import BeamSearch

    (batch,) = run.task.loader([Pair(source, target, Path(), 0)], training=False).epoch(0)
    with torch.no_grad():
        loss = run.model.loss(batch)
    return -float(loss.total) / BeamSearch(alpha=run.task.settings.alpha).normaliser(loss.count)


def words_in_context(run: throughtime.Run, pictures: Path) -> None:
    """Print a table of both scores, every translation, and draw the attention of Hans in both senses."""
    pictures.mkdir(parents=True, exist_ok=True)
    right = preferred = many = 0
    for word in WORDS:
        answers = list(throughtime.predict(run, [danish for danish, _, _ in word.sentences]))
        said = [bool(re.search(word.says, answer["translation"])) for answer in answers]
        better = [
            log_probability(run, danish, english) > log_probability(run, danish, other)
            for danish, english, other in word.sentences
        ]
        print(f"\n{word.word}, {word.meaning}: said {sum(said)}, preferred {sum(better)} of {len(said)}")
        for answer, is_right, is_better in zip(answers, said, better, strict=True):
            print(
                f"  {'+' if is_right else '-'}{'+' if is_better else '-'} {answer['source']} | {answer['translation']}"
            )
        if word.word == "Hans":
            for number, answer in enumerate(answers, 1):
                run.task.draw(answer, pictures / f"hans-{word.meaning.replace(' ', '-')}-{number}.png")
        right, preferred, many = right + sum(said), preferred + sum(better), many + len(said)
    print(f"\nall: said {right}, preferred {preferred} of {many}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "data", type=Path, nargs="?", default=Path("../shared/data/translation/tatoeba-dan-eng/dan.txt")
    )
    parser.add_argument("--out", type=Path, default=Path("runs/danish"))
    parser.add_argument("--run", type=Path, help="a run of this script, to ask once more")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=60.0, help="at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    if asked.run is None:
        if not asked.data.is_file():
            sys.exit(f"{asked.data} is not there: this benchmark needs Tatoeba's pairs, see --help")
        with tempfile.TemporaryDirectory() as folder:
            files = {name: write(Path(folder) / f"{name}.tsv", pairs) for name, pairs in parts_of(asked.data).items()}
            settings = {"seed": asked.seed, "threads": asked.threads, "epochs": asked.epochs, "minutes": asked.minutes}
            run = throughtime.train("translation", **files, out=asked.out, **settings)
        print(run.folder.read_report())
    else:
        run = throughtime.Run(asked.run)
    words_in_context(run, run.folder.path / "words_in_context")


if __name__ == "__main__":
    main()
