"""Forty sentences of three people and two towns."""

from __future__ import annotations

import random
from pathlib import Path

from helpers.tiny import Edit, Tiny


def write(folder: Path) -> Tiny:
    draw = random.Random(3)
    rows = []
    for _ in range(40):
        one, town = draw.choice(["Ann", "Bo", "Cyd"]), draw.choice(["Rome", "Oslo"])
        rows.append(f"{one} B-PER\nlives O\nin O\n{town} B-LOC\n. O\n")
    data, together = folder / "data" / "news.conll", folder / "inputs.txt"
    data.write_text("\n".join(rows))
    inputs = ("Ann lives in Oslo.", "Bo was late.", "In Rome, Ann lives with Bo and Cyd.")
    together.write_text("\n".join(inputs) + "\n")
    settings = {"vectors": ("none",), "hidden_size": 4, "embedding_size": 4, "character_size": 3}
    return Tiny(data, settings, Edit(data, b"B-PER", b"B-LOC"), inputs, str(together))
