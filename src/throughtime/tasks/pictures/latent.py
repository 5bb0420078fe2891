"""The space of codes, to be looked at: where pictures lie in it, and what lies between them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.storage.atomic import write_atomically


@dataclass(frozen=True)
class Plane:
    """A plane through the codes: all there is of two numbers, else the two principal directions.

    Args:
        centre: (L,) the mean code.
        axes: (2, L) orthonormal.
        spread: (2,) deviation of the codes along each.
    """

    centre: np.ndarray
    axes: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, codes: np.ndarray) -> Plane:
        """The plane of codes (N, L), L at least 2."""
        centre = codes.mean(axis=0)
        if codes.shape[1] == 2:
            axes = np.eye(2, dtype=codes.dtype)
        else:
            axes = np.linalg.svd(codes - centre, full_matrices=False)[2][:2]
        return cls(centre, axes, ((codes - centre) @ axes.T).std(axis=0))

    def flat(self, codes: np.ndarray) -> np.ndarray:
        """Codes (N, L) -> places (N, 2) in the plane."""
        return np.asarray((codes - self.centre) @ self.axes.T)

    def code(self, places: np.ndarray) -> np.ndarray:
        """Places (N, 2) -> codes (N, L)."""
        return np.asarray(self.centre + places @ self.axes)

    def lattice(self, rows: int, columns: int, reach: float = 2.0) -> np.ndarray:
        """Codes (rows * columns, L) of a lattice, `reach` deviations to each side, from the upper left."""
        across = np.linspace(-reach, reach, columns) * self.spread[0]
        down = np.linspace(reach, -reach, rows) * self.spread[1]
        return self.code(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2))


def between(first: np.ndarray, second: np.ndarray, steps: int) -> np.ndarray:
    """Codes (steps, L) on the straight line from one code to another, both included.

    Example:
        >>> between(np.zeros(2), np.ones(2), 3).tolist()
        [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]
    """
    share = np.linspace(0, 1, steps)[:, None]
    return np.asarray((1 - share) * first + share * second)


def draw_map(codes: np.ndarray, labels: Sequence[str | None], path: Path) -> None:
    """Draw where codes (N, L) lie in their plane, coloured by label, as a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.add_subplot()
    scatter(axes, Plane.of(codes), codes, labels)
    if any(label is not None for label in labels):
        axes.legend(markerscale=2, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    save(figure, path)


def scatter(axes: Any, plane: Plane, codes: np.ndarray, labels: Sequence[str | None]) -> None:
    """Put codes (N, L) into matplotlib axes, coloured by label."""
    places = plane.flat(codes)
    names = sorted({label for label in labels if label is not None})
    for number, name in enumerate(names):
        own = places[[label == name for label in labels]]
        mark = "o" if number < 10 else "^"
        axes.scatter(own[:, 0], own[:, 1], s=10, color=f"C{number % 10}", marker=mark, alpha=0.6, label=name, lw=0)
    if not names:
        axes.scatter(places[:, 0], places[:, 1], s=10, alpha=0.6, lw=0)
    kind = "code" if codes.shape[1] == 2 else "principal direction of the codes"
    axes.set(xlabel=f"first {kind}", ylabel=f"second {kind}")


def save(figure: Any, path: Path) -> None:
    """Write a matplotlib figure as a PNG file, whole or not at all."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110)
    write_atomically(path, content.getvalue())
