"""Pairs in tables: which columns hold sentences, and whether there is a head line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Literal

from throughtime.data.findings import Findings
from throughtime.data.text_files import read_text
from throughtime.errors import DataError
from throughtime.tasks.translation.corpora.languages import is_code, is_heading
from throughtime.tasks.translation.corpora.pair import Pair, Sides, tidy
from throughtime.tasks.translation.corpora.rows import Row, read_rows

Kind = Literal["nothing", "numbers", "codes of languages", "attributions", "identifiers", "sentences"]
_ENOUGH = 2_000  # rows that show what a column holds
_ALMOST_ALL = 0.95
_ATTRIBUTION = re.compile(r"\bCC[- ]BY\b|\bCC0\b|tatoeba\.org", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?=.*[\d/:@])\S+")  # sent_12, a link


def read_table(path: Path, sides: Sides, encoding: str, findings: Findings) -> list[Pair]:
    """The pairs of a table; rows without a text on both sides are left out.

    Args:
        path: the file.
        sides: names or numbers of the two columns; what is not told is the first column of sentences, and the second.
        encoding: of the file.
        findings: takes what was taken for what.

    Raises:
        DataError: it cannot be read as that, or the columns have to be told.
    """
    rows, at = _understood(path, sides, encoding, findings, both=True)
    pairs = []
    for row in rows:
        if len(row.fields) <= max(at):
            found = f"{len(row.fields)} column{'s' * (len(row.fields) != 1)}"
            raise DataError(path, found, f"at least {max(at) + 1}", row.line)
        source, target = (tidy(row.fields[place]) for place in at)
        if source and target:
            pairs.append(Pair(source, target, path, row.line))
        else:
            findings.left_out("empty sides", "a pair without a text on both sides", path, row.line)
    if not pairs:
        raise DataError(path, "no row with a text on both sides", "rows of source and target")
    return pairs


def read_sources(path: Path, sides: Sides, encoding: str, findings: Findings) -> list[str]:
    """What is to be translated of such a table, row by row: "" where a row has nothing."""
    rows, (at, *_) = _understood(path, sides, encoding, findings, both=False)
    return [tidy(row.fields[at]) if at < len(row.fields) else "" for row in rows]


def _understood(
    path: Path, sides: Sides, encoding: str, findings: Findings, *, both: bool
) -> tuple[list[Row], Sequence[int]]:
    """The rows below the head line, and the indices of source and target."""
    rows, named = read_rows(path, read_text(path, encoding, findings=findings), findings, sides.marks)
    head, body = rows[0], rows[1:] or rows
    if len(head.fields) < 1 + both:
        raise DataError(path, "1 column", "at least 2, with a tab between (source, target)", head.line)
    kinds = [_kind(body, column) for column in range(len(head.fields))]
    at = _columns(path, head, kinds, sides, findings, both)
    if named or _is_head(path, head, body, kinds, at, sides, findings):
        rows = rows[1:]
    if not rows:
        raise DataError(path, "a head line and no rows", "rows of source and target")
    return rows, at


# -- columns -------------------------------------------------------------------------------------------------------


def _kind(rows: Sequence[Row], column: int) -> Kind:
    """What a column holds, by its first rows."""
    cells = [row.fields[column].strip() for row in islice(rows, _ENOUGH) if column < len(row.fields)]
    cells = [cell for cell in cells if cell]
    if not cells:
        return "nothing"

    def almost_all(count: int) -> bool:
        return count >= _ALMOST_ALL * len(cells)

    if almost_all(sum(not any(map(str.isalpha, cell)) for cell in cells)):
        return "numbers"
    few = len(set(cells)) <= max(1, len(cells) // 10) and len(cells) > 2
    if few and all(map(is_code, cells)):
        return "codes of languages"
    if almost_all(sum(_ATTRIBUTION.search(cell) is not None for cell in cells)):
        return "attributions"
    if almost_all(sum(_IDENTIFIER.fullmatch(cell) is not None for cell in cells)):
        return "identifiers"
    return "sentences"


def _columns(
    path: Path, head: Row, kinds: Sequence[Kind], sides: Sides, findings: Findings, both: bool
) -> Sequence[int]:
    """Indices of the columns of source and target, as they were told or by what they hold."""
    told = [None if side is None else _told(path, head.fields, side) for side in (sides.source, sides.target)]
    sentences = [column for column, kind in enumerate(kinds) if kind == "sentences"]
    guessed = sentences
    if len(kinds) == 2 and len(sentences) < 2:
        guessed = [0, 1]
        odd = ", ".join(f"{kind} in column {column + 1}" for column, kind in enumerate(kinds) if kind != "sentences")
        findings.suspicious("columns", f"{odd}, taken for sentences: there are two columns alone", path)
    if None in told and len(guessed) < (2 if both else 1):
        shown = ", ".join(f"{kind} in column {column + 1}" for column, kind in enumerate(kinds))
        raise DataError(path, shown, "two columns of sentences: --source and --target say which", head.line)
    pair = [column if column is not None else (guessed * 2)[place] for place, column in enumerate(told)]
    if both and pair[0] == pair[1]:
        raise DataError(path, f"the column {pair[0] + 1} for both sides", "a column each: --source and --target")
    findings.taken("columns", f"source: column {pair[0] + 1}, target: column {pair[1] + 1}", path)
    for column, kind in enumerate(kinds):
        if column in pair or kind == "nothing":
            continue
        if kind == "sentences" and None in told:
            what = f"column {column + 1} holds sentences, too, and was not taken: --source and --target choose"
            findings.suspicious("columns", what, path)
        else:
            findings.taken("columns", f"column {column + 1} holds {kind} and is not used", path)
    return pair


def _told(path: Path, head: Sequence[str], side: str) -> int:
    """Index of the column of a name or number."""
    names = [name.strip() for name in head]
    if side in names:
        return names.index(side)
    if side.isdecimal() and 1 <= int(side) <= len(head):
        return int(side) - 1
    shown = ", ".join(name[:30] for name in names)
    raise DataError(path, f"the columns {shown}", f"one called {side!r}, or its number from 1")


def _is_head(
    path: Path,
    head: Row,
    body: Sequence[Row],
    kinds: Sequence[Kind],
    at: Sequence[int],
    sides: Sides,
    findings: Findings,
) -> bool:
    """Whether the first row names the columns; what speaks against it is said."""
    names = [name.strip() for name in head.fields]
    here = [names[column] for column in at if column < len(names)]
    above = any(kind == "numbers" and any(map(str.isalpha, name)) for name, kind in zip(names, kinds, strict=True))
    by_name = bool({sides.source, sides.target} & set(names)) or (all(map(is_heading, here)) and len(set(here)) > 1)
    words = median(len(row.fields[at[0]].split()) for row in body[:_ENOUGH] if at[0] < len(row.fields))
    shown = " and ".join(repr(name[:30]) for name in here)
    if by_name or (above and body[0] is not head):
        findings.taken("head line", f"{shown} name the columns", path, head.line)
        if words <= 1 and not above and not {sides.source, sides.target} & set(names):
            findings.suspicious("head line", f"{shown} look like a pair, as other rows are words alone, too", path, 1)
        return True
    if words > 2 and all(len(name.split()) == 1 and name[-1:].isalnum() for name in here):
        findings.suspicious("head line", f"{shown} taken for a pair: is it a head line?", path, head.line)
    return False
