"""The section on gradients while a model learned."""

from __future__ import annotations

from functools import partial

from throughtime.reports.notes.gradients import lag_in_words
from throughtime.reports.notes.leaving import leave
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Table


def leave_watched(folder: RunFolder) -> None:
    """Draw what a training with `watch_gradients` has measured, and say it in the run's report; else do nothing.

    Raises:
        ThroughtimeError: what was measured cannot be read, or nothing can be written.
    """
    from throughtime.insight.watching import FILE, watched

    found = watched(folder.path)
    if not found:
        return
    from throughtime.insight.pictures.watched import draw_watched

    rows = [
        (
            one.name,
            int(one.steps[place]),
            one.verdict(place),
            lag_in_words(one.memory(place)),
            float(one.left[place, -1]),
        )
        for one in found
        for place in dict.fromkeys((0, len(one.steps) - 1))
    ]
    heads = ("", "step", "verdict", "half gone at lag", f"left at lag {found[0].lags[-1]:g}")
    said = (
        f"Measured {len(found[0].steps):,} times over the same inputs of the validation split; all numbers are in "
        f"{FILE} of the run folder."
    )
    what = "share of the gradient that is left, by lag and training step"
    leave(
        folder,
        "watched",
        "Gradients while it learned",
        [said],
        [Table("at the first and the last look", heads, rows)],
        {"watched.png": (partial(draw_watched, found), what)},
    )
