"""Clips that are folders of pictures, one a frame, in the order of their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.video.clips.video import decoded, spread

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
FEWEST = 2
"""Pictures of a clip: a single one is no clip."""


def stills_of(folder: Path) -> list[Path]:
    """The pictures in a folder, those with numbers in the order of these: 2.jpg before 10.jpg."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in PICTURES and not file.name.startswith("."))
    return sorted(files, key=lambda file: [int(part) if part.isdecimal() else part for part in _parts(file)])


def read_stills(folder: Path, size: int, most: int, findings: Findings) -> np.ndarray:
    """The frames of a clip, at most so many, evenly spread.

    Args:
        folder: of the pictures.
        size: S; frames are squeezed to S x S pixels.
        most: frames kept.
        findings: what was left out.

    Returns:
        (T, S, S, 3), uint8, red green blue.

    Raises:
        DataError: no pictures, or one that cannot be read.
    """
    files = stills_of(folder)
    if len(files) < FEWEST:
        raise DataError(folder, f"{len(files)} pictures", f"a folder of {FEWEST} or more, one a frame")
    findings.taken("frames", "pictures in a folder a clip, in the order of their numbers", folder)
    chosen: Sequence[int] = spread(len(files), most)
    if len(chosen) < len(files):
        findings.left_out(
            "frames", f"a clip of more than {most} frames, of which so many spread evenly are kept", folder
        )
    return np.stack([decoded(files[at], size) for at in chosen])


def _parts(file: Path) -> list[str]:
    """Letters and numbers of a name in turn, so that names are compared part by part."""
    return re.split(r"(\d+)", file.stem)
