"""A picture of units that tell something: their values over the symbols, stretch by stretch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.insight.pictures.paper import inked, name_steps, save, shades, sheet
from throughtime.insight.units import Detector, Units

_STEPS = 60


def draw_detectors(found: Sequence[Units], telling: Sequence[Detector], path: Path) -> None:
    """Draw the best unit of each trait around a step at which the trait begins to hold.

    Args:
        found: of all layers.
        telling: what was found for each trait, whether it may be said to be there or not.
        path: the PNG file.
    """
    layers = {one.name: one for one in found}
    figure = sheet(13, max(1.0, 1.15 * len(telling)) + 0.6, "units that tell a trait, over the symbols")
    for axes, one in zip(figure.subplots(max(len(telling), 1), squeeze=False)[:, 0], telling, strict=False):
        layer = layers[one.layer]
        sequence, step = layer.places[one.example].tolist()
        rows = np.flatnonzero(layer.places[:, 0] == sequence)
        start = max(0, min(step - _STEPS // 2, len(rows) - _STEPS))
        values = layer.states[rows[start : start + _STEPS], one.unit]
        reach = max(float(np.abs(layer.states[:, one.unit]).max()), 1e-6)
        axes.imshow(values[None], aspect="auto", cmap=shades(signed=True), vmin=-reach, vmax=reach)
        inked(axes, f"{one.trait}: {one.layer}, unit {one.unit}, score {one.score:.2f} (by chance {one.chance:.2f})")
        name_steps(axes, layer.symbols[sequence][start : start + _STEPS])
        axes.set_yticks([])
        axes.tick_params(axis="x", rotation=0)
    save(figure, path)
