"""Reliability diagrams side by side, and what is gained by silence."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.insight.calibration import BINS, Calibration
from throughtime.storage.atomic import write_atomically

_PAPER, _INK, _LINE, _BAR, _GAP = "#fdfbf6", "#3a352c", "#cfc7b6", "#2f5d8a", "#c8553d"


def draw_calibrations(found: Sequence[Calibration], path: Path) -> None:
    """Draw a reliability diagram of each, before and after calibration say, and the rejection curve.

    Args:
        found: one at least, of the same examples.
        path: the PNG file; it is replaced as a whole or not at all.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.0 * (len(found) + 1), 4.2), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    panels = np.atleast_1d(figure.subplots(1, len(found) + 1)).tolist()
    for axes, one in zip(panels, found, strict=False):
        _reliability(axes, one)
    _rejection(panels[-1], found[-1])
    for axes in panels:
        axes.set_facecolor(_PAPER)
        axes.grid(color=_LINE, lw=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=_INK)
        for edge in axes.spines.values():
            edge.set_color(_LINE)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110)
    write_atomically(path, content.getvalue())


def _reliability(axes: Any, one: Calibration) -> None:
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
    axes.plot([0, 1], [0, 1], color=_INK, ls="--", lw=1)
    how = "as the model gives it" if one.temperature == 1 else f"temperature {one.temperature:.3g}"
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="how sure it is", ylabel="share that is right")
    axes.set_title(f"{how}: ECE {one.ece():.3f}", color=_INK, fontsize=11)
    axes.legend(loc="upper left", frameon=False, labelcolor=_INK)


def _rejection(axes: Any, one: Calibration) -> None:
    answered, right = one.rejection()
    axes.plot(answered, right, color=_BAR, lw=1.8)
    axes.axhline(one.accuracy, color=_INK, ls="--", lw=1)
    axes.set(xlim=(0, 1), xlabel="share that is answered, the surest first", ylabel="share of these that is right")
    axes.set_title('if it may say "I don\'t know"', color=_INK, fontsize=11)
