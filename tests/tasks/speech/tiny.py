"""Twelve recordings of two letters, each of them a tone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from helpers.tiny import Edit, Stream, Tiny

RATE = 8000
TONES = {"a": 500.0, "b": 900.0}


def sound(letters: str) -> np.ndarray:
    times = np.arange(RATE // 10) / RATE
    return np.concatenate([0.3 * np.sin(2 * np.pi * TONES[letter] * times) for letter in letters])


def write(folder: Path) -> Tiny:
    draw = np.random.default_rng(7)
    data, inputs = folder / "data", folder / "inputs"
    rows = ["path,text"]
    for index in range(12):
        said = "".join(draw.choice(list(TONES), 2))
        soundfile.write(data / f"{index:02}.flac", sound(said), RATE)
        rows.append(f"{index:02}.flac,{said}")
    manifest = data / "manifest.csv"
    manifest.write_text("\n".join(rows) + "\n")
    inputs.mkdir()
    (inputs / "new.flac").write_bytes((data / "00.flac").read_bytes())
    soundfile.write(inputs / "short.flac", sound("b"), RATE)
    soundfile.write(inputs / "third.flac", sound("bab"), RATE)
    sizes = {"hidden_size": 4, "layers": 1, "channels": (2, 2), "bins": 16, "rate": RATE}
    return Tiny(
        manifest,
        sizes | {"language_model": "none", "beam": 2},
        Edit(manifest, b",a", b",b"),
        tuple(map(str, sorted(inputs.iterdir()))),
        str(inputs),
        stream=Stream(f"stream:{inputs / 'third.flac'}", {"streaming": True}),
    )
