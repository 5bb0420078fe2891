"""Twenty things that go straight on."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np

from helpers.tiny import Edit, Tiny


def write(folder: Path) -> Tiny:
    draw = np.random.default_rng(5)
    rows = ["track,t,x,y"]
    for track in range(20):
        place, step = draw.uniform(-5, 5, 2), draw.uniform(-1, 1, 2)
        for time in range(16):
            x, y = place + time * step + 0.01 * draw.standard_normal(2)
            rows.append(f"{track},{time},{x:.4f},{y:.4f}")
    data = folder / "data" / "tracks.csv"
    data.write_text("\n".join(rows) + "\n")
    (folder / "inputs").mkdir()
    (folder / "alone").mkdir()
    tracks = [rows[1:9], ["a,0,1.0,2.0", "a,1,1.5,2.5"], ["b,0,-3.0,0.0", "b,1,-2.0,0.5", "b,2,-1.0,1.5"]]
    together = folder / "inputs" / "all.csv"
    together.write_text("\n".join([rows[0], *chain.from_iterable(tracks)]) + "\n")
    for index, track in enumerate(tracks):
        (folder / "alone" / f"{index}.csv").write_text("\n".join([rows[0], *track]) + "\n")
    return Tiny(
        data,
        {"hidden_size": 4, "components": 2, "observe": 4.0, "predict": 4.0},
        Edit(data, b"0,0,", b"0,0,1"),
        tuple(map(str, sorted((folder / "alone").iterdir()))),
        str(together),
    )
