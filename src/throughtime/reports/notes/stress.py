"""What a model bears: the tables, and the section of the report."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from throughtime.reports.notes.leaving import leave
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.insight.stress import Stressed


def tables(found: Stressed) -> list[Table]:
    """The metric by severity, of the model and of the simple method."""
    metric, severities = found.metric, [f"{severity}" for severity in found.curves[0].severities]
    some = f"{found.examples:,} example{'s' * (found.examples != 1)}" + (
        f" of {found.of:,}, evenly spread" if found.examples < found.of else ""
    )
    columns = ["", "none", *severities, "breaks at"]
    rows = []
    for curve in found.curves:
        broken = found.breaks_at(curve)
        values = [_number(value) for value in (found.value, *curve.values)]
        rows.append([curve.condition, *values, "" if broken is None else f"{broken}"])
    shown = [Table(f"{metric.name} ({metric.unit}) by severity; {some}", columns, rows)]
    if found.method is not None:
        simple = [
            [c.condition, *(_number(value) for value in (found.simple, *c.simple))] for c in found.curves if c.compared
        ]
        if simple:
            shown.append(Table(f"the same of {found.method}", columns[:-1], simple))
    return shown


def leave_stress(folder: RunFolder, found: Stressed) -> None:
    """Leave a section: where it breaks, the curves, the examples that suffer most.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    from throughtime.insight.pictures.stress import draw_curves

    said = [*found.sentences(), *(curve.says for curve in found.curves)]
    rows = [
        (one.step, one.before, one.after, *(("", "") if one.answers is None else one.answers), *one.losses)
        for one in found.worst
    ]
    heads = ("what was done", "before", "after", "answer before", "answer after", "loss before", "loss after")
    worst = [Table("examples that suffer most, in nats", heads, rows)] if rows else []
    drawn = {"stress.png": (partial(draw_curves, found), f"{found.metric.name} by severity of each condition")}
    leave(folder, "stress", "What it bears", said, [*tables(found), *worst], drawn)


def _number(value: float) -> str:
    return f"{value:.3g}"
