"""Small pictures: bars that lie or stand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from helpers.tiny import Edit, Tiny


def write_bars(folder: Path, count: int, seed: int, side: int) -> Path:
    """Bars two pixels wide, anywhere, in a folder for each of the two ways."""
    random = np.random.default_rng(seed)
    for label in ("lying", "standing"):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            pixels = np.zeros((side, side), np.uint8)
            place = random.integers(1, side - 2)
            pixels[place : place + 2, 2 : side - 2] = 255
            Image.fromarray(pixels if label == "lying" else pixels.T).save(folder / label / f"{number}.pgm")
    return folder


def bars(folder: Path, settings: Mapping[str, Any], generation: Mapping[str, Any]) -> Tiny:
    """The tiny data of an application that learns from pictures; of which one is plain text to be edited."""
    data, inputs = write_bars(folder / "data", 20, 0, 8), folder / "inputs"
    edited = data / "lying" / "0.pgm"
    edited.write_bytes(b"P5 8 8 255\n" + bytes(24) + b"<" * 8 + bytes(32))
    inputs.mkdir()
    for number in range(3):
        pixels = np.full((8, 8), 40 + 70 * number, np.uint8)
        Image.fromarray(pixels).save(inputs / f"{number}.png")
    files = tuple(str(path) for path in sorted(inputs.iterdir()))
    return Tiny(data, settings, Edit(edited, b"<<", b"=="), files, str(inputs), generation)
