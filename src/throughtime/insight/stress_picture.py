"""The curves of a stress test as a picture: metric against severity, where it breaks, and the simple method's level."""

from __future__ import annotations

import io
from pathlib import Path

from throughtime.insight.stress import Stressed
from throughtime.storage.atomic import write_atomically

_PAPER, _INK, _LINE = "#fdfbf6", "#3a352c", "#cfc7b6"
_COLOURS = ("#c8553d", "#2f5d8a", "#6a8d4f", "#b08b3e", "#7a5c93", "#4f8f8b")
_MARKERS = "osD^vP"  # for who does not tell colours apart, or prints in grey


def draw_curves(stressed: Stressed, path: Path) -> None:
    """Draw one line a condition, from no disturbance to the highest severity.

    Args:
        stressed: with one curve at least.
        path: the PNG file; it is replaced as a whole or not at all.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 5.4), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for number, curve in enumerate(stressed.curves):
        axes.plot(
            [0, *curve.severities],
            [stressed.value, *curve.values],
            color=_COLOURS[number % len(_COLOURS)],
            marker=_MARKERS[number % len(_MARKERS)],
            lw=1.8,
            label=curve.condition,
        )
    if stressed.method is not None:
        axes.axhline(stressed.simple, color=_INK, ls="--", lw=1.2, label=_literal(f"{stressed.method}, undisturbed"))
    if stressed.halfway is not None:
        axes.axhline(stressed.halfway, color=_INK, ls=":", lw=1.2, label="half of the lead")
    better = "higher" if stressed.metric.best == "max" else "lower"
    axes.set(xlabel="severity (0: undisturbed)", ylabel=_literal(f"{stressed.metric.name} ({better} is better)"))
    axes.set_xticks(range(6))
    axes.grid(color=_LINE, lw=0.6)
    axes.set_facecolor(_PAPER)
    axes.tick_params(colors=_INK)
    for edge in axes.spines.values():
        edge.set_color(_LINE)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, labelcolor=_INK)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110)
    write_atomically(path, content.getvalue())


def _literal(text: str) -> str:
    """A dollar sign would begin a formula."""
    return text.replace("$", r"\$")
