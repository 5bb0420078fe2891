"""A picture of attention: which symbols of an input each symbol of the answer looked at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.storage.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAPER, _INK, _LINE = "#fdfbf6", "#3a352c", "#cfc7b6"
_SHADES = ("#fdfbf6", "#a9c4dd", "#2f5d8a", "#17304a")
_NUMBERED = 60  # columns or rows up to which weights are also written, and each has its name
_WIDEST, _HIGHEST = 30.0, 24.0  # inches


def draw_alignment(symbols: Sequence[str], said: Sequence[str], weights: np.ndarray, path: Path) -> None:
    """Draw weights as shades, what was read above, what was said at the left.

    Args:
        symbols: (S,), what was read.
        said: (T,), what was said.
        weights: (T, S), from 0 to 1.
        path: the PNG file; it is replaced as a whole or not at all.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    rows, columns = max(1, len(said)), max(1, len(symbols))
    few = max(rows, columns) <= _NUMBERED
    each = (0.55, 0.42) if few else (0.16, 0.16)
    size = (min(2.2 + each[0] * columns, _WIDEST), min(1.6 + each[1] * rows, _HIGHEST))
    figure = Figure(figsize=size, facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=_PAPER)
    shades = LinearSegmentedColormap.from_list("attention", _SHADES)
    table = np.asarray(weights, dtype=float).reshape(rows, columns)
    # many small weights are pale beside 1, but not beside the largest of them
    axes.imshow(table, cmap=shades, vmin=0, vmax=1 if few else table.max(), aspect="auto")
    axes.set_xticks(*_named(symbols), rotation=55 if few else 90, ha="left" if few else "center", color=_INK)
    axes.set_yticks(*_named(said), color=_INK)
    axes.tick_params(length=0, top=True, bottom=False, labeltop=True, labelbottom=False)
    if few:
        _write_weights(axes, table)
    for edge in axes.spines.values():
        edge.set_color(_LINE)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    write_atomically(path, content.getvalue())


def _named(symbols: Sequence[str]) -> tuple[list[int], list[str]]:
    """Places along an axis and what stands there; of very many every so many."""
    places = list(range(0, len(symbols), -(-len(symbols) // (2 * _NUMBERED)) or 1))
    return places, [symbols[place].replace("$", r"\$") for place in places]  # a dollar sign would begin a formula


def _write_weights(axes: Axes, weights: np.ndarray) -> None:
    """A line between any two cells, and in each of some weight how much it is."""
    rows, columns = weights.shape
    axes.set_xticks(np.arange(-0.5, columns), minor=True)
    axes.set_yticks(np.arange(-0.5, rows), minor=True)
    axes.grid(which="minor", color=_LINE, linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    for (row, column), value in np.ndenumerate(weights):
        if value >= 0.1:
            colour = _PAPER if value > 0.45 else _INK
            axes.text(column, row, f"{value:.2f}".lstrip("0"), ha="center", va="center", fontsize=7, color=colour)
