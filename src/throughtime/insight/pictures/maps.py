"""A map of words: a dot each, and its name beside it."""

from __future__ import annotations

from pathlib import Path

from throughtime.insight.maps import Map
from throughtime.insight.pictures.paper import COLOURS, INK, inked, plain, save, sheet

_NAMED = 400  # words; of more only dots are drawn


def draw_map(found: Map, path: Path) -> None:
    """Draw where words lie.

    Args:
        found: the map.
        path: the PNG file.
    """
    count = len(found.words)
    size = min(6 + count / 40, 16)
    how = "t-SNE" if found.kept is None else f"PCA, {found.kept:.0%} of the variance"
    figure = sheet(size, size, f"{count} words by {how}")
    axes = figure.subplots()
    axes.scatter(found.places[:, 0], found.places[:, 1], s=14, color=COLOURS[1])
    for word, place in zip(found.words[:_NAMED], found.places, strict=False):
        axes.annotate(plain(word), place, xytext=(3, 3), textcoords="offset points", fontsize=8, color=INK)
    axes.margins(0.12)
    axes.set_aspect("equal", adjustable="datalim")
    inked(axes)
    if found.kept is None:
        axes.set_xlabel("near is alike; how far apart groups are means nothing")
    save(figure, path)
