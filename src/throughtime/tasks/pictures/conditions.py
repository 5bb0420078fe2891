"""How pictures are disturbed: by light, weather and the camera.

A model that codes pictures is then asked how well it knows the disturbed one, not what it was before: what is dark or
blurred may well be easier to draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data import disturbed_pixels
from throughtime.tasks.base.conditions import Condition, Conditions
from throughtime.tasks.pictures import grids
from throughtime.tasks.pictures.picture import Picture


class DisturbedPictures(Conditions[Picture]):
    """Pictures that a model takes in; one that only draws new ones has no example to be disturbed."""

    def conditions(self, room: Path) -> Sequence[Condition[Picture]]:
        """Those of all pictures."""
        return [Condition(one.name, one.says, one.amounts, _on(one.pixels)) for one in disturbed_pixels.CHANGES]

    def question(self, example: Picture) -> Any:
        """The picture itself."""
        return example

    def store(self, example: Picture, stem: Path) -> Path | None:
        """A PNG file."""
        path = stem.with_suffix(".png")
        grids.write_png(path, example.pixels, zoom=8)
        return path


def _on(
    change: Callable[[np.ndarray, float, np.random.Generator], np.ndarray],
) -> Callable[[Picture, float, np.random.Generator], Picture]:
    return lambda picture, amount, random: replace(picture, pixels=change(picture.pixels, amount, random))
