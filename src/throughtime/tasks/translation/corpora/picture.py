"""A picture of attention: which words of the source each word of a translation looked at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_PAPER, _INK, _LINE = "#fdfbf6", "#3a352c", "#cfc7b6"
_SHADES = ("#fdfbf6", "#a9c4dd", "#2f5d8a", "#17304a")


def draw_attention(source: Sequence[str], target: Sequence[str], weights: np.ndarray, path: Path) -> None:
    """Draw weights as shades, the source's words above, the translation's at the left.

    Args:
        source: S words.
        target: T words.
        weights: (T, S), from 0 to 1.
        path: the PNG file; it is replaced as a whole or not at all.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    rows, columns = max(1, len(target)), max(1, len(source))
    figure = Figure(figsize=(2.2 + 0.55 * columns, 1.6 + 0.42 * rows), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=_PAPER)
    shades = LinearSegmentedColormap.from_list("attention", _SHADES)
    axes.imshow(np.asarray(weights, dtype=float).reshape(rows, columns), cmap=shades, vmin=0, vmax=1, aspect="auto")
    # a dollar sign would begin a formula
    axes.set_xticks(range(columns), [word.replace("$", r"\$") for word in source], rotation=55, ha="left", color=_INK)
    axes.set_yticks(range(len(target)), [word.replace("$", r"\$") for word in target], color=_INK)
    axes.tick_params(length=0, top=True, bottom=False, labeltop=True, labelbottom=False)
    axes.set_xticks(np.arange(-0.5, columns), minor=True)
    axes.set_yticks(np.arange(-0.5, rows), minor=True)
    axes.grid(which="minor", color=_LINE, linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    for row, weight in enumerate(weights):
        for column, value in enumerate(weight):
            if value >= 0.1:
                colour = _PAPER if value > 0.45 else _INK
                axes.text(column, row, f"{value:.2f}".lstrip("0"), ha="center", va="center", fontsize=7, color=colour)
    for edge in axes.spines.values():
        edge.set_color(_LINE)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    figure.savefig(unfinished, format="png", dpi=150)
    unfinished.replace(path)
