"""Sixty pairs of four words, three looks and a number."""

from __future__ import annotations

import random
from pathlib import Path

from helpers.tiny import Edit, Tiny

THINGS = {"hus": "house", "bil": "car", "kat": "cat", "bog": "book"}
LOOKS = {"rød": "red", "stor": "big", "ny": "new"}


def write(folder: Path) -> Tiny:
    draw = random.Random(4)
    rows = []
    for _ in range(60):
        thing, look = draw.choice(list(THINGS)), draw.choice(list(LOOKS))
        number = draw.randrange(100)
        rows.append(f"En {look} {thing} {number}.\tA {LOOKS[look]} {THINGS[thing]} {number}.\n")
    data, together = folder / "data" / "pairs.tsv", folder / "inputs.txt"
    data.write_text("".join(rows), encoding="utf-8")
    inputs = ("En ny bil 7.", "En kat.", "En stor bog og et rød hus 12.")
    together.write_text("\n".join(inputs) + "\n", encoding="utf-8")
    settings = {"hidden_size": 4, "embedding_size": 4, "vocabulary_size": 300, "beams": 2}
    return Tiny(data, settings, Edit(data, b"house", b"mouse"), inputs, str(together))
