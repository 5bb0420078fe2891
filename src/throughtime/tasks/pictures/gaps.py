"""Gaps between codes, to be seen: where the codes of pictures lie, and what is drawn of the places between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from throughtime.tasks.pictures.latent import Plane, save, scatter


@dataclass(frozen=True)
class View:
    """One model's space of codes.

    Args:
        title: of the model.
        codes: (N, L) of pictures.
        labels: of these; None where there are none.
        lattice: (M, L) codes in between.
        sheet: (H, W, C) uint8, what is drawn of the lattice, at the same places.
    """

    title: str
    codes: np.ndarray
    labels: Sequence[str | None]
    lattice: np.ndarray
    sheet: np.ndarray


def draw_gaps(views: Sequence[View], path: Path) -> None:
    """Draw each model's codes with the lattice among them, and beside them what it makes of the lattice, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6 * len(views)), layout="constrained")
    for (left, right), view in zip(figure.subplots(len(views), 2, squeeze=False), views, strict=True):
        plane = Plane.of(view.codes)
        scatter(left, plane, view.codes, view.labels)
        places = plane.flat(view.lattice)
        left.plot(places[:, 0], places[:, 1], "+", color="black", markersize=4, label="_")
        if any(label is not None for label in view.labels):
            left.legend(markerscale=2, fontsize="x-small", loc="upper left", frameon=False)
        left.set_title(f"{view.title}: codes, and a lattice (+) among them")
        right.imshow(view.sheet.squeeze(), cmap="gray", vmin=0, vmax=255)
        right.set_title("what is drawn of the lattice")
        right.set_axis_off()
    save(figure, path)
