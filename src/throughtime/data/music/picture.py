"""A picture of a score: the piano-roll, with note names and bar lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from throughtime.data.music.score import Score, pitch_name

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
    from matplotlib.figure import Figure

    notes, end = score.notes, max(score.end, bar)
    low, high = (int(notes["pitch"].min()) - 2, int(notes["pitch"].max()) + 2) if len(notes) else (58, 74)
    rows = 3 if end > 16 * bar else 2 if end > 8 * bar else 1
    width = np.ceil(np.ceil(end / bar) / rows) * bar
    figure = Figure(figsize=(13, 1.2 + rows * max(2.2, (high - low) * 0.085)), facecolor=_PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color=_INK, fontsize=14, fontfamily="serif")
    colours = _colours(score)
    for row, axes in enumerate(figure.subplots(rows, 1, squeeze=False)[:, 0]):
        begin = row * width
        _keyboard(axes, low, high, begin, width, bar)
        for note, colour in zip(notes, colours, strict=True):
            start, stop = float(note["onset"]), float(note["onset"] + note["duration"])
            if stop > begin and start < begin + width:
                gap = min(0.06, 0.15 * (stop - start))
                axes.broken_barh(
                    [(start, stop - start - gap)],
                    (float(note["pitch"]) - 0.42, 0.84),
                    facecolors=colour,
                    edgecolor="none",
                    alpha=0.45 if start < primer else 1.0,
                )
    figure.supxlabel("bar", color=_INK, fontsize=10, fontfamily="serif")
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


def _colours(score: Score) -> list[str]:
    """Each note's colour by its rank from the top among the notes that sound when it begins."""
    onset, end = score.notes["onset"], score.notes["onset"] + score.notes["duration"]
    colours = []
    for note in score.notes:
        sounding = (onset <= note["onset"]) & (end > note["onset"])
        above = int((sounding & (score.notes["pitch"] > note["pitch"])).sum())
        colours.append(_VOICES[min(above, len(_VOICES) - 1)])
    return colours
