"""A forecast in words."""

from __future__ import annotations

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
    said = ", ".join(f"at {positions[place]['t']:.4g} {_position(positions[place])}" for place in places)
    return f"{headline(prediction)}; {said}"


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
    return "(" + ", ".join(f"{mean:.4g} ± {deviation:.2g}" for mean, deviation in pairs) + ")"
