"""Six pieces of six notes."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from helpers.music_files import END, midi
from helpers.tiny import Edit, Tiny


def melody(pitches: list[int]) -> bytes:
    return midi(b"".join(bytes([0x00, 0x90, p, 0x40, 0x60, 0x80, p, 0x00]) for p in pitches) + END)


def write(folder: Path) -> Tiny:
    draw = random.Random(1)
    data, inputs = folder / "data", folder / "inputs"
    for index in range(6):
        (data / f"{index}.mid").write_bytes(melody([draw.choice((48, 52, 55, 60)) for _ in range(6)]))
    inputs.mkdir()
    (inputs / "new.mid").write_bytes((data / "0.mid").read_bytes())
    (inputs / "short.mid").write_bytes(melody([60, 48]))
    (inputs / "third.mid").write_bytes(melody([55, 55, 52]))
    return Tiny(
        data,
        {"hidden_size": 4, "nade_units": 4, "transpose": "none", "batch_size": 2},
        Edit(data / "0.mid", bytes([0x90, 48]), bytes([0x90, 50])),
        tuple(map(str, sorted(inputs.iterdir()))),
        str(inputs),
        generation={"length": 6, "temperature": 2.0},
    )


def latent(tiny: Tiny) -> Tiny:
    """The same pieces, in segments."""
    settings = {"latent": 3, "encoder_size": 4, "segment": 4, "free_bits": 1.0, "kl_warmup": 10}
    return replace(tiny, settings={**tiny.settings, **settings, "importance_samples": 4})
