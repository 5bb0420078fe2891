"""How many texts a second `predict` answers on one core: one at a time, as from standard input, and together.

    python benchmarks/answering.py                       # sentences of 5 to 35 made-up words
    python benchmarks/answering.py --texts FILE          # the lines of a file
    python benchmarks/answering.py --rounds 5

Models are of the default sizes, after one step of training: what they have learned makes no difference to their speed.
CPU seconds of this process, both ways in turns; the best round of each.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import throughtime

TEXTS = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, help="a file of a text a line, in place of made-up ones")
    parser.add_argument("--tasks", nargs="+", default=["sentiment", "entities"])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    texts = made_up() if asked.texts is None else asked.texts.read_text(encoding="utf-8").splitlines()[:TEXTS]
    words = sum(len(text.split()) for text in texts) / len(texts)
    print(f"{len(texts):,} texts of {words:.1f} words in the mean, texts a second")
    print(f"{'':<12}{'one at a time':>15}{'together':>12}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for task in asked.tasks:
            run = trained(task, Path(folder), texts)
            list(throughtime.predict(run, texts[:50]))  # what is made once
            rates = [(rate(run, iter(texts), len(texts)), rate(run, texts, len(texts))) for _ in range(asked.rounds)]
            alone, together = (max(one) for one in zip(*rates, strict=True))
            print(f"{task:<12}{alone:>15,.0f}{together:>12,.0f}{together / alone:>8.1f}", flush=True)


def made_up() -> list[str]:
    draw = random.Random(0)
    words = [f"w{number}" for number in range(3_000)]
    return [" ".join(draw.choices(words, k=draw.randint(5, 35))) + "." for _ in range(TEXTS)]


def trained(task: str, folder: Path, texts: list[str]) -> throughtime.Run:
    """A run of one step on these texts, with labels of no meaning."""
    data = folder / f"{task}.{'csv' if task == 'sentiment' else 'conll'}"
    if task == "sentiment":
        rows = (f'"{text.replace(chr(34), chr(39))}",{number % 2}' for number, text in enumerate(texts))
        data.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    else:
        sentences = ("".join(f"{word} {'B-X' if word[-1] in '7e' else 'O'}\n" for word in t.split()) for t in texts)
        data.write_text("\n".join(sentences), encoding="utf-8")
    return throughtime.train(task, data, out=folder / task, quiet=True, steps=1, vectors=("none",), threads=1)


def rate(run: throughtime.Run, texts: Iterable[str], count: int) -> float:
    started = time.process_time()
    answered = sum(1 for _ in throughtime.predict(run, texts))
    assert answered == count
    return count / (time.process_time() - started)


if __name__ == "__main__":
    main()
