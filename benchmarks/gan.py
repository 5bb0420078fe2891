"""A GAN beside a VAE of the same pictures, after the same minutes: how far what they draw lies from real pictures.

    python benchmarks/gan.py FOLDER --minutes 10 --out grids
    python benchmarks/gan.py glyphs --minutes 10

FOLDER has the four IDX files of Fashion-MNIST (Debian's package dataset-fashion-mnist); glyphs are built in. Both learn
on one thread from the same training split at 32 x 32 pixels, with the defaults of `train gan` and `train vae`. Both are
measured in the features of one classifier (its seed is its own), beside training pictures, the floor, and noise.
--out keeps uncurated grids of both, to be looked at: no number sees what a person sees.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import throughtime

SIDE = 32
COMMON = {"size": SIDE, "classifier_steps": 600, "epochs": None, "patience": None, "threads": 1, "quiet": True}


def main() -> None:
    """Train both, measure both, draw both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a folder of pictures, or glyphs")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training, each")
    parser.add_argument("--models", nargs="+", default=["gan", "vae"], help="which of them")
    parser.add_argument("--out", type=Path, help="a folder for grids of what they draw; none: they are not drawn")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="a setting of the GAN")
    asked = parser.parse_args()
    data = None if asked.data == "glyphs" else Path(asked.data)
    own = {name: json.loads(value) for name, value in (one.split("=", 1) for one in asked.set)}
    print(f"{'':20} {'frechet':>9} {'kid':>9} {'precision':>9} {'recall':>9}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in asked.models:
            settings: dict[str, Any] = {**COMMON, "minutes": asked.minutes, **(own if name == "gan" else {})}
            run = throughtime.train(name, data, out=Path(scratch) / name, **settings)
            report = throughtime.evaluate(run)
            if asked.out:
                asked.out.mkdir(parents=True, exist_ok=True)
                throughtime.generate(run, asked.out / f"{name}.png")
            for row, found in {name: report.metrics, **report.baselines}.items():
                numbers = (found.get(measure) for measure in ("frechet", "kid", "precision", "recall"))
                print(f"{row[:20]:20}", *(f"{'' if one is None else f'{one:.3f}':>9}" for one in numbers), flush=True)


if __name__ == "__main__":
    main()
