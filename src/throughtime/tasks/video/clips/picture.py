"""A picture of an answer: what a clip shows, and how probable each class was by the time so much had been seen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_PAPER, _INK, _LINE = "#fdfbf6", "#3a352c", "#cfc7b6"
_COLOURS = ("#c8553d", "#2f5d8a", "#6a8d4f", "#b08b3e", "#7a5c93", "#4f8f8b")
_SENSORS = 12


def draw_development(
    frames: np.ndarray, after: Sequence[float], probabilities: Mapping[str, Sequence[float]], path: Path, title: str
) -> None:
    """Draw frames or sensor lines over time, and below them the probabilities of the classes as they develop.

    Args:
        frames: pictures (T, S, S, 3), uint8, or vectors (T, F); of vectors the 12 features that vary most are drawn.
        after: (N,) shares of the clip that had been seen, ascending up to 1.
        probabilities: of each class, (N,); the six that are ever the most probable are drawn.
        path: the PNG file; it is replaced as a whole or not at all.
        title: stands above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.2), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    # a dollar sign would begin a formula
    figure.suptitle(title.replace("$", r"\$").expandtabs(3), color=_INK, fontsize=12, fontfamily="serif", wrap=True)
    # as high as a picture of its width: a strip of squares
    strip = 9.5 / len(frames) if frames.ndim == 4 else 1.8
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(min(strip, 2.2), 3.0))
    if frames.ndim == 4:
        _strip(above, frames)
    else:
        _sensors(above, frames)
    chosen = sorted(probabilities, key=lambda name: -max(probabilities[name]))[: len(_COLOURS)]
    for name, colour in zip(chosen, _COLOURS, strict=False):
        label = name.replace("$", r"\$")
        below.plot(after, probabilities[name], "-o", color=colour, lw=1.8, ms=3.5, label=f"{label} ", clip_on=False)
    below.set(xlim=(0, 1), ylim=(0, 1), ylabel="probability so far", xlabel="share of the clip that has been seen")
    below.grid(color=_LINE, lw=0.6)
    figure.legend(loc="outside right upper", frameon=False, labelcolor=_INK)
    for axes in (above, below):
        axes.set_facecolor(_PAPER)
        axes.tick_params(colors=_INK)
        for edge in axes.spines.values():
            edge.set_color(_LINE)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    figure.savefig(unfinished, format="png", dpi=110)
    unfinished.replace(path)


def draw_strip(frames: np.ndarray, path: Path) -> None:
    """Write the pictures (T, S, S, 3) of a clip side by side as a PNG file, 16 of them at most."""
    from matplotlib import image

    some = frames[np.unique(np.linspace(0, len(frames) - 1, 16).astype(int))]
    image.imsave(path, np.concatenate(list(some), axis=1))


def _strip(axes: Any, frames: np.ndarray) -> None:
    edges = np.linspace(0, 1, len(frames) + 1)
    for picture, left, right in zip(frames, edges[:-1], edges[1:], strict=True):
        axes.imshow(picture, extent=(left, right, 0, 1), aspect="auto", interpolation="nearest")
    axes.set(ylim=(0, 1), yticks=[])


def _sensors(axes: Any, values: np.ndarray) -> None:
    """Each feature from its least to its largest value."""
    varying = np.sort(np.argsort(-values.std(axis=0), kind="stable")[:_SENSORS])
    shown = values[:, varying]
    spread = np.ptp(shown, axis=0)
    shown = (shown - shown.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    times = (np.arange(len(shown)) + 0.5) / len(shown)
    shades = np.linspace(0.25, 0.9, len(varying))
    for line, shade in zip(shown.T, shades, strict=True):
        axes.plot(times, line, color=_INK, alpha=float(shade), lw=1.1)
    axes.set(ylim=(-0.05, 1.05), yticks=[], ylabel=f"{len(varying)} of {values.shape[1]} values")
