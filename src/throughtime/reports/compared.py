"""The sections of a comparison: several runs of one task side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from throughtime.errors import ThroughtimeError
from throughtime.reports.curves import Curve, chart
from throughtime.reports.markup import Cell, Markup, Section, join, paragraph, table
from throughtime.reports.material import Material
from throughtime.reports.statistics import significance
from throughtime.storage.report import Report
from throughtime.storage.scores import MODEL


def compared(runs: Sequence[Material]) -> Iterator[Section]:
    """What differs, how each learned, how good each is, and whether that can be chance.

    Raises:
        ThroughtimeError: runs of several tasks.
    """
    tasks = list(dict.fromkeys(run.task.name for run in runs))
    if len(tasks) > 1:
        raise ThroughtimeError(f"found runs of {', '.join(tasks)}, expected runs of one task to be compared")
    named = dict(zip(names(runs), runs, strict=True))
    yield Section("settings", "What differs", differing(named))
    yield Section("metrics", "How good they are", metrics(named))
    yield Section("chance", "Whether that can be chance", chance(named))
    if body := courses(named):
        yield Section("course", "How they learned", body)
    yield Section("energy", "Energy", energy(named))


def names(runs: Sequence[Material]) -> list[str]:
    """What the runs are called: their folders' names, with as much of the way there as tells them apart."""
    parts = [run.folder.path.resolve().parts for run in runs]
    depth = next((d for d in range(1, 20) if len({part[-d:] for part in parts}) == len(parts)), 0)
    if depth:
        return ["/".join(part[-depth:]) for part in parts]
    return [f"{part[-1]} ({place})" for place, part in enumerate(parts, 1)]  # the same run twice


def differing(runs: dict[str, Material]) -> Markup:
    """The settings, data and versions that are not the same in all runs."""
    told = {
        name: {
            **run.task.settings.model_dump(),
            **{f"data: {role}": place for role, place in run.config["data"].items()},
            **{f"version of {what}": version for what, version in run.config["versions"].items()},
        }
        for name, run in runs.items()
    }
    fields = dict.fromkeys(field for one in told.values() for field in one)
    rows: list[list[Cell]] = []
    for field in fields:
        values = ["none" if (value := one.get(field)) is None else str(value) for one in told.values()]
        if len(set(values)) > 1:
            rows.append([field, *values])
    return table(["setting", *runs], rows) if rows else paragraph("Settings, data and versions are the same.")


def metrics(runs: dict[str, Material]) -> Markup:
    """The metrics of all of them, and their intervals."""
    reports = {name: run.report for name, run in runs.items()}
    measured = dict.fromkeys(metric for report in reports.values() if report for metric in report.metrics)
    rows: list[list[Cell]] = [[name, *_row(report, list(measured))] for name, report in reports.items()]
    metric = next(iter(runs.values())).task.metric
    pieces = [table(["run", *measured], rows, f"held-out test; {metric.name}: {metric.unit}")]
    sure: list[list[Cell]] = []
    for name, run in runs.items():
        if run.scores is not None and run.intervals:
            low, high = run.intervals[MODEL]
            sure.append([name, run.scores.metric, run.pooled(), low, high, len(run.scores)])
    if sure:
        pieces.append(table(["run", "metric", "value", "from", "to", "examples"], sure, "95 % bootstrap intervals"))
    return join(pieces)


def _row(report: Report | None, measured: Sequence[str]) -> list[Cell]:
    return [None if report is None else report.metrics.get(name) for name in measured]


def chance(runs: dict[str, Material]) -> Markup:
    """A paired test of each two that were judged by the same examples; of others, why there can be none."""
    rows: list[list[Cell]] = []
    for (one, mine), (other, others) in combinations(runs.items(), 2):
        if (reason := _incomparable(mine, others)) is not None:
            rows.append([one, other, None, None, f"cannot be said: {reason}"])
            continue
        assert mine.scores is not None
        assert others.scores is not None
        p = significance(mine.scores.counts[MODEL], others.scores.counts[MODEL], mine.task.pooled)
        apart = mine.pooled() - others.pooled()
        verdict = "hardly chance" if p < 0.05 else "may be chance"
        rows.append([one, other, apart, p, verdict])
    explained = (
        "p: how probable so large a difference would be if it were chance which of the two gave which answer (paired "
        "permutation test over the same test examples); below 0.05 it is hardly chance. Of many pairs that "
        "do not differ, one in twenty is below that all the same."
    )
    return join([table(["run", "other run", "difference", "p", ""], rows), paragraph(explained, "note")])


def _incomparable(one: Material, other: Material) -> str | None:
    """Why two runs cannot be compared example by example; None: they can."""
    if one.scores is None or other.scores is None:
        return "a run without scores of single examples"
    if one.scores.metric != other.scores.metric:
        return f"one is scored by {one.scores.metric}, the other by {other.scores.metric}"
    if not one.checksums or not other.checksums:
        return "a run from before checksums were kept"
    if not np.array_equal(one.checksums["test"], other.checksums["test"]):
        return "they were judged by different test examples"
    shapes = {run.scores.counts[MODEL].shape for run in (one, other) if run.scores is not None}
    return "they scored different parts of the test examples" if len(shapes) > 1 else None


def courses(runs: dict[str, Material]) -> Markup:
    """A chart of each column of metrics.csv, all runs in it."""
    columns = dict.fromkeys(column for run in runs.values() for column in run.columns)
    charts = [
        chart(
            column.replace("_", " "),
            [Curve(name, run.steps, run.column(column)) for name, run in runs.items() if column in run.columns],
        )
        for column in sorted(columns, key=lambda column: (not column.startswith("valid_"), column != "train_loss"))
    ]
    return Markup(f'<div class="charts">{"".join(charts)}</div>') if any(charts) else Markup("")


def energy(runs: dict[str, Material]) -> Markup:
    """What each has used."""
    rows: list[list[Cell]] = []
    for name, run in runs.items():
        if (used := run.energy) is None:
            rows.append([name, None, None, "unknown", None, None])
            continue
        thousand = None if used.thousand is None else used.thousand.kwh
        whole = used.training
        rows.append([name, whole.kwh, used.grams(whole), whole.how, whole.seconds, thousand])
    return table(["run", "kWh", "g CO2e", "how it is known", "seconds", "kWh for 1,000 predictions"], rows)
