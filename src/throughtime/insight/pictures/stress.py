"""The curves of a stress test: metric against severity, where it breaks, and the simple method's level."""

from __future__ import annotations

from pathlib import Path

from throughtime.insight.pictures.paper import COLOURS, INK, LINE, inked, plain, save, sheet
from throughtime.insight.stress import Stressed

_MARKERS = "osD^vP*X"  # for who does not tell colours apart, or prints in grey


def draw_curves(stressed: Stressed, path: Path) -> None:
    """Draw one line a condition, from no disturbance to the highest severity.

    Args:
        stressed: with one curve at least.
        path: the PNG file; it is replaced as a whole or not at all.
    """
    figure = sheet(7.5, 5.4, f"{stressed.metric.name} under each condition, {stressed.examples:,} examples")
    axes = figure.subplots()
    for number, curve in enumerate(stressed.curves):
        axes.plot(
            [0, *curve.severities],
            [stressed.value, *curve.values],
            color=COLOURS[number % len(COLOURS)],
            marker=_MARKERS[number % len(_MARKERS)],
            lw=1.8,
            label=curve.condition,
        )
    if stressed.method is not None:
        axes.axhline(stressed.simple, color=INK, ls="--", lw=1.2, label=plain(f"{stressed.method}, undisturbed"))
    if stressed.halfway is not None:
        axes.axhline(stressed.halfway, color=INK, ls=":", lw=1.2, label="half of the lead")
    better = "higher" if stressed.metric.best == "max" else "lower"
    axes.set(xlabel="severity (0: undisturbed)", ylabel=plain(f"{stressed.metric.name} ({better} is better)"))
    axes.set_xticks(range(6))
    axes.grid(color=LINE, lw=0.6)
    inked(axes)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, labelcolor=INK)
    save(figure, path)
