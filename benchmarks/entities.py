"""Entities: WNUT-17 beside flair with equal settings, how fast both are, and what the second direction is good for.

    python benchmarks/entities.py                      F1 on WNUT-17's test split, the settings of entities_peer.py
    python benchmarks/entities.py --vectors glove      the same with the built-in pretrained vectors
    python benchmarks/entities.py --speed              sentences a second in training and use, and the greatest memory
    python benchmarks/entities.py --directions         forward-only against bidirectional: built-in news, pairs
    python benchmarks/entities.py --directions wnut17  the same on WNUT-17

`entities_peer.py` measures flair. WNUT-17 (Derczynski et al. 2017, CC BY 4.0) is `emerging_entities_17`; settings were
chosen on its dev split. One JSON object a line.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sys
import tempfile
import time
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import torch

import throughtime
from throughtime.tasks.entities import Entities
from throughtime.training.hardware import make_fabric
from throughtime.training.step import Stepper

# word vectors of 100, a character BiLSTM of 25, a BiLSTM of 256, a CRF, batches of 32: the peer's, too
EQUAL: dict[str, Any] = {"vectors": (), "minutes": None}

# The same beginning, once a person and once none; training has none of these names (data/entities/names.py).
PAIRS = [
    ("He said, Teddy Roosevelt was a great President.", "Teddy Roosevelt", "He said, Teddy bears are on sale!"),
    ("She said, Chelsea Clinton is a writer.", "Chelsea Clinton", "She said, Chelsea boots are expensive."),
    ("He said, Graham Greene was a good author.", "Graham Greene", "He said, Graham crackers are on sale."),
    ("They said, Morgan Freeman is a famous actor.", "Morgan Freeman", "They said, Morgan horses are beautiful."),
    ("She said, Morris Chang is a rich engineer.", "Morris Chang", "She said, Morris chairs are useless."),
    ("He said, Bartlett Giamatti was strict.", "Bartlett Giamatti", "He said, Bartlett pears were cheap."),
    ("She said, Stanley Kubrick was a director.", "Stanley Kubrick", "She said, Stanley knives are on sale!"),
    ("They said, Victoria Beckham was a singer.", "Victoria Beckham", "They said, Victoria plums cost $ 3."),
    ("He said, Jack Nicholson is old.", "Jack Nicholson", "He said, Jack rabbits are huge."),
    ("She said, Edison Cavani is a fast striker.", "Edison Cavani", "She said, Edison lamps are bright."),
]


def say(**facts: Any) -> None:
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in facts.items()}), flush=True)


def wnut17(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        sys.exit(f"{folder} is not there: this benchmark needs the WNUT-17 files, see --data")
    names = ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")
    return dict(zip(("train", "valid", "test"), (folder / name for name in names), strict=True))


def learn(name: str, data: dict[str, Path], **settings: Any) -> throughtime.Run:
    """Train in a folder that goes with the process; the numbers of the best model on dev."""
    folder = Path(tempfile.mkdtemp(prefix="entities-")) / "run"
    started, used = time.monotonic(), time.process_time()
    run = throughtime.train("entities", **data, out=folder, quiet=True, **settings)
    report = run.folder.read_report()
    with (folder / "metrics.csv").open() as lines:
        dev = [round(float(row["valid_f1"]), 4) for row in csv.DictReader(lines)]
    spent = {"seconds": round(time.monotonic() - started), "cpu_seconds": round(time.process_time() - used)}
    say(run=name, **spent, dev_f1=dev, **{f"test_{key}": value for key, value in report.metrics.items()})
    say(run=name, baselines={key: round(value["f1"], 4) for key, value in report.baselines.items()})
    return run


def right_pairs(run: throughtime.Run) -> tuple[int, int]:
    """Pairs of which both sentences are right, and right sentences."""
    pairs = sentences = 0
    for person, who, nobody in PAIRS:
        answers = list(throughtime.predict(run, [person, nobody]))
        right = [[entity["text"] for entity in answer["entities"]] for answer in answers]
        both = (right[0] == [who], right[1] == [])
        pairs, sentences = pairs + all(both), sentences + sum(both)
    return pairs, sentences


def directions(data: dict[str, Path], **settings: Any) -> None:
    """Forward-only and bidirectional, with a softmax at each word and with a CRF."""
    for output in ("softmax", "crf"):
        for both_ways in (False, True):
            name = f"{'bidirectional' if both_ways else 'forward-only'}, {output}"
            run = learn(name, data, bidirectional=both_ways, output=output, **settings)
            if not data:  # the pairs are in the manner of the built-in news
                pairs, sentences = right_pairs(run)
                say(run=name, pairs=f"{pairs} of {len(PAIRS)}", sentences=f"{sentences} of {2 * len(PAIRS)}")


def speed(data: dict[str, Path], seconds: float, **settings: Any) -> None:
    """Sentences a second, as entities_peer.py counts them."""
    task = Entities(Entities.Settings(device="cpu", **settings), Path("unused"))
    sentences, held_out = task.read(data["train"]), task.read(data["test"])
    task.fit(sentences)
    stepper = Stepper(task.model(), make_fabric(task.settings), task.settings)
    stepper.model.train()
    loader = task.loader(sentences, training=True)
    batches = chain.from_iterable(map(loader.epoch, count()))
    for batch in islice(batches, 3):  # the first ones warm up
        stepper.step([batch], None, 1e-3)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        batch = next(batches)
        stepper.step([batch], None, 1e-3)
        done += batch.sequences
    training = done / (time.perf_counter() - started)
    words = [list(sentence.words) for sentence in held_out]
    list(task.predict(stepper.model, words[:64]))
    started = time.perf_counter()
    list(task.predict(stepper.model, words))
    inference = len(words) / (time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(ours="throughtime", training=round(training, 1), inference=round(inference, 1), memory_mb=round(memory, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/entities/wnut17"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--vectors", nargs="*", default=[])
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--seconds", type=float, default=30.0, help="of training to be timed, with --speed")
    parser.add_argument("--directions", nargs="?", const="news", choices=("news", "wnut17"))
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    common = {"epochs": asked.epochs, "seed": asked.seed, "threads": asked.threads}
    if asked.directions == "news":
        directions({}, **common)
        return
    data, settings = wnut17(asked.data), EQUAL | {"vectors": tuple(asked.vectors)}
    if asked.speed:
        speed(data, asked.seconds, **settings)
    elif asked.directions:
        directions(data, **settings, **common)
    else:
        learn("WNUT-17", data, **settings, **common)


if __name__ == "__main__":
    main()
