"""Digits and letters, each drawn in some typeface, slanted, thickened, turned, moved and bent by chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from throughtime.tasks.pictures.glyphs.typefaces import face, typefaces

CHARACTERS = "0123456789ABCDEFGHKM"
"""Ten digits and ten letters: the classes."""
_LARGE = 96  # pixels of a side at which glyphs are drawn, to be bent without teeth


@dataclass(frozen=True)
class Hand:
    """How much chance does.

    Args:
        slant: of the uprights, standard deviation, as a share of the height.
        turn: degrees, standard deviation.
        scale: of each axis, standard deviation of its logarithm.
        shift: pixels of the picture, standard deviation.
        bend: pixels of the picture by which parts of a glyph go their own ways.
        thickness: pixels of a large glyph by which strokes are thickened, at most.
    """

    slant: float = 0.15
    turn: float = 6.0
    scale: float = 0.08
    shift: float = 0.8
    bend: float = 0.7
    thickness: int = 2


def render(count: int, seed: int, size: int = 28, hand: Hand = Hand()) -> tuple[np.ndarray, np.ndarray]:
    """Draw glyphs: white on black, every class as often as any other.

    Args:
        count: how many.
        seed: decides all of them.
        size: pixels of a side.
        hand: how much chance does.

    Returns:
        (N, size, size, 1) uint8, and (N,) the class of each as a place in `CHARACTERS`.
    """
    random = np.random.default_rng(seed)
    classes = random.permutation(np.arange(count) % len(CHARACTERS))
    names = list(typefaces())
    pictures = np.empty((count, size, size, 1), np.uint8)
    for index, character in enumerate(classes):
        name, thickness = names[random.integers(len(names))], int(random.integers(hand.thickness + 1))
        large = _drawn(CHARACTERS[character], name, thickness)
        pictures[index, ..., 0] = _bent(large, size, hand, random)
    return pictures, classes


@cache
def _drawn(character: str, name: str, thickness: int) -> np.ndarray:
    """A character in the middle of a large square, as tall as three quarters of it: (L, L), 0 to 1."""
    from PIL import Image, ImageDraw

    font = face(name, _LARGE)
    left, top, right, bottom = font.getbbox(character, stroke_width=thickness)
    # every glyph is brought to one height, whatever its face makes of a size
    scale = 0.75 * _LARGE / max(bottom - top, 0.8 * (right - left))
    font = face(name, max(8, round(_LARGE * scale)))
    left, top, right, bottom = font.getbbox(character, stroke_width=thickness)
    picture = Image.new("L", (_LARGE, _LARGE))
    place = ((_LARGE - right - left) / 2, (_LARGE - bottom - top) / 2)
    ImageDraw.Draw(picture).text(place, character, 255, font, stroke_width=thickness)
    return np.asarray(picture, dtype=np.float32) / 255


def _bent(large: np.ndarray, size: int, hand: Hand, random: np.random.Generator) -> np.ndarray:
    """A large glyph as a small picture, through an affine map and a smooth displacement (Simard et al. 2003)."""
    fine = 2 * size  # twice as fine, then averaged
    ys, xs = np.meshgrid(*[(np.arange(fine) + 0.5) / fine - 0.5] * 2, indexing="ij")
    angle = np.deg2rad(random.normal(0, hand.turn))
    wide, high = np.exp(random.normal(0, hand.scale, 2))
    slant = random.normal(0, hand.slant)
    dx, dy = random.normal(0, hand.shift / size, 2)
    across = (np.cos(angle) * (xs - dx) + np.sin(angle) * (ys - dy)) / wide
    down = (np.cos(angle) * (ys - dy) - np.sin(angle) * (xs - dx)) / high
    across = across + slant * down + hand.bend / size * _smooth(xs, ys, random)
    down = down + hand.bend / size * _smooth(xs, ys, random)
    sampled = _sampled(large, across, down)
    small = sampled.reshape(size, 2, size, 2).mean(axis=(1, 3))
    return np.asarray(np.round(small * 255), dtype=np.uint8)


def _smooth(xs: np.ndarray, ys: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A displacement of spread 1 that changes over half a picture: a few waves of random phase."""
    total: np.ndarray = np.zeros_like(xs)
    for across, down in ((1, 0), (0, 1), (1, 1), (1, -1)):
        total += np.sin(2 * np.pi * (across * xs + down * ys) + random.uniform(0, 2 * np.pi))
    return np.asarray(total / np.sqrt(2))


def _sampled(large: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Values between pixels, bilinear; nothing beyond the border."""
    side = len(large)
    x, y = (across + 0.5) * side - 0.5, (down + 0.5) * side - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    padded = np.pad(large, 1)
    total = np.zeros_like(x)
    for step_y, share_y in ((0, 1 - (y - top)), (1, y - top)):
        for step_x, share_x in ((0, 1 - (x - left)), (1, x - left)):
            rows, columns = (top + step_y + 1).clip(0, side + 1), (left + step_x + 1).clip(0, side + 1)
            total += share_y * share_x * padded[rows, columns]
    return np.asarray(total)
