"""Sixty reviews with the label in their text."""

from __future__ import annotations

import random
from pathlib import Path

from helpers.tiny import Edit, Tiny


def write(folder: Path) -> Tiny:
    draw = random.Random(2)
    rows = ["text,label"]
    for _ in range(60):
        label = draw.choice(("good", "bad"))
        words = draw.sample(["film", "actor", "plot", "scene", "music"], 2)
        rows.append(f"the {words[0]} and the {words[1]} were {label},{label}")
    data, together = folder / "data" / "reviews.csv", folder / "inputs.txt"
    data.write_text("\n".join(rows) + "\n")
    inputs = ("the plot was good", "bad music", "the actor and the film were bad, the plot was good")
    together.write_text("\n".join(inputs) + "\n")
    settings = {"vectors": ("none",), "hidden_size": 4, "embedding_size": 4, "batch_size": 8}
    return Tiny(data, settings, Edit(data, b",good\n", b",bad\n"), inputs, str(together))
