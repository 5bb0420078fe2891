"""The way from one code to another that stays where codes are: not straight through the middle."""

from __future__ import annotations

import math

import numpy as np

_LEAST = 1e-6  # radians between two directions, or from opposite ones, that still tell which way to turn


def arc(first: np.ndarray, second: np.ndarray, steps: int) -> np.ndarray:
    """Codes (steps, L) on the way from one code (L,) to another, both included, by spherical interpolation.

    The direction turns evenly (Shoemake 1985) and the length changes evenly. On the straight line the middle would be
    shorter than normally distributed codes are (White 2016). Shoemake's weights are meant for codes of one length: put
    on codes of unequal lengths they do not turn evenly, and between nearly opposite ones they give codes of any length;
    so they are put on the directions alone. Codes of one, of opposite or of no direction are joined by the straight
    line, as no arc between them is the only one.

    Example:
        >>> arc(np.array([1.0, 0.0]), np.array([0.0, 3.0]), 3).round(3).tolist()
        [[1.0, 0.0], [1.414, 1.414], [0.0, 3.0]]
    """
    share = np.linspace(0, 1, steps)[:, None]
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    if min(lengths) > 0:
        one, other = first / lengths[0], second / lengths[1]
        angle = np.arccos(np.clip(one @ other, -1, 1))
        if _LEAST < angle < math.pi - _LEAST:
            turned = (np.sin((1 - share) * angle) * one + np.sin(share * angle) * other) / np.sin(angle)
            return np.asarray(turned * ((1 - share) * lengths[0] + share * lengths[1]))
    return np.asarray((1 - share) * first + share * second)
