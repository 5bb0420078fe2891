"""A picture of a forecast: what was observed, and the fan of where it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

_PAPER, _INK, _LINE = "#fdfbf6", "#3a352c", "#cfc7b6"
_BASELINES = (("constant velocity", "#8a8378", "--"), ("Kalman filter", "#2f5d8a", ":"))
_GRID = 120
_EDGES = (0.9, 0.5)
_SHOWN = 6


def draw_fan(prediction: dict[str, Any], path: Path, title: str) -> None:
    """Draw observed points, regions that hold 50 % and 90 % of each predicted position, and the baselines.

    Tracks in 2 dimensions are seen from above; those in 3 also from the side.

    Args:
        prediction: `observed` rows (t, x, y[, z]); `positions` with `t`, `mean` and `mixture`; `direction` with
            `vector`, `concentration`, `unknown`; `baselines`, paths by name.
        path: the PNG file; it is replaced as a whole or not at all.
        title: stands above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    observed = np.array(prediction["observed"])[:, 1:]
    views = [(0, 1)] if observed.shape[1] == 2 else [(0, 1), (_longer(prediction), 2)]
    figure = Figure(figsize=(7.5 * len(views) + 1.5, 7), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color=_INK, fontsize=12, fontfamily="serif", wrap=True)
    panels = figure.subplots(1, len(views), squeeze=False)[0]
    for axes, view in zip(panels, views, strict=True):
        _panel(axes, prediction, observed, view)
    _rose(panels[0], prediction["direction"])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, labelcolor=_INK)
    scratch = path.with_name(path.name + ".part")
    figure.savefig(scratch, dpi=110, format="png")
    scratch.replace(path)


def _longer(prediction: dict[str, Any]) -> int:
    """The horizontal axis along which more happens: the side view shows it."""
    places = np.array([position["mean"] for position in prediction["positions"]])
    seen = np.array(prediction["observed"])[:, 1:]
    return int(np.ptp(np.concatenate([seen, places])[:, :2], axis=0).argmax())


def _panel(axes: Any, prediction: dict[str, Any], observed: np.ndarray, view: tuple[int, int]) -> None:
    from matplotlib import colormaps

    pick = list(view)
    positions = prediction["positions"]
    means = np.array([position["mean"] for position in positions])[:, pick]
    shown = np.unique(np.linspace(0, len(positions) - 1, _SHOWN).round().astype(int))
    box = _box(prediction, observed, pick)
    for place in shown:
        colour = colormaps["viridis"](0.85 * (1 - place / max(1, len(positions) - 1)))
        _regions(axes, positions[place]["mixture"], pick, box, colour)
    for name, colour, style in _BASELINES:
        line = np.concatenate([observed[-1:], np.array(prediction["baselines"][name])])[:, pick]
        axes.plot(*line.T, style, color=colour, lw=1.4, label=name)
    axes.plot(*np.concatenate([observed[-1:, pick], means]).T, "-", color="#c8553d", lw=1.8, label="predicted mean")
    axes.plot(*means.T, "o", color="#c8553d", ms=3)
    axes.plot(*observed[:, pick].T, "-o", color=_INK, ms=4, lw=1.0, label="observed")
    axes.plot([], [], "s", color=colormaps["viridis"](0.4), alpha=0.5, label="holds 50 and 90 %")
    axes.set_facecolor(_PAPER)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel("xyz"[view[0]], color=_INK)
    axes.set_ylabel("xyz"[view[1]], color=_INK)
    axes.grid(color=_LINE, lw=0.5)
    axes.tick_params(length=0, labelsize=8, labelcolor=_INK)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _box(prediction: dict[str, Any], observed: np.ndarray, pick: list[int]) -> np.ndarray:
    """(2, 2): lower and upper corner of what has to be seen, three standard deviations of each mixture included."""
    corners = [observed[:, pick]]
    for position in prediction["positions"]:
        means = np.array(position["mixture"]["means"])[:, pick]
        spread = np.sqrt(np.array(position["mixture"]["covariances"])[:, pick, pick])
        probable = np.array(position["mixture"]["weights"]) > 0.02
        corners += [(means + 3 * spread)[probable], (means - 3 * spread)[probable]]
    points = np.concatenate(corners)
    return np.stack([points.min(axis=0), points.max(axis=0)])


def _regions(axes: Any, mixture: dict[str, Any], pick: list[int], box: np.ndarray, colour: Any) -> None:
    """The smallest regions that hold 50 and 90 % of a mixture, seen along the other axis."""
    means = np.array(mixture["means"])[:, pick]
    covariances = np.array(mixture["covariances"])[:, pick][:, :, pick]
    weights = np.array(mixture["weights"])
    # a grid of its own about each mixture: a narrow one would fall between the points of a common grid
    near = np.sqrt(covariances.diagonal(axis1=1, axis2=2))
    likely = weights > 0.02
    low = np.maximum((means - 4 * near)[likely].min(axis=0), box[0] - 1e-9)
    high = np.minimum((means + 4 * near)[likely].max(axis=0), box[1] + 1e-9)
    x, y = (np.linspace(low[axis], high[axis], _GRID) for axis in range(2))
    points = np.stack(np.meshgrid(x, y), axis=-1)
    density = np.zeros((_GRID, _GRID))
    for weight, mean, covariance in zip(weights, means, covariances, strict=True):
        apart = points - mean
        distance = np.einsum("...i,ij,...j->...", apart, np.linalg.inv(covariance), apart)
        density += weight * np.exp(-0.5 * distance) / np.sqrt(np.linalg.det(covariance))
    descending = np.sort(density.ravel())[::-1]
    held = np.cumsum(descending) / descending.sum()
    levels = [descending[np.searchsorted(held, share)] for share in _EDGES]
    if levels[0] < levels[1] < density.max():
        axes.contourf(x, y, density, levels=[*levels, np.inf], colors=[colour, colour], alpha=0.28)
        axes.contour(x, y, density, levels=levels, colors=[colour], linewidths=0.7)


def _rose(axes: Any, direction: dict[str, Any]) -> None:
    """Density of the direction in that plane: a circle where all are alike, a needle where one is certain."""
    inset = axes.inset_axes((0.0, 0.8, 0.2, 0.2), projection="polar")
    angle = np.linspace(0, 2 * np.pi, 721)
    towards = np.array(direction["vector"])[:2] * direction["concentration"]
    exponent = towards[0] * np.cos(angle) + towards[1] * np.sin(angle)
    inset.fill(angle, np.exp(exponent - exponent.max()), color="#c8553d", alpha=0.5)
    inset.set_rticks([])
    inset.set_ylim(0, 1.05)
    inset.set_xticks(np.arange(0, 2 * np.pi, np.pi / 2), [])
    inset.set_facecolor("none")
    inset.set_title("direction" + (" unknown" if direction["unknown"] else ""), fontsize=8, color=_INK, pad=2)
