"""Pictures side by side, as one picture file."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from throughtime.storage.atomic import write_atomically
from throughtime.tasks.pictures.reading.decode import pillow


def grid(pictures: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Pictures (N, H, W, C) in rows of some columns, (rows, columns) apart by a gap of mid-grey; empty places too.

    Example:
        >>> grid(np.zeros((3, 2, 2, 1), np.uint8), columns=2, gap=1).shape
        (7, 7, 1)
    """
    count, height, width, channels = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 128, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = gap + place // columns * (height + gap), gap + place % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def to_bytes(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, C, H, W) of numbers from 0 to 1 -> (N, H, W, C) uint8."""
    return np.asarray(np.round(pictures.clip(0, 1) * 255), dtype=np.uint8).transpose(0, 2, 3, 1)


def as_png(pixels: np.ndarray, zoom: int = 1) -> bytes:
    """(H, W, C) uint8 as a PNG file's content, each pixel as a square of `zoom` by `zoom`."""
    large = pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    content = io.BytesIO()
    pillow().fromarray(large[..., 0] if large.shape[2] == 1 else large).save(content, "PNG")
    return content.getvalue()


def write_png(path: Path, pixels: np.ndarray, zoom: int = 1) -> None:
    """Write (H, W, C) uint8 as a PNG file, whole or not at all."""
    write_atomically(path, as_png(pixels, zoom))
