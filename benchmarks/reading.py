"""How many rows a second are read: tables of texts, columns of tagged words, tracks; beside plain readers.

    python benchmarks/reading.py
    python benchmarks/reading.py --rows 30000

CPU seconds of this process, all in turns, the best of three rounds. A plain reader splits rows and converts numbers;
ours also looks for encodings, delimiters, head lines, columns, gaps and what else may be wrong.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.csv

from throughtime.data.sources import cache_folder
from throughtime.tasks import find

Read = Callable[[Path], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    rows = parser.parse_args().rows
    print(f"{rows:,} rows of each, rows a second")
    print(f"{'':<30}{'ours':>12}{'csv':>14}{'pyarrow':>14}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, task, path, mark in (
            ("texts and labels (CSV)", "sentiment", labelled(folder / "a.csv", rows), ","),
            ("words and tags (CoNLL)", "entities", tagged(folder / "a.conll", rows), " "),
            ("tracks (CSV)", "trajectory", tracks(folder / "t.csv", rows), ","),
        ):
            readers = (reader(task), plain(mark), with_pyarrow(mark))
            times = [[seconds(read, path) for read in readers] for _ in range(3)]
            ours, split, arrow = (rows / min(one) for one in zip(*times, strict=True))
            print(f"{what:<30}{ours:>12,.0f}{split:>14,.0f}{arrow:>14,.0f}", flush=True)


def labelled(path: Path, rows: int) -> Path:
    draw = random.Random(0)
    words = [f"word{number}" for number in range(2_000)]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text", "label"])
        table.writerows([", ".join(draw.choices(words, k=12)), draw.choice("ab")] for _ in range(rows))
    return path


def tagged(path: Path, rows: int) -> Path:
    lines = (f"word{n % 5000} {'B-X' if n % 9 == 0 else 'O'}" + ("\n" if n % 20 == 19 else "") for n in range(rows))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def tracks(path: Path, rows: int) -> Path:
    draw = random.Random(0)
    lines = [f"{n // 100},{n % 100 / 10},{draw.gauss(0, 9):.4f},{draw.gauss(0, 9):.4f}" for n in range(rows)]
    path.write_text("\n".join(["track,t,x,y", *lines]) + "\n", encoding="utf-8")
    return path


def reader(task: str) -> Read:
    """All examples of a file, as a training would read them before it splits them."""
    kind = find(task)
    return lambda path: kind(kind.Settings(), cache_folder(needed=False)).read(path)


def plain(mark: str) -> Read:
    def read(path: Path) -> Any:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file, delimiter=mark))

    return read


def with_pyarrow(mark: str) -> Read:
    how = pyarrow.csv.ParseOptions(delimiter=mark)
    names = pyarrow.csv.ReadOptions(use_threads=False, autogenerate_column_names=mark != ",")
    return lambda path: pyarrow.csv.read_csv(path, read_options=names, parse_options=how)


def seconds(read: Read, path: Path) -> float:
    started = time.process_time()
    read(path)
    return time.process_time() - started


if __name__ == "__main__":
    main()
