"""Pictures of any size brought to one: which size, which colours, what is cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from throughtime.data.findings import Findings
from throughtime.tasks.pictures.reading.decode import pillow

Crop = Literal["centre", "squeeze", "pad"]
Channels = Literal["auto", "grey", "colour"]
_LARGEST_GUESS = 64
_GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow weighs red, green and blue


@dataclass(frozen=True)
class Fitting:
    """How pictures are brought to one size.

    Args:
        size: pixels of a side.
        channels: 1 (grey) or 3 (red, green, blue).
        crop: what is done with pictures that are not square: the middle is taken, they are squeezed, or padded.
        background: grey value or colour (3,) of the padding.

    Example:
        >>> wide = np.zeros((4, 8, 3), np.uint8)
        >>> Fitting(2, 1).fit(wide).shape
        (2, 2, 1)
    """

    size: int
    channels: Literal[1, 3]
    crop: Crop = "centre"
    background: tuple[int, int, int] = (255, 255, 255)

    def fit(self, pixels: np.ndarray) -> np.ndarray:
        """(H, W, C) of any size -> (size, size, channels), uint8."""
        pixels = self._squared(pixels)
        if pixels.shape[:2] != (self.size, self.size):
            pixels = self._resized(pixels)
        if pixels.shape[2] == self.channels:
            return pixels
        if self.channels == 3:
            return np.repeat(pixels, 3, axis=2)
        return np.asarray(np.round(pixels @ _GREY)[..., None].astype(np.uint8))

    def _squared(self, pixels: np.ndarray) -> np.ndarray:
        height, width = pixels.shape[:2]
        if height == width or self.crop == "squeeze":
            return pixels
        if self.crop == "centre":
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            return pixels[top : top + side, left : left + side]
        side = max(height, width)
        ground = np.array(self.background if pixels.shape[2] == 3 else [round(np.dot(_GREY, self.background))])
        padded = np.broadcast_to(ground.astype(np.uint8), (side, side, pixels.shape[2])).copy()
        top, left = (side - height) // 2, (side - width) // 2
        padded[top : top + height, left : left + width] = pixels
        return padded

    def _resized(self, pixels: np.ndarray) -> np.ndarray:
        image = pillow()
        flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        # each pixel becomes the mean of those it covers (box) where much is lost, so that nothing flickers
        smaller = min(pixels.shape[:2]) >= self.size
        kind = image.Resampling.BOX if smaller else image.Resampling.BICUBIC
        resized = np.asarray(image.fromarray(np.ascontiguousarray(flat)).resize((self.size, self.size), kind))
        return np.asarray(resized[..., None] if resized.ndim == 2 else resized)


def choose(
    sizes: Sequence[tuple[int, int]],
    grey: bool,
    asked: int | None,
    channels: Channels,
    crop: Crop,
    background: tuple[int, int, int],
    path: Path,
    findings: Findings,
) -> Fitting:
    """The one size for all pictures, as it was asked for or else guessed, and said.

    Args:
        sizes: height and width of each.
        grey: whether all of them are.
        asked: pixels of a side; None: their own if all are square, alike and small, else the largest power of two
            within the median of their shorter sides, at most 64.
        channels: auto: grey if all are.
        crop, background: as `Fitting` takes them.
        path: where they come from, for findings.
        findings: of reading.
    """
    different = set(sizes)
    size = asked or _guess(sizes)
    kind: Literal[1, 3] = 1 if channels == "grey" or (channels == "auto" and grey) else 3
    told = "as told" if asked else "guessed; --size tells another"
    findings.taken("size", f"{size} x {size} pixels ({told}), {'grey' if kind == 1 else 'in colour'}", path)
    oblong = sum(height != width for height, width in sizes)
    if oblong:
        done = {"centre": "its middle was taken", "squeeze": "it was squeezed", "pad": "it was padded"}[crop]
        findings.left_out("shape", f"a picture that is not square: {done}", path, count=oblong)
    if different != {(size, size)}:
        changed = sum(one != (size, size) for one in sizes)
        findings.left_out("resolution", "a picture of another size, which was resized", path, count=changed)
        enlarged = sum(min(one) < size for one in sizes)
        if enlarged:
            findings.suspicious(
                "resolution", "a picture smaller than the size, which was enlarged", path, count=enlarged
            )
    return Fitting(size, kind, crop, background)


def _guess(sizes: Sequence[tuple[int, int]]) -> int:
    first = sizes[0]
    if set(sizes) == {first} and first[0] == first[1] <= _LARGEST_GUESS:
        return first[0]
    shorter = float(np.median([min(size) for size in sizes]))
    return min(_LARGEST_GUESS, 1 << max(3, int(np.log2(max(shorter, 8)))))
