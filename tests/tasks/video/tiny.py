"""Sixteen recordings of two sensors, one of which rises while the other falls."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from helpers.tiny import Edit, Tiny


def write(folder: Path) -> Tiny:
    draw = np.random.default_rng(6)
    data, inputs = folder / "data", folder / "inputs"
    for label, sign in (("rise", 1), ("fall", -1)):
        (data / label).mkdir()
        for index in range(8):
            path = draw.uniform(-1, 1) + sign * np.linspace(0, 1, 6)
            rows = "\n".join(f"{value:.4f},{-value:.4f}" for value in path)
            (data / label / f"{index}.csv").write_text(f"left,right\n{rows}\n")
    inputs.mkdir()
    (inputs / "new.csv").write_text((data / "rise" / "0.csv").read_text())
    (inputs / "short.csv").write_text("left,right\n0.5,-0.5\n0.1,-0.1\n")
    (inputs / "third.csv").write_text((data / "fall" / "3.csv").read_text())
    return Tiny(
        data,
        {"hidden_size": 4, "features": 4},
        Edit(data / "rise" / "0.csv", b"0.", b"1."),
        tuple(map(str, sorted(inputs.iterdir()))),
        str(inputs),
    )
