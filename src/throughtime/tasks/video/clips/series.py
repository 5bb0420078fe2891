"""Many sequences in one table: a sequence a row with its class (UCR), or a step a row with the sequence it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.rows import read_rows
from throughtime.errors import DataError
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.groups import SUBJECTS
from throughtime.tasks.video.clips.table import number_of
from throughtime.tasks.video.clips.timeseries import filled

LABELS = ("label", "class", "activity", "category", "action", "target", "gesture", "y")
_SEQUENCES = (
    "id", "sequence", "sequence_id", "seq", "seq_id", "series", "series_id", "sample", "sample_id", "case", "case_id",
    "recording", "recording_id", "session", "session_id", "trial", "trial_id", "clip", "clip_id", "window", "window_id",
    "segment", "segment_id", "video", "video_id",
)  # fmt: skip
_TIMES = ("time", "timestamp", "t", "step", "frame", "frame_id", "index", "time_step", "timestep", "seconds", "ms")
_FEWEST = 5  # steps of a series that fills a row
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class _Form:
    """Where what stands: indices of the columns of a sequence's name, of time, class, subject and the values."""

    values: tuple[int, ...]
    label: int | None = None
    sequence: int | None = None
    time: int | None = None
    subject: int | None = None
    head: bool = True


def read_series(path: Path, findings: Findings, labels: bool = True, width: int | None = None) -> list[Clip] | None:
    """The sequences of a table; None if it is none of many sequences.

    Args:
        path: the table.
        findings: how its columns were understood.
        labels: each must have its class.
        width: numbers of a step, if known: a table without classes and a head line is one of many sequences if they
            have one number a step.

    Raises:
        DataError: what cannot be read as that, at which line and why.
    """
    own = Findings()  # of a table that it is not, nothing is said
    rows = read_rows(path, own, decimals=True)
    form = _form(path, rows, labels, width, own)
    if form is None:
        return None
    for finding in own:
        findings.add(finding)
    names = [name if form.head else str(at) for at, name in enumerate(rows[0][1], 1)]
    for what, at in (("classes", form.label), ("sequences", form.sequence), ("times", form.time)):
        if at is not None:
            findings.taken("columns", f"{what} in {names[at]!r}", path)
    findings.taken("head line", "the first row" if form.head else "none: the first row is data", path)
    if not (body := rows[form.head :]):
        raise DataError(path, "a head line and no rows", "rows of numbers")
    return _long(path, body, form, findings) if form.sequence is not None else _wide(path, body, form, findings)


def _form(path: Path, rows: Sequence[Row], labels: bool, width: int | None, findings: Findings) -> _Form | None:
    head = [name.lower() for name in rows[0][1]]
    named = next((head.index(name) for name in LABELS if name in head), None)
    if named is None and not any(name in head for name in _SEQUENCES):
        return _without_head(path, rows, labels, width, findings)
    sequence = next((head.index(name) for name in _SEQUENCES if name in head), None)
    time = next((head.index(name) for name in _TIMES if name in head), None)
    subject = next((head.index(name) for name in SUBJECTS if name in head), None)
    taken = {at for at in (named, sequence, time, subject) if at is not None}
    values = tuple(at for at in range(len(head)) if at not in taken)
    if (labels and named is None) or not values:
        return None
    names = [row[sequence] for _, row in rows[1:]] if sequence is not None else []
    if len(set(names)) < len(names):  # a step a row
        return _Form(values, named, sequence, time, subject)
    if sequence is not None and time is not None:
        return None
    return _Form(values, named, None, None, subject) if len(values) >= _FEWEST else None


def _without_head(path: Path, rows: Sequence[Row], labels: bool, width: int | None, findings: Findings) -> _Form | None:
    """A series a row, its class in front (UCR) or at the end, where one of these columns alone looks like it."""
    count = len(rows[0][1])
    if count <= _FEWEST or any(_is_word(field) for field in rows[0][1][1:-1]):
        return None
    ends = {at: [row[at] for _, row in rows] for at in (0, count - 1)}
    words = [at for at, fields in ends.items() if any(map(_is_word, fields))]
    alike = words or [at for at, fields in ends.items() if _like_classes(fields)]
    if labels and alike:
        if len(alike) > 1:
            what = "the first and the last column may each be the class: the first is taken"
            findings.suspicious("columns", what, path)
        return _Form(tuple(at for at in range(count) if at != alike[0]), alike[0], head=False)
    if not labels and width == 1:
        label = alike[0] if alike else None
        return _Form(tuple(at for at in range(count) if at != label), label, head=False)
    return None


def _is_word(field: str) -> bool:
    return number_of(field) is None


def _like_classes(fields: Sequence[str]) -> bool:
    """Whether a column of numbers holds few different whole ones."""
    whole = all(float(number_of(field) or 0.0).is_integer() for field in fields)
    return whole and len(set(fields)) <= max(2, len(fields) // 2)


def _wide(path: Path, rows: Sequence[Row], form: _Form, findings: Findings) -> list[Clip]:
    """One number a step, a sequence a row; what is missing at the end of a row was never there."""
    findings.taken("axes", "a sequence a row, one number a step", path)
    clips, shorter = [], 0
    for line, row in rows:
        values = np.array([_number(path, line, row[at]) for at in form.values])
        known = np.flatnonzero(~np.isnan(values))
        if not len(known):
            raise DataError(path, "no value at all", "at least one", line)
        shorter += known[-1] + 1 < len(values)
        frames = filled(path, values[: known[-1] + 1, None], line, findings)
        clips.append(Clip(frames, _class(path, line, row, form), path, line, _subject(row, form)))
    if shorter:
        findings.left_out(
            "missing values", "a row that ends in missing values: it is so much shorter", path, count=shorter
        )
    return clips


def _long(path: Path, rows: Sequence[Row], form: _Form, findings: Findings) -> list[Clip]:
    """A step a row, those of one sequence together, in the order of their times."""
    findings.taken("axes", "a step a row, those of one sequence under one name", path)
    assert form.sequence is not None
    members: dict[str, list[Row]] = {}
    for line, row in rows:
        members.setdefault(row[form.sequence], []).append((line, row))
    clips = []
    for name, own in members.items():
        if form.time is not None:
            own = _in_time(path, name, own, form.time)
        line = min(number for number, _ in own)
        classes = {_class(path, number, row, form) for number, row in own}
        if len(classes) > 1:
            found = f"the sequence {name!r} with {len(classes)} classes"
            raise DataError(path, found, "one class for all of a sequence", line)
        values = np.array([[_number(path, number, row[at]) for at in form.values] for number, row in own])
        frames = filled(path, values, line, findings)
        clips.append(Clip(frames, classes.pop(), path, line, _subject(own[0][1], form)))
    return clips


def _in_time(path: Path, name: str, rows: list[Row], at: int) -> list[Row]:
    times = [row[at] for _, row in rows]
    numbers = [number_of(time) for time in times]
    keys = times if None in numbers else numbers  # dates of one form are in the order of their letters
    order = sorted(range(len(rows)), key=lambda place: keys[place])  # type: ignore[arg-type, return-value]  # alike
    for before, after in pairwise(order):
        if keys[before] == keys[after]:
            raise DataError(
                path, f"the time {times[after]} of the sequence {name!r} twice", "each once", rows[after][0]
            )
    return [rows[place] for place in order]


def _class(path: Path, line: int, row: Sequence[str], form: _Form) -> str | None:
    if form.label is None:
        return None
    if not row[form.label]:
        raise DataError(path, "no label", "one in each row", line)
    return row[form.label].removesuffix(".0")


def _subject(row: Sequence[str], form: _Form) -> str | None:
    return None if form.subject is None else row[form.subject] or None


def _number(path: Path, line: int, field: str) -> float:
    if (value := number_of(field)) is None:
        raise DataError(path, f"{field[:30]!r}", "numbers (or an empty field where one is missing)", line)
    return value
