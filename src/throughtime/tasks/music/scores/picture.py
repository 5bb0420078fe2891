"""A picture of a score: the piano-roll, with note names and bar lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.tasks.music.scores.score import Score, pitch_name

_BLACK = {1, 3, 6, 8, 10}
_VOICES = ("#c8553d", "#e0a03a", "#4f8f6f", "#2f5d8a", "#6b4a86", "#8a8378")
_PAPER, _SHADE, _LINE, _INK = "#fdfbf6", "#f1ece1", "#cfc7b6", "#3a352c"


def draw(score: Score, path: Path, title: str, bar: float = 4.0, primer: float = 0.0) -> None:
    """Draw a score as a piano-roll.

    Colours tell the voices apart: notes that sound together, from the highest to the lowest.

    Args:
        score: what to draw.
        path: the PNG file; it is replaced as a whole or not at all.
        title: stands above.
        bar: quarter notes in a bar.
        primer: quarter notes at the beginning that were given, drawn paler.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

    notes, end = score.notes, max(score.end, bar)
    low, high = (int(notes["pitch"].min()) - 2, int(notes["pitch"].max()) + 2) if len(notes) else (58, 74)
    rows = 3 if end > 16 * bar else 2 if end > 8 * bar else 1
    width = np.ceil(np.ceil(end / bar) / rows) * bar
    figure = Figure(figsize=(13, 1.2 + rows * max(2.2, (high - low) * 0.085)), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color=_INK, fontsize=14, fontfamily="serif")
    colours = _colours(score, primer)
    ends = notes["onset"] + notes["duration"]
    boxes = _boxes(notes)
    for row, axes in enumerate(figure.subplots(rows, 1, squeeze=False)[:, 0]):
        begin = row * width
        _keyboard(axes, low, high, begin, width, bar)
        here = (ends > begin) & (notes["onset"] < begin + width)
        axes.add_collection(PolyCollection(boxes[here], facecolors=colours[here], edgecolors="none"))
    figure.supxlabel("bar", color=_INK, fontsize=10, fontfamily="serif")
    _save(figure, path)


def draw_below(scores: Sequence[Score], path: Path, title: str, bar: float = 4.0) -> None:
    """Draw scores below each other, from the first to the last, over the same keys and bars.

    Args:
        scores: what to draw, at least one note among them.
        path: the PNG file; it is replaced as a whole or not at all.
        title: stands above.
        bar: quarter notes in a bar.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

    pitches = np.concatenate([score.notes["pitch"] for score in scores])
    low, high = int(pitches.min()) - 2, int(pitches.max()) + 2
    width = np.ceil(max(bar, *(score.end for score in scores)) / bar) * bar
    tall = max(1.3, (high - low) * 0.05)
    figure = Figure(figsize=(11, 1.2 + len(scores) * tall), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color=_INK, fontsize=14, fontfamily="serif")
    for number, (score, axes) in enumerate(
        zip(scores, figure.subplots(len(scores), 1, squeeze=False)[:, 0], strict=True)
    ):
        _keyboard(axes, low, high, 0.0, width, bar)
        axes.set_ylabel(f"{number + 1}", color=_INK, fontsize=10, fontfamily="serif", rotation=0)
        boxes = list(_boxes(score.notes))
        axes.add_collection(PolyCollection(boxes, facecolors=_colours(score, 0.0), edgecolors="none"))
    figure.supxlabel("bar", color=_INK, fontsize=10, fontfamily="serif")
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    scratch = path.with_name(path.name + ".part")
    figure.savefig(scratch, dpi=130, format="png")
    scratch.replace(path)


def _keyboard(axes: object, low: int, high: int, begin: float, width: float, bar: float) -> None:
    """Background of one line of the picture: shaded black keys, names of the Cs, bar lines."""
    axes.set_facecolor(_PAPER)  # type: ignore[attr-defined]
    for pitch in range(low, high + 1):
        if pitch % 12 in _BLACK:
            axes.axhspan(pitch - 0.5, pitch + 0.5, color=_SHADE, lw=0, zorder=0)  # type: ignore[attr-defined]
        if pitch % 12 == 0:
            axes.axhline(pitch - 0.5, color=_LINE, lw=0.8, zorder=0)  # type: ignore[attr-defined]
    named = [pitch for pitch in range(low, high + 1) if pitch % 12 in (0, 4, 7)]
    axes.set_yticks(named, [pitch_name(pitch) for pitch in named])  # type: ignore[attr-defined]
    bars = np.arange(begin, begin + width + 0.5, bar)
    for line in bars:
        axes.axvline(line, color=_LINE, lw=1.0, zorder=0)  # type: ignore[attr-defined]
    axes.set_xticks(bars[:-1], [f"{round(line / bar) + 1}" for line in bars[:-1]], ha="left")  # type: ignore[attr-defined]
    axes.tick_params(length=0, labelsize=8, labelcolor=_INK)  # type: ignore[attr-defined]
    axes.set_xlim(begin, begin + width)  # type: ignore[attr-defined]
    axes.set_ylim(low - 0.5, high + 0.5)  # type: ignore[attr-defined]
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)  # type: ignore[attr-defined]


def _boxes(notes: NDArray[np.void]) -> NDArray[np.float64]:
    """Corners (N, 4, 2) of the notes; each stops a little early, so that repeated notes can be told apart."""
    start, length, pitch = notes["onset"], notes["duration"], notes["pitch"]
    stop, low, high = start + length - np.minimum(0.06, 0.15 * length), pitch - 0.42, pitch + 0.42
    return np.stack([np.stack(corner, -1) for corner in ((start, low), (stop, low), (stop, high), (start, high))], 1)


def _colours(score: Score, primer: float) -> NDArray[np.float64]:
    """Each note's colour (N, 4) by its rank from the top among the notes that sound when it begins."""
    from matplotlib.colors import to_rgba_array

    onset, pitch = score.notes["onset"], score.notes["pitch"]
    end, longest = onset + score.notes["duration"], score.notes["duration"].max(initial=0.0)
    ranks = np.zeros(len(onset), int)
    for index, start in enumerate(onset):
        # notes come by onset, so that those which may still sound stand close together
        near = slice(*np.searchsorted(onset, (start - longest, np.nextafter(start, np.inf))))
        ranks[index] = ((end[near] > start) & (pitch[near] > pitch[index])).sum()
    colours = to_rgba_array(_VOICES)[ranks.clip(max=len(_VOICES) - 1)]
    colours[onset < primer, 3] = 0.45
    return np.asarray(colours)
