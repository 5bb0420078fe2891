"""A picture of what each symbol counts: bars above and below a line."""

from __future__ import annotations

from pathlib import Path

from throughtime.insight.pictures.paper import COLOURS, INK, inked, name_steps, save, sheet
from throughtime.insight.saliency import Saliency


def draw_saliency(found: Saliency, path: Path) -> None:
    """Draw the scores over the symbols.

    Args:
        found: of one answer.
        path: the PNG file.
    """
    figure = sheet(min(max(4.0, 1.5 + 0.22 * len(found.symbols)), 16), 3.6, f"what counts for: {found.answer}")
    axes = figure.subplots()
    against, for_it = COLOURS[:2]
    colours = [for_it if score >= 0 else against for score in found.scores]
    axes.bar(range(len(found.scores)), found.scores, color=colours)
    axes.axhline(0.0, color=INK, lw=0.8)
    inked(axes, "")
    axes.set_ylabel("nats for the answer (above) or against it")
    name_steps(axes, found.symbols)
    save(figure, path)
