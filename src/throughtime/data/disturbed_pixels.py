"""Pictures as bad light, bad weather and bad cameras show them; of a clip every frame alike, but for the noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_FOG = 200.0  # grey level of the fog, of 255
_SCREEN = 128  # grey level of what stands in the way


@dataclass(frozen=True)
class Change:
    """One way in which pictures are disturbed.

    Args:
        name: a word or two.
        says: what it does; `{}` stands for the amount.
        amounts: at severities 1 to 5.
        pixels: what becomes of pictures (..., H, W, C) uint8, an amount, and chance.
    """

    name: str
    says: str
    amounts: tuple[float, ...]
    pixels: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def darkened(pixels: np.ndarray, percent: float, _: np.random.Generator) -> np.ndarray:
    """With so much of the light left."""
    return _to_bytes(pixels * (percent / 100))


def fogged(pixels: np.ndarray, percent: float, _: np.random.Generator) -> np.ndarray:
    """With so much of the light from a grey fog in place of the things behind it (Koschmieder 1924, at one depth)."""
    return _to_bytes(pixels * (1 - percent / 100) + _FOG * percent / 100)


def noisy(pixels: np.ndarray, deviation: float, random: np.random.Generator) -> np.ndarray:
    """With normal noise of that deviation in grey levels on every value."""
    return _to_bytes(pixels + deviation * random.standard_normal(pixels.shape))


def blurred(pixels: np.ndarray, percent: float, _: np.random.Generator) -> np.ndarray:
    """Blurred by a Gaussian whose deviation is so much of the picture's longer side; edges count for what lies beyond.

    Example:
        >>> point = np.zeros((5, 5, 1), np.uint8); point[2, 2] = 255
        >>> blurred(point, 10, np.random.default_rng(0))[2, :, 0].tolist()
        [0, 21, 158, 21, 0]
    """
    height, width = pixels.shape[-3:-1]
    deviation = percent / 100 * max(height, width)
    down, across = _blur(height, deviation), _blur(width, deviation)
    return _to_bytes(np.einsum("ih,jw,...hwc->...ijc", down, across, pixels.astype(np.float64), optimize=True))


def covered(pixels: np.ndarray, percent: float, random: np.random.Generator) -> np.ndarray:
    """With a grey rectangle of the picture's shape over so much of its area, in the same place of every frame."""
    height, width = pixels.shape[-3:-1]
    side = np.sqrt(percent / 100)
    rows, columns = max(1, round(side * height)), max(1, round(side * width))
    down, across = random.random(2)
    top, left = int(down * (height - rows + 1)), int(across * (width - columns + 1))
    changed = pixels.copy()
    changed[..., top : top + rows, left : left + columns, :] = _SCREEN
    return changed


def _blur(size: int, deviation: float) -> np.ndarray:
    """(S, S): how much of each place comes to each."""
    far = np.arange(size)[:, None] - np.arange(size)
    weights = np.exp(-0.5 * (far / max(deviation, 1e-3)) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _to_bytes(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(np.round(pixels).clip(0, 255), dtype=np.uint8)


CHANGES = (
    Change("darkness", "{} % of the light is left", (70, 50, 35, 20, 10), darkened),
    Change("fog", "{} % of the light comes from a grey fog", (20, 35, 50, 65, 80), fogged),
    Change("noise", "normal noise is added, its deviation {} of 255 grey levels", (8, 16, 32, 48, 64), noisy),
    Change("blur", "a Gaussian blur, its deviation {} % of the longer side", (1, 2, 4, 6, 8), blurred),
    Change("occlusion", "a grey rectangle covers {} % of the picture", (5, 10, 20, 30, 40), covered),
)
