"""A picture of a few units: a gate or the state of each as a line over the symbols, input below input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from throughtime.insight.gates import Gates
from throughtime.insight.pictures.paper import COLOURS, INK, LINE, inked, name_steps, save, sheet

MOST = 6
"""Inputs that are drawn below each other."""


def draw_traces(found: Sequence[Gates], layer: int, name: str, units: Sequence[int], path: Path) -> None:
    """Draw what some units of a layer did over each input.

    Args:
        found: the inputs; the first six are drawn.
        layer: its place in `Gates.layers`.
        name: of one of its gates or states.
        units: their numbers, from 0.
        path: the PNG file.
    """
    drawn = found[:MOST]
    longest = max(len(one.symbols) for one in drawn)
    where = drawn[0].layers[layer]
    figure = sheet(
        min(max(5.0, 1.5 + 0.42 * longest), 14), 2.2 * len(drawn) + 0.5, f"{where.name} ({where.cell}): {name}"
    )
    for axes, one in zip(figure.subplots(len(drawn), squeeze=False)[:, 0], drawn, strict=True):
        own = one.layers[layer]
        values = {**own.gates, **own.states}[name]
        for number, unit in enumerate(units):
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(values[:, unit], "o-", color=colour, lw=1.4, ms=3, label=f"unit {unit}")
        inked(axes)
        name_steps(axes, one.symbols)
        axes.tick_params(axis="x", rotation=45 if longest <= 30 else 90)
        low, high = (0.0, 1.0) if name in own.switches else (-1.0, 1.0)
        axes.set(xlim=(-0.5, longest - 0.5), ylim=(min(low, values.min()) - 0.04, max(high, values.max()) + 0.04))
        axes.axhline(0.0, color=INK, lw=0.6)
        axes.grid(axis="x", color=LINE, lw=0.4)
        axes.legend(frameon=False, fontsize=7, ncols=min(len(units), 4), loc="lower left", bbox_to_anchor=(0, 1))
    save(figure, path)
