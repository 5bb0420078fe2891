"""What stands between the columns of a table: what its first line says, else what splits all its rows evenly."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

from throughtime.data import excel
from throughtime.data.findings import Findings
from throughtime.data.packed import suffix_of
from throughtime.errors import ArgumentError

NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
_CALLED = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "pipe": "|", "space": " "}
_USUAL = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_EXCEL = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_DECIMAL = re.compile(r"(?<=\d),(?=\d)")
_SAMPLE = 2**18
"""Characters of a file that are looked at."""
_ROWS = 100


class Marks(NamedTuple):
    """What was told of how a table is written.

    Args:
        delimiter: what stands between columns: comma, semicolon, tab, bar, or a character; None: it is looked for.
        quote: what stands around fields: a character, or none; None: the usual mark.
    """

    delimiter: str | None = None
    quote: str | None = None

    @property
    def between(self) -> str | None:
        """The delimiter as a character.

        Raises:
            ArgumentError: it is none.
        """
        return None if self.delimiter is None else _character("delimiter", self.delimiter)

    @property
    def around(self) -> str | None:
        """The mark around fields; None: there is none.

        Raises:
            ArgumentError: it is no character.
        """
        return None if self.quote == "none" else _character("quote", self.quote or '"')


UNTOLD = Marks()


def _character(what: str, told: str) -> str:
    mark = _CALLED.get(told.lower(), told)
    if len(mark) != 1 or mark in "\r\n":
        raise ArgumentError(f"found the {what} {told!r}, expected one of {', '.join(_CALLED)}, or one character")
    return mark


def choose_delimiter(path: Path, content: str, findings: Findings, told: Marks = UNTOLD) -> tuple[str, str]:
    """The delimiter of a table, and its content without a line that only says it.

    Args:
        path: the file; its ending decides between delimiters that are equally good.
        content: what is in it.
        findings: is told what was taken, and why.
        told: what was told of it.

    Returns:
        One character; and the content, in which a first line `sep=;`, as Excel writes it, is blank.
    """
    ending = suffix_of(path)
    usual = _USUAL.get(ending, ",")
    head, newline, rest = content.partition("\n")
    if told.between is not None:
        findings.taken("delimiter", f"{NAMES.get(told.between, repr(told.between))}, as told", path)
        return told.between, newline + rest if _EXCEL.fullmatch(head) else content
    if ending in excel.SUFFIXES:
        return "\t", content
    if said := _EXCEL.fullmatch(head):
        mark = said[1]
        findings.taken("delimiter", f"{NAMES.get(mark, repr(mark))}, as its first line says", path, 1)
        return mark, newline + rest
    even = [mark for mark in NAMES if _splits_evenly(content, mark)]
    if not even:  # a row is broken, and will be named: the first line decides
        first = content[:_SAMPLE].lstrip("\n").partition("\n")[0]
        mark = max(NAMES, key=lambda mark: (first.count(mark), mark == usual))
        findings.taken("delimiter", f"{NAMES[mark]}, the most frequent in the first row", path)
        return mark, content
    apart = [mark for mark in even if not _in_prose(content, mark) and not _in_numbers(content, mark)]
    mark = min(even, key=lambda mark: (mark not in apart, _in_prose(content, mark), mark != "\t", mark != usual))
    reason = "" if mark == usual else f", which splits all rows evenly, though the name ends in {ending}"
    findings.taken("delimiter", NAMES[mark] + (reason if ending in _USUAL else ""), path)
    if len(apart) > 1:
        others = " and ".join(NAMES[mark] for mark in even)
        findings.suspicious("delimiter", f"{others} would each split all rows evenly: {NAMES[mark]} is taken", path)
    return mark, content


def _splits_evenly(content: str, mark: str) -> bool:
    """Whether the first rows have all the same number of columns, two or more."""
    if mark not in content[:_SAMPLE]:
        return False
    lines = content[:_SAMPLE].split("\n")
    if len(content) > _SAMPLE:
        lines.pop()  # it is cut off
    # marks of quotation are text where tabs stand between the columns
    rows = (line.split(mark) for line in lines) if mark == "\t" else csv.reader(_file(lines), delimiter=mark)
    widths = set()
    try:
        for _, row in zip(range(_ROWS), (row for row in rows if any(row)), strict=False):
            widths.add(len(row))
    except csv.Error:
        return False
    return len(widths) == 1 and widths.pop() > 1


def _file(lines: list[str]) -> io.StringIO:
    return io.StringIO("\n".join(lines))


def _in_prose(content: str, mark: str) -> bool:
    """Whether a space follows it more often than not: behind a comma or semicolon of a sentence there is one."""
    sample = content[:_SAMPLE]
    return sample.count(f"{mark} ") > sample.count(mark) / 2


def _in_numbers(content: str, mark: str) -> bool:
    """Whether it may be the decimal mark, as a comma is that stands between digits alone."""
    sample = content[:_SAMPLE]
    return mark == "," and sample.count(mark) == len(_DECIMAL.findall(sample))
