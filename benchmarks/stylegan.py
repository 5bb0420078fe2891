"""StyleGAN from few pictures, with adaptive augmentation and without: how far what it draws lies from real pictures.

    python benchmarks/stylegan.py fashion FOLDER --few 2000 --size 16 --thousands 300
    python benchmarks/stylegan.py olivetti FILE.mat --size 32 --thousands 300

FOLDER has the four IDX files of Fashion-MNIST (Debian's package dataset-fashion-mnist): it learns from the first
--few of them, and is judged by the test split. FILE has the 400 faces of AT&T, in grey, 64 x 64, as `faces`
(4096, 400), ten of a person one after the other: it learns from all and is judged by the same, as Karras et al. (2020b)
judge small sets, for there are no others. Both runs see the same number of real pictures. Printed are the distances
along the way (2,000 drawn pictures, in the features of a classifier that both share), and at the end what the
truncation psi does to precision and recall. --out keeps uncurated grids, style mixing and the runs.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import throughtime
from throughtime.tasks.pictures.reading.idx import read_idx

BATCH, EVALUATIONS = 32, 12
AUGMENT = ("adaptive", "none")


def fashion(folder: Path, few: int, out: Path) -> None:
    """The first few for training, a tenth of the rest for validation, the test split as it is."""
    train, test = (
        (read_idx(folder / f"{split}-images-idx3-ubyte.gz"), read_idx(folder / f"{split}-labels-idx1-ubyte.gz"))
        for split in ("train", "t10k")
    )
    held = slice(len(train[0]) - 6000, None)
    splits = {"train": tuple(one[:few] for one in train), "valid": tuple(one[held] for one in train), "test": test}
    for name, (pictures, labels) in splits.items():
        np.savez(out / f"{name}.npz", x=pictures, y=labels)


def olivetti(file: Path, few: int, out: Path) -> None:
    """All of them, or the first few, as all three splits."""
    from scipy.io import loadmat

    faces = loadmat(file)["faces"].T.reshape(-1, 64, 64).transpose(0, 2, 1).astype(np.uint8)[:few]
    for name in ("train", "valid", "test"):
        np.savez(out / f"{name}.npz", x=faces, y=np.arange(len(faces)) // 10)


READ = {"fashion": fashion, "olivetti": olivetti}


def main() -> None:
    """Train with and without, for each seed; print distances along the way and the effect of truncation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=READ)
    parser.add_argument("path", type=Path)
    parser.add_argument("--few", type=int, default=2_000, help="pictures to learn from, at most")
    parser.add_argument("--size", type=int, default=16, help="pixels of a side")
    parser.add_argument("--thousands", type=int, default=300, help="thousand real pictures that are seen")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--augment", nargs="+", default=AUGMENT, choices=AUGMENT)
    parser.add_argument("--out", type=Path, help="a folder for what is drawn, and the runs")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="a setting of both")
    asked = parser.parse_args()
    own = {name: json.loads(value) for name, value in (one.split("=", 1) for one in asked.set)}
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        data.mkdir()
        READ[asked.data](asked.path, asked.few, data)
        for seed in asked.seeds:
            for augment in asked.augment:
                out = (asked.out or Path(scratch)) / f"{asked.data}-{asked.size}-{augment}-{seed}"
                steps = 1000 * asked.thousands // BATCH
                settings = {"size": asked.size, "augment": augment, "seed": seed, "steps": steps, **own}
                look(learned(data, out, steps, settings), out)


def learned(data: Path, out: Path, steps: int, settings: dict[str, Any]) -> throughtime.Run:
    """A run that ends after so many steps, and is measured along the way."""
    common = {"batch_size": BATCH, "minutes": None, "epochs": None, "patience": None, "threads": 1}
    every = max(1, steps // EVALUATIONS)
    return throughtime.train("stylegan", data, out=out, evaluate_every=every, quiet=True, **common, **settings)


def look(run: throughtime.Run, out: Path) -> None:
    """Print what was measured along the way and at the end, and draw."""
    with (out / "metrics.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row.get("valid_frechet")]
    print(f"{out.name}\n{'thousands':>10} {'frechet':>9} {'augmented':>9} {'d_real':>9} {'d_fake':>9}")
    for row in rows:
        shown = (row.get(name) or "nan" for name in ("valid_frechet", "augmented", "d_real", "d_fake"))
        print(f"{int(row['step']) * BATCH / 1000:10.0f}", *(f"{float(one):9.3f}" for one in shown))
    report = throughtime.evaluate(run)
    for name, found in {"best weights": report.metrics, **report.baselines}.items():
        print(name, {measure: round(value, 3) for measure, value in found.items()})
    for table in report.tables:
        if table.title == "truncation":
            print("psi, frechet, precision, recall", *table.rows, sep="\n")
    throughtime.generate(run, out / "grid.png")
    throughtime.generate(run, out / "mixing.png", what="mixing", rows=6, columns=6)


if __name__ == "__main__":
    main()
