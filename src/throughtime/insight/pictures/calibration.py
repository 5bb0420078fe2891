"""Reliability diagrams side by side, and what is gained by silence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.insight.calibration import BINS, Calibration
from throughtime.insight.pictures.paper import COLOURS, INK, LINE, inked, save, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP, _BAR = COLOURS[:2]


def draw_calibrations(found: Sequence[Calibration], path: Path) -> None:
    """Draw a reliability diagram of each, before and after calibration say, and the rejection curve.

    Args:
        found: one at least, of the same examples.
        path: the PNG file; it is replaced as a whole or not at all.
    """
    figure = sheet(4.0 * (len(found) + 1), 4.2, "")
    panels = figure.subplots(1, len(found) + 1).tolist()
    for axes, one in zip(panels, found, strict=False):
        _reliability(axes, one)
    _rejection(panels[-1], found[-1])
    for axes in panels:
        axes.grid(color=LINE, lw=0.6)
        axes.set_axisbelow(True)
    save(figure, path)


def _reliability(axes: Axes, one: Calibration) -> None:
    """A bar a bin, how often it is right; from the bar to the mean confidence the gap that the ECE averages."""
    count, sure, right = one.reliability()
    there = count > 0
    middles = (np.arange(BINS)[there] + 0.5) / BINS
    axes.bar(middles, right[there], width=0.9 / BINS, color=_BAR, label="right")
    axes.bar(
        middles,
        sure[there] - right[there],
        bottom=right[there],
        width=0.9 / BINS,
        color="none",
        edgecolor=_GAP,
        hatch="///",
        label="gap to how sure it is",
    )
    axes.plot([0, 1], [0, 1], color=INK, ls="--", lw=1)
    how = "as the model gives it" if one.temperature == 1 else f"temperature {one.temperature:.3g}"
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="how sure it is", ylabel="share that is right")
    inked(axes, f"{how}: ECE {one.ece():.3f}")
    axes.legend(loc="upper left", frameon=False, labelcolor=INK)


def _rejection(axes: Axes, one: Calibration) -> None:
    answered, right = one.rejection()
    axes.plot(answered, right, color=_BAR, marker=".", lw=1.8)
    axes.axhline(one.accuracy, color=INK, ls="--", lw=1)
    axes.set(xlim=(0, 1), xlabel="share that is answered, the surest first", ylabel="share of these that is right")
    inked(axes, 'if it may say "I don\'t know"')
