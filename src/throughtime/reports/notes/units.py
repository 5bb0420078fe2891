"""Units that tell a trait of the symbols: the table, and the section of the report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from throughtime.reports.notes.leaving import leave
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.insight.units import Detector, Units

_HEADS = ("trait", "told", "best by", "unit", "where it is", "score", "chance", "share")


def table(telling: Sequence[Detector]) -> Table:
    """The best unit of each trait, with its score beside chance."""
    rows = [
        (
            one.trait,
            "yes" if one.there else "no",
            one.layer,
            str(one.unit),
            f"{'>' if one.above else '<'} {one.threshold:.3g}",
            one.score,
            one.chance,
            one.share,
        )
        for one in telling
    ]
    return Table("units that tell a trait: balanced accuracy on the second half (guessing: 0.5)", _HEADS, rows)


def leave_units(folder: RunFolder, found: Sequence[Units], telling: Sequence[Detector]) -> None:
    """Leave a section: the table, and the units over symbols that have the trait.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    from throughtime.insight.pictures.units import draw_detectors

    first = found[0]
    said = [f"Looked for over {len(first.states):,} steps of {len(first.symbols):,} inputs."]
    said += ["No trait could be looked for: too few steps have one, or have it not."] * (not telling)
    what = "the best unit of each trait, over symbols where the trait begins to hold"
    pictures = {"units.png": (partial(draw_detectors, found, telling), what)} if telling else {}
    leave(folder, "units", "What units respond to", said, [table(telling)] if telling else [], pictures)
