"""A picture of a transcript: the log-mel features, and below them how probable each symbol was when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.tasks.speech.audio.log_mel import FRAMES_A_SECOND

_PAPER, _INK, _LINE = "#fdfbf6", "#3a352c", "#cfc7b6"
_SHADES = ("#fdfbf6", "#a9c4dd", "#2f5d8a", "#17304a")
_LONGEST = 20.0  # seconds; of a longer recording the beginning is drawn


def draw_transcript(prediction: dict[str, Any], mel: np.ndarray | None, path: Path) -> None:
    """Draw what was heard and when.

    Args:
        prediction: `text`, `words` (word, start, end), `symbols` (time, symbol, probability), all in seconds.
        mel: log-mel features (T, F) of the recording, or None where there are none any more.
        path: the PNG file; it is replaced as a whole or not at all.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    seen = [(time, symbol, p) for time, symbol, p in prediction["symbols"] if time < _LONGEST]
    seconds = min(_LONGEST, max([prediction["seconds"], *(time for time, _, _ in seen)]))
    rows = sorted({symbol for _, symbol, _ in seen})
    figure = Figure(
        figsize=(3 + 2.6 * max(1.0, seconds), 3.4 + 0.18 * len(rows)), facecolor=_PAPER, layout="constrained"
    )
    FigureCanvasAgg(figure)
    figure.suptitle(prediction["text"].replace("$", r"\$")[:200], color=_INK, fontfamily="serif", wrap=True)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 0.6 + 0.18 * max(1, len(rows))])
    if mel is not None:
        _features(above, mel[: int(_LONGEST * FRAMES_A_SECOND)])
    _probabilities(below, seen, rows)
    for word in prediction["words"]:
        if word["start"] < _LONGEST:
            below.axvspan(word["start"], word["end"], color=_LINE, alpha=0.35, linewidth=0)
    for axes in (above, below):
        axes.set_facecolor(_PAPER)
        axes.set_xlim(0, seconds)
        axes.tick_params(colors=_INK, labelsize=8)
        for edge in axes.spines.values():
            edge.set_color(_LINE)
    below.set_xlabel("seconds", color=_INK)
    scratch = path.with_name(path.name + ".part")
    figure.savefig(scratch, dpi=110, format="png")
    scratch.replace(path)


def _features(axes: Any, mel: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("loudness", _SHADES)
    extent = (0, len(mel) / FRAMES_A_SECOND, 0, mel.shape[1])
    axes.imshow(mel.T.astype(np.float32), origin="lower", aspect="auto", extent=extent, cmap=shades)
    axes.set_ylabel("mel band", color=_INK)


def _probabilities(axes: Any, seen: Sequence[tuple[float, str, float]], rows: Sequence[str]) -> None:
    """A dot for each symbol at each time, as large as it is probable."""
    row_of = {symbol: row for row, symbol in enumerate(rows)}
    times = [time for time, _, _ in seen]
    sizes = [4 + 60 * probability for _, _, probability in seen]
    axes.scatter(times, [row_of[symbol] for _, symbol, _ in seen], s=sizes, color="#c8553d", alpha=0.75, linewidth=0)
    # a dollar sign would begin a formula, a space would not be seen
    names = [symbol.replace("$", r"\$").replace(" ", "␣") for symbol in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="y", color=_LINE, linewidth=0.5)
