"""A text larger than memory trains: 2 GB of it, and how much memory that takes.

    python benchmarks/corpus_memory.py --folder /tmp/large --level words

Writes a text of made-up words with a Zipf distribution (to learn from; 20 MB each to choose and to judge by), runs
`throughtime train text` on it in a process of its own, as a user would, and prints the largest resident memory of that
process (everything: Python, torch, mapped files). Needs about twice the size of the text as free disk; what was written
is deleted in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np


def main() -> int:
    """Write, train, measure, delete."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", type=Path, required=True, help="a new folder for the text and the run")
    arguments.add_argument("--gigabytes", type=float, default=2.0)
    arguments.add_argument("--level", choices=["characters", "words", "bpe"], default="characters")
    arguments.add_argument("--steps", type=int, default=2000)
    asked = arguments.parse_args()
    texts = asked.folder / "texts"
    texts.mkdir(parents=True)
    try:
        text = texts / "large.train.txt"
        for path, size in (
            (text, asked.gigabytes * 1e9),
            (texts / "large.valid.txt", 2e7),
            (texts / "large.test.txt", 2e7),
        ):
            write_text(path, int(size))
        started = time.monotonic()
        train(texts, asked.folder, asked.level, asked.steps)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        print(
            json.dumps(
                {
                    "text_bytes": text.stat().st_size,
                    "level": asked.level,
                    "steps": asked.steps,
                    "peak_resident_bytes": peak,
                    "minutes": round((time.monotonic() - started) / 60, 1),
                }
            )
        )
        return 0 if peak < 1e9 else 1
    finally:
        shutil.rmtree(asked.folder)


def write_text(path: Path, size: int) -> None:
    """Lines of words whose frequencies follow Zipf's law, 60,000 different ones."""
    random = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlu"))
    words = np.array(["".join(random.choice(letters, random.integers(2, 9))) for _ in range(60_000)])
    share = 1 / np.arange(1, len(words) + 1)
    cumulated = np.cumsum(share / share.sum())
    blocks = []
    for _ in range(32):
        chosen = words[np.searchsorted(cumulated, random.random(120_000) * cumulated[-1]).clip(max=len(words) - 1)]
        blocks.append("\n".join(" ".join(line) for line in chosen.reshape(-1, 12)) + "\n")
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < size:
            file.write(blocks[random.integers(len(blocks))])


def train(texts: Path, folder: Path, level: str, steps: int) -> None:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "throughtime", "train", "text", str(texts), "--out", str(folder / "run")]
    command += ["--level", level, "--steps", str(steps), "--layers", "128", "--embedding-size", "64"]
    command += ["--evaluate-every", str(max(1, steps // 2))]
    command += [] if level == "characters" else ["--softmax", "adaptive", "--tied", "False"]
    subprocess.run(command, check=True, env=os.environ | {"THROUGHTIME_CACHE": str(folder / "cache")})


if __name__ == "__main__":
    sys.exit(main())
