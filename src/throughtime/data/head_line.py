"""Whether the first row of a table names its columns, or is a row like the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from throughtime.data.cells import yes_or_no
from throughtime.data.findings import Findings
from throughtime.data.layout import Asked, Choice, short

LONGEST_NAME = 3
"""Words of a column's name; what is longer in a first row is a text."""
_ENOUGH_ROWS = 2000


def has_head(
    path: Path,
    table: Sequence[Sequence[str]],
    chosen: tuple[Choice, Choice | None],
    asked: Asked,
    findings: Findings,
) -> bool:
    """Whether the first row is a head line; the findings are told, and why."""
    first = [name.strip() for name in table[0]]
    text, label = chosen
    if label is not None and asked.classes and not all(yes_or_no(first[at]) is not None for at in label.at):
        return _taken(findings, path, "the first row, as it names the classes", True)
    known = _names_of(asked)
    places = [(at, one.why) for one in chosen if one for at in one.at]
    named = [first[at] for at, why in places if why == "by its name" or first[at] in known]
    if named:
        if any(len(name.split()) > 2 * LONGEST_NAME for name in first):
            what = f"the first row is read as one, as {short(named[0])!r} names a column, though it holds a text"
            findings.suspicious("head line", what, path)
        return _taken(findings, path, f"the first row, as {short(named[0])!r} names a column", True)
    if len(first) > 1 and first in ([str(n) for n in range(len(first))], ["", *map(str, range(len(first) - 1))]):
        return _taken(findings, path, "the first row, which counts the columns", True)
    if asked.before is not None and not asked.before.named and asked.before.width == len(first):
        return _taken(findings, path, "none, as in training", False)
    if label is None or len(table) <= 2:
        return _taken(findings, path, "none", False)
    if asked.classes:
        return _taken(findings, path, "none: the first row says yes or no of each class", False)
    return _guess_head(path, table, text.at[0], label.at[0], findings)


def _guess_head(path: Path, table: Sequence[Sequence[str]], at_text: int, at_label: int, findings: Findings) -> bool:
    """Whether a first row that names nothing known is a head line, by its label and the length of its text."""
    label, labels = table[0][at_label].strip(), {row[at_label].strip() for row in table[1:]}
    if label in labels:
        return _taken(findings, path, f"none: the label {short(label)!r} of the first row stands below too", False)
    if _is_number(label):
        return _taken(findings, path, f"none: the label {short(label)!r} of the first row is a number", False)
    if all(map(_is_number, labels - {""})):
        return _taken(findings, path, f"the first row: {short(label)!r} is no number, as the labels below are", True)
    if len(table[0][at_text].split()) > LONGEST_NAME:
        what = f"none: the first row is read as data, though its label {short(label)!r} stands nowhere else"
        findings.suspicious("head line", what, path)
        return False
    if median(len(row[at_text].split()) for row in table[1:_ENOUGH_ROWS]) <= LONGEST_NAME:
        what = f"the first row is left out as one, since its label {short(label)!r} stands nowhere else: is it data?"
        findings.suspicious("head line", what, path)
        return True
    return _taken(findings, path, f"the first row, as its label {short(label)!r} stands nowhere else", True)


def _taken(findings: Findings, path: Path, what: str, has_head: bool) -> bool:
    findings.taken("head line", what, path)
    return has_head


def _names_of(asked: Asked) -> set[str]:
    """What a head line holds, where it is one: the names that were told, and those of training."""
    told = {name for name in (asked.text, asked.label) if name and not name.isdecimal()}
    if asked.before is not None and asked.before.named:
        told |= {name for name in (asked.before.text, asked.before.label) if name}
    return told | {part.strip() for name in told for part in name.split("+")}


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdecimal()
