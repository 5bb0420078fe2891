"""A picture of gates and states: units from top to bottom, longest memory first; time from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.insight.gates import BINS, Floats, Gates, LayerGates, Opening
from throughtime.insight.pictures.paper import COLOURS, inked, name_steps, plain, save, shades, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDEST, _HISTOGRAM, _SHEET = 8.0, 3.2, 17.0  # inches of a panel, of the last, and of the others side by side
_ON_A_PAGE = 40  # symbols that can be read there


def draw_gates(found: Gates, openings: Sequence[Opening], path: Path) -> None:
    """Draw what happened over one input, and how open gates were in general.

    Args:
        found: over the input.
        openings: of the same model, over this input or over many.
        path: the PNG file.
    """
    traced = [[*layer.gates.items(), *layer.states.items()] for layer in found.layers]
    width = min(max(2.2, 0.17 * len(found.symbols)), _WIDEST)
    columns = min(max(map(len, traced)), max(1, int(_SHEET // width)))
    # a layer's panels, line below line
    lines = [[own[start : start + columns] for start in range(0, len(own), columns)] for own in traced]
    rows = sum(map(len, lines))
    title = f"gates and states of every unit; the answer: {found.answer}"
    figure = sheet(columns * width + _HISTOGRAM + 1, 3.2 * rows + 0.8, title)
    panels = figure.subplots(rows, columns + 1, squeeze=False, width_ratios=[width] * columns + [_HISTOGRAM])
    free = iter(panels)
    for layer, own in zip(found.layers, lines, strict=True):
        for number, (line, row) in enumerate(zip(own, free, strict=False)):
            for axes, (name, values) in zip(row, line, strict=False):
                _steps(axes, layer, name, values, found.symbols)
            for axes in row[len(line) : columns]:
                axes.set_axis_off()
            row[0].set_ylabel(f"{layer.name} ({layer.cell})\nunits, longest memory first")
            _histogram(row[-1], [one for one in openings if one.where == layer.name and number == 0])
    save(figure, path)


def draw_layer(found: Gates, layer: LayerGates, path: Path) -> None:
    """Draw one layer's gates and states over an input's first symbols, a panel each, two beside each other: for a page.

    Args:
        found: over the input.
        layer: one of its layers.
        path: the PNG file.
    """
    symbols = found.symbols[:_ON_A_PAGE]
    cut = "" if len(symbols) == len(found.symbols) else f", the first {len(symbols)} of {len(found.symbols)} steps"
    traced = [*layer.gates.items(), *layer.states.items()]
    rows = -(-len(traced) // 2)
    figure = sheet(9.0, 2.2 * rows + 0.5, f"{layer.name} ({layer.cell}){cut}")
    panels = figure.subplots(rows, 2, squeeze=False).ravel().tolist()
    for axes, (name, values) in zip(panels, traced, strict=False):
        _steps(axes, layer, name, values[: len(symbols)], symbols)
    for axes in panels[len(traced) :]:
        axes.set_axis_off()
    save(figure, path)


def _steps(axes: Axes, layer: LayerGates, name: str, values: Floats, symbols: Sequence[str]) -> None:
    signed = name not in layer.switches
    # a projected state has features of its own, which no unit's memory orders
    rows = values[:, layer.order] if values.shape[1] == len(layer.order) else values
    reach = max(float(np.abs(values).max(initial=0)), 1e-6) if signed else 1.0
    limits = (-reach if signed else 0.0, reach)
    image = axes.imshow(rows.T, aspect="auto", interpolation="nearest", cmap=shades(signed), vmin=limits[0], vmax=reach)
    inked(axes, name)
    name_steps(axes, symbols)
    axes.set_yticks([])
    assert axes.figure is not None
    bar = axes.figure.colorbar(image, ax=axes, pad=0.01, fraction=0.04)
    bar.ax.tick_params(labelsize=6)


def _histogram(axes: Axes, openings: Sequence[Opening]) -> None:
    if not openings:
        axes.set_axis_off()
        return
    edges = np.linspace(0, 1, BINS + 1)
    for opening, colour in zip(openings, COLOURS, strict=False):
        label = f"{opening.gate}: {opening.off:.0%} off, {opening.on:.0%} on"
        axes.stairs(opening.histogram, edges, color=colour, lw=1.6, label=plain(label))
    inked(axes, "how open the gates are")
    highest = max(float(opening.histogram.max()) for opening in openings)
    axes.set(xlim=(0, 1), ylim=(0, 1.35 * highest), xlabel="value of the gate", ylabel="share of all steps and units")
    axes.legend(frameon=False, fontsize=7, loc="upper center")
