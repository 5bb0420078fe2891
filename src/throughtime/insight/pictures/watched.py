"""A heat map of gradients while a model learned: over the lag and the step, a panel for each layer and direction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.insight.gradients import VANISHED, Floats
from throughtime.insight.pictures.paper import INK, inked, save, shades, sheet
from throughtime.insight.watching import Watched

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh

_REACH = 6.0  # powers of ten on both sides of 1 that are told apart


def draw_watched(found: Sequence[Watched], path: Path) -> None:
    """Draw which share of the gradient was left at which lag, and where half of it and all but 1 % were gone.

    Args:
        found: layers and directions, one at least, from the input up.
        path: the PNG file.
    """
    columns = min(len(found), 2)
    rows = -(-len(found) // columns)
    figure = sheet(5.4 * columns + 1, 3.4 * rows + 0.6, "share of the gradient that is left, while it learned")
    panels = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axes, one in zip(panels, found, strict=False):
        mesh = _heat(axes, one)
    for axes in panels[len(found) :]:
        axes.set_axis_off()
    bar = figure.colorbar(mesh, ax=panels, extend="both", fraction=0.04, pad=0.02)
    ticks = np.arange(-_REACH, _REACH + 1, 2)
    bar.set_ticks(ticks.tolist(), labels=[f"{10.0**power:g}" for power in ticks], fontsize=7, color=INK)
    save(figure, path)


def _heat(axes: Axes, one: Watched) -> QuadMesh:
    powers = np.log10(np.maximum(one.left, np.finfo(np.float64).tiny)).clip(-_REACH, _REACH).T
    edges = (_edges(one.steps), _edges(one.lags))
    mesh = axes.pcolormesh(*edges, powers, cmap=shades(signed=True), vmin=-_REACH, vmax=_REACH)
    _border(axes, one, 0.5, "-")
    _border(axes, one, VANISHED, "--")
    axes.set_yscale("symlog", linthresh=2, linscale=0.5)
    axes.set(xlabel="training step", ylabel="lag (full line: half is gone; dashed: all but 1 %)")
    axes.set_xlim(edges[0][0], edges[0][-1])
    axes.set_ylim(edges[1][0], edges[1][-1])
    inked(axes, one.name)
    return mesh


def _border(axes: Axes, one: Watched, share: float, style: str) -> None:
    """At each step the largest lag at which more than so much was left."""
    above = one.left > share
    last = np.where(above.any(axis=1), above.shape[1] - 1 - above[:, ::-1].argmax(axis=1), 0)
    axes.step(one.steps, one.lags[last], style, where="mid", color=INK, lw=1.0)


def _edges(middles: Floats) -> Floats:
    """The edges of cells around these places; a single one has some room."""
    if len(middles) == 1:
        return np.array([middles[0] - 0.5, middles[0] + 0.5])
    between = (middles[1:] + middles[:-1]) / 2
    return np.concatenate([[2 * middles[0] - between[0]], between, [2 * middles[-1] - between[-1]]])
