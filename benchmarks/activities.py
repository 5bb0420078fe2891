"""Clips and sequences: our own clips whose classes differ in motion only, NATOPS gestures, Japanese vowels.

    python benchmarks/activities.py motions natops vowels

motions: the built-in clips, encoded as MP4 files in a folder for each class and read back from there. natops: 180 + 180
gestures of 24 coordinates (Song et al. 2011; arrays X_train.npy, ... in --data). vowels: 270 + 370 utterances of nine
speakers (Kudo et al. 1999), out of the pinned package aeon 1.6.0. Settings were chosen by cross-validation within the
training part; a seventh of it is the validation split, and the test part is as given.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import throughtime
from throughtime.data.archives import read_members
from throughtime.data.sources import Carrier
from throughtime.tasks.video.clips.render import write_clips

AEON = Carrier(
    "aeon",
    "1.6.0",
    "aeon-1.6.0-py3-none-any.whl",
    "d05227086706f80111ac5fee8de4d5d3115bb3bcfd1c786c8629393055816409",
    "small data sets of the UEA and UCR archives, among them JapaneseVowels",
)
SEQUENCES: dict[str, Any] = {"hidden_size": 96, "learning_rate": 2e-3, "warmup_steps": 0, "pooling": "max"}
SEQUENCES |= {"dropout": 0.3}
SETTINGS: dict[str, dict[str, Any]] = {
    "motions": {"epochs": 30},
    "natops": SEQUENCES | {"epochs": 150, "cell": "lstm", "dropout": 0.4, "stretch": 0.3, "crop": 0.15},
    "vowels": SEQUENCES | {"epochs": 60, "noise": 0.4, "dropout": 0.5},
}
PARTS = {"train": (100, 0), "valid": (12, 1), "test": (30, 2)}  # clips of each class, and the seed


def prepare(name: str, data: Path, folder: Path) -> dict[str, Path]:
    """Where a set's files are: one folder that brings its splits, or one for each split."""
    if name == "motions":
        for part, (count, seed) in PARTS.items():
            write_clips(folder / part, count, 64, seed)
        return {part: folder / part for part in PARTS}
    if name == "vowels":
        wanted = ("JapaneseVowels_TRAIN.ts", "JapaneseVowels_TEST.ts")
        for member, content in read_members(AEON.path(), lambda member: member.endswith(wanted)):
            (folder / Path(member).name).write_bytes(content)
        return {"data": folder}
    if not data.is_dir():
        sys.exit(
            f"{data} is not there: this benchmark needs X_train.npy, y_train.npy, X_test.npy, y_test.npy, see --data"
        )
    return {"data": data}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=["motions", "natops", "vowels"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/sequences/natops"))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    for name in asked.sets:
        for seed in range(asked.seeds):
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                paths: dict[str, Any] = prepare(name, asked.data, folder)
                paths |= {
                    "out": folder / "run",
                    "quiet": True,
                    "seed": seed,
                    "threads": asked.threads,
                    "minutes": None,
                    "patience": None,
                }
                report = throughtime.train("video", **paths, **SETTINGS[name]).folder.read_report()
            print(f"{name}, seed {seed}: {(time.monotonic() - started) / 60:.1f} minutes")
            for method, scores in {"network": report.metrics, **report.baselines}.items():
                print(f"  accuracy {scores['accuracy']:.4f}  macro F1 {scores['macro_f1']:.4f}  {method}")
            for row in report.tables[0].rows:
                print("  " + "  ".join(str(cell) for cell in row), flush=True)


if __name__ == "__main__":
    main()
