"""A forecast in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_SAYS_LITTLE = 60.0  # degrees to each side


def headline(prediction: dict[str, Any]) -> str:
    """The track, and its direction and speed."""
    return f"{prediction['track']}: {_direction(prediction)}; {_speed(prediction)}"


def render(prediction: dict[str, Any]) -> str:
    """One line: direction, speed, and the positions at three of the asked times."""
    positions = prediction["positions"]
    places = sorted({0, len(positions) // 2, len(positions) - 1})
    step = positions[0]["t"] - prediction["observed"][-1][0]
    said = ", ".join(f"at {rounded(positions[place]['t'], step)} {_position(positions[place])}" for place in places)
    return f"{headline(prediction)}; {said}"


def rounded(value: float, size: float) -> str:
    """With so many digits that two of something of that size can be seen: of a deviation, of a step of time.

    Example:
        >>> rounded(500014.3118, 0.0123), rounded(55.67612345, 0.0000021), rounded(1234.5, 87.0), rounded(2.0, 0.5)
        ('500014.312', '55.6761234', '1234', '2.00')
    """
    if not 0 < size < math.inf:
        return f"{value:.4g}"
    places = max(0, 1 - math.floor(math.log10(size)))
    return f"{value:.{min(places, 15)}f}"


def _direction(prediction: dict[str, Any]) -> str:
    direction, seen = prediction["direction"], len(prediction["observed"])
    if direction["unknown"]:
        return f"direction unknown (seen at {seen} position{'s' * (seen != 1)}): all are about equally probable"
    vector, within = np.array(direction["vector"]), direction["within_degrees"]
    around = f"{np.degrees(np.arctan2(vector[1], vector[0])):.0f}°"
    if len(vector) == 3:
        around += f", {np.degrees(np.arcsin(np.clip(vector[2], -1, 1))):+.0f}° up"
    doubt = " (says little)" if within > _SAYS_LITTLE else ""
    return f"direction {around}, 90 % within {within:.2g}°{doubt}"


def _speed(prediction: dict[str, Any]) -> str:
    speed = prediction["speed"]
    return f"speed {speed['median']:.3g} ({speed['low']:.3g} to {speed['high']:.3g})"


def _position(position: dict[str, Any]) -> str:
    pairs = zip(position["mean"], position["deviation"], strict=True)
    return (
        "("
        + ", ".join(f"{rounded(mean, deviation)} ± {rounded(deviation, deviation)}" for mean, deviation in pairs)
        + ")"
    )
