"""How far probabilities are to be believed: the section of the report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from throughtime.reports.notes.leaving import leave
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.insight.calibration import Calibration


def table(found: Sequence[Calibration]) -> Table:
    """What dividing the logits has changed."""
    rows = [
        (
            "as the model gives them" if one.temperature == 1 else "as the run says them",
            one.temperature,
            one.ece(),
            one.nll,
        )
        for one in found
    ]
    return Table("how far probabilities are to be believed", ("", "temperature", "calibration error", "nll"), rows)


def leave_calibration(folder: RunFolder, found: Sequence[Calibration]) -> None:
    """Leave a section: the reliability diagrams before and after, and what is gained by silence.

    Args:
        folder: of the run.
        found: as the model gives its probabilities, and then as the run says them; of the same examples.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    from throughtime.insight.pictures.calibration import draw_calibrations

    when = ("Before: ", "After: ") if len(found) > 1 else ("",)
    said = [f"{mark}{sentence}" for mark, one in zip(when, found, strict=True) for sentence in one.sentences()]
    what = "how sure it is and how often it is right, as the model gives it and calibrated; right where it answers"
    drawn = {"calibration.png": (partial(draw_calibrations, found), what)}
    leave(folder, "calibration", "May it be believed?", said, [table(found)], drawn)
