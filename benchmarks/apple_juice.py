"""Apple juice, orange juice, orange man: what is learned of apple holds for orange with embeddings, not with one-hot.

Sentences of our own end in a word that decides what comes next: juice after a fruit, man after what only a person is.
Half of these words stand in no sentence that is learned from. Two GRUs of 32 units read the same sentences; the one has
a place of its own for each word that it has seen, the other the built-in GloVe vectors, which stay as they are.

    python benchmarks/apple_juice.py                the table, and where the sentences lie
    python benchmarks/apple_juice.py --seeds 5      mean of so many runs
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import throughtime

BEGINNINGS = (
    "we saw the",
    "they talked about the",
    "here comes the",
    "she liked the",
    "nobody forgot the",
    "it was the",
)
FRUIT = ("apple", "grape", "pear", "cherry", "mango", "lemon", "tomato", "cranberry")
PERSON = ("tall", "young", "brave", "tired", "honest", "clever", "angry", "wise")
NEW_FRUIT = ("orange", "pineapple", "peach", "carrot", "grapefruit", "banana")
NEW_PERSON = ("old", "strong", "poor", "lonely", "sick", "polite")
ASKED = (("apple", "juice"), ("orange", "juice"), ("orange", "man"))


def sentences(fruit: Sequence[str], person: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each beginning with each word, and what comes next."""
    for beginning in BEGINNINGS:
        yield from ((f"{beginning} {word}", "juice") for word in fruit)
        yield from ((f"{beginning} {word}", "man") for word in person)


def write(path: Path, rows: Iterator[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def probabilities(folder: Path, name: str, seed: int, known: Path, new: Path) -> tuple[list[float], float]:
    """Of what is asked about, the mean over all beginnings; and how many sentences of new words are right."""
    vectors = {"embedding": "one-hot"} if name == "one-hot" else {"embedding": "frozen", "vectors": ("glove",)}
    limits = {"steps": 300, "evaluate_every": 300, "threads": 1, "seed": seed, "quiet": True}
    shape = {"cell": "gru", "hidden_size": 32, "pooling": "last", "dropout": 0.0, "learning_rate": 0.01}
    out = folder / f"{name}-{seed}"
    run = throughtime.train("sentiment", out=out, train=known, valid=known, test=new, **vectors, **limits, **shape)
    found = []
    for word, follows in ASKED:
        answers = throughtime.predict(run, [f"{beginning} {word}" for beginning in BEGINNINGS])
        found.append(float(np.mean([answer["probabilities"][follows] for answer in answers])))
    return found, run.folder.read_report().metrics["accuracy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="keep the sentences and the runs here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        known = write(folder / "known.csv", sentences(FRUIT, PERSON))
        new = write(folder / "new.csv", sentences(NEW_FRUIT, NEW_PERSON))
        print(
            f"{'':<12}"
            + "".join(f"{f'p({follows}|{word})':>18}" for word, follows in ASKED)
            + f"{'new words right':>18}"
        )
        for name in ("one-hot", "embeddings"):
            runs = [probabilities(folder, name, seed, known, new) for seed in range(asked.seeds)]
            means = [*np.mean([found for found, _ in runs], axis=0), np.mean([right for _, right in runs])]
            print(f"{name:<12}" + "".join(f"{value:>18.1%}" for value in means))


if __name__ == "__main__":
    main()
