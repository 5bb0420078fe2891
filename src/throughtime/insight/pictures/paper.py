"""What all these pictures have in common: paper, ink, shades, and that they are written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime.storage.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER, INK, LINE = "#fdfbf6", "#3a352c", "#cfc7b6"
COLOURS = ("#c8553d", "#2f5d8a", "#6a8d4f", "#b08b3e", "#7a5c93", "#4f8f8b", "#8c564b", "#5b5b5b")
_SHARES = (PAPER, "#a9c4dd", "#2f5d8a", "#17304a")
_SIGNED = ("#7d2413", "#c8553d", "#f0c4a8", PAPER, "#a9c4dd", "#2f5d8a", "#17304a")
_LABELS = 60  # symbols that are written along an axis; of more, every so many


def sheet(width: float, height: float, title: str) -> Figure:
    """An empty picture.

    Args:
        width, height: in inches.
        title: stands above; "" for none.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(plain(title), color=INK, fontsize=11, fontfamily="serif", wrap=True)
    return figure


def inked(axes: Axes, title: str = "") -> None:
    """Axes in the colours of the paper."""
    axes.set_facecolor(PAPER)
    axes.tick_params(which="both", colors=INK, labelsize=7)
    axes.set_title(plain(title), color=INK, fontsize=9)
    axes.xaxis.label.set(color=INK, fontsize=8)
    axes.yaxis.label.set(color=INK, fontsize=8)
    for edge in axes.spines.values():
        edge.set_color(LINE)


def name_steps(axes: Axes, symbols: Sequence[str]) -> None:
    """Write symbols along the axis of time; of very many every so many."""
    every = -(-len(symbols) // _LABELS)
    places = range(0, len(symbols), every)
    axes.set_xticks(list(places), [plain(symbols[place]) for place in places], rotation=90, fontsize=7)


def shades(signed: bool) -> Any:
    """Shades for values from 0 to 1, or for those on both sides of 0."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", _SIGNED if signed else _SHARES)


def plain(text: str) -> str:
    """Text in which a dollar sign begins no formula."""
    return text.replace("$", r"\$").expandtabs(3)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG file.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    write_atomically(path, content.getvalue())
