"""Pictures of gradients: how they fade or grow with the lag, and how much a step stretches what it carries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.insight.gradients import Flow
from throughtime.insight.pictures.paper import COLOURS, INK, LINE, inked, plain, save, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_flows(named: Mapping[str, Flow], path: Path, title: str) -> None:
    """Draw norms of gradients against the lag, and beside them the singular values of the steps' Jacobians.

    Args:
        named: what is compared, layers of a run or cells, by name.
        path: the PNG file.
        title: stands above.
    """
    figure = sheet(11, 4.6, title)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for number, (name, flow) in enumerate(named.items()):
        colour, style = COLOURS[number % len(COLOURS)], ("-", "--", ":")[number // len(COLOURS) % 3]
        norms = np.where(flow.carried > 0, flow.carried, np.nan)  # what is zero has no place on this scale
        left.plot(norms, style, color=colour, lw=1.8, label=plain(f"{name}: {flow.verdict}"))
        if flow.memory is not None:
            height = np.interp(flow.memory, np.arange(len(norms)), flow.carried)
            left.plot([flow.memory], [height], "o", color=colour, ms=5)
        _singular(right, flow, colour, style)
    left.set(yscale="log", xlabel="lag T - t (dot: half is gone)", ylabel="norm of dL<T>/ds<t>")
    right.axhline(1.0, color=INK, lw=0.8)
    right.set(ylim=(0, None), xlabel="singular values by size, share of all", ylabel="of a step's Jacobian")
    for axes, name in ((left, "gradient by the lag"), (right, "what one step stretches and shrinks")):
        inked(axes, name)
        axes.grid(color=LINE, lw=0.6)
    left.legend(frameon=False, fontsize=7)
    save(figure, path)


def _singular(axes: Axes, flow: Flow, colour: str, style: str) -> None:
    """The median of the steps, and between which values the steps lie."""
    shares = (np.arange(flow.jacobians.shape[1]) + 0.5) / flow.jacobians.shape[1]
    low, middle, high = np.quantile(flow.jacobians, (0, 0.5, 1), axis=0)
    axes.plot(shares, middle, style, color=colour, lw=1.6)
    axes.fill_between(shares, low, high, color=colour, alpha=0.15, lw=0)
