"""The rows of CoNLL files, sentence by sentence: what separates columns, what is a comment, what counts the words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from throughtime.data.findings import Findings
from throughtime.errors import DataError

LONGEST_SENTENCE = 10_000
"""Words that one sentence may have: a file without empty lines is no file of sentences."""
_DOCUMENT = "-DOCSTART-"
_NEW_DOCUMENT = re.compile(r"#\s*newdoc\b")  # of CoNLL-U
_BLANK = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"(\d+)([-.]\d+)?")
_TAG = re.compile(r"[A-Za-z]-\S+|[Oo]")
_ENOUGH = 20  # sentences that show whether words are counted


@dataclass(frozen=True, slots=True)
class Row:
    """A word's line, and its fields."""

    line: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of a sentence, and which document it belongs to, from 0."""

    rows: list[Row]
    document: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A file.

    Args:
        blocks: at least one, none without rows; all rows have as many fields.
        tabs: whether tabs separate them, and not spaces.
        numbered: whether the first field counts the words, as in CoNLL-U.
    """

    blocks: list[Block]
    tabs: bool
    numbered: bool

    @property
    def width(self) -> int:
        """Fields of a row."""
        return len(self.blocks[0].rows[0].fields)


class _Shape(NamedTuple):
    """Of the first line that is surely a row: whether it has tabs, how many fields, whether a number comes first."""

    tabs: bool = False
    width: int | None = None
    numbered: bool = False


def read_rows(path: Path, content: str, findings: Findings, *, tags: bool = True) -> Rows:
    """All rows but those of CoNLL-U's ranges (4-5, whose words follow) and empty nodes (3.1, which nobody wrote).

    Args:
        path: the file.
        content: what is in it.
        findings: takes what is no row.
        tags: whether there must be a column for these; a column of numbers needs words beside it.

    Raises:
        DataError: none, or rows of different widths.
    """
    shape = _shape(content)
    blocks = list(_blocks(path, content, shape, findings))
    if not blocks:
        raise DataError(path, "no sentence", "words with their tags, one a line")
    first = blocks[0].rows[0]
    for block in blocks:
        for row in block.rows:
            if len(row.fields) != len(first.fields):
                found = f"{len(row.fields)} column{'s' * (len(row.fields) != 1)}"
                raise DataError(path, found, f"{len(first.fields)} as in line {first.line}", row.line)
    numbered = len(first.fields) > 1 + tags and is_numbered(blocks)
    if numbered:
        blocks = list(_words(path, blocks, findings))
    if not blocks:
        raise DataError(path, "ranges and empty nodes alone", "words with their tags, one a line")
    return Rows(blocks, shape.tabs, numbered)


def is_numbered(blocks: Sequence[Block]) -> bool:
    """Whether the first field counts the words of each sentence, ranges and empty nodes among them."""
    some = blocks[:_ENOUGH]
    for block in some:
        before = None
        for row in block.rows:
            number = _NUMBER.fullmatch(row.fields[0])
            if number is None:
                return False
            if number[2] is None:
                if before is not None and int(number[1]) != before + 1:
                    return False
                before = int(number[1])
    return any(len(block.rows) > 1 for block in some)


def split_line(line: str, tabs: bool) -> list[str]:
    """The fields of a line; a no-break space is a word, spaces around words are not."""
    fields = line.split("\t") if tabs else _BLANK.split(line.strip(" \t\r"))
    return [field.strip(" \r") for field in fields]


def is_aside(line: str) -> bool:
    """Whether a line may be something else than a row: it begins a document, or with #."""
    return line.startswith((_DOCUMENT, "#"))


def _shape(content: str) -> _Shape:
    line = next((line for line in content.split("\n") if line.strip() and not is_aside(line)), None)
    if line is None:
        return _Shape()
    fields = split_line(line, "\t" in line)
    return _Shape("\t" in line, len(fields), len(fields) > 2 and _NUMBER.fullmatch(fields[0]) is not None)


def _blocks(path: Path, content: str, shape: _Shape, findings: Findings) -> Iterator[Block]:
    """The rows between empty lines."""
    rows: list[Row] = []
    document = 0
    for number, line in enumerate([*content.split("\n"), ""], 1):
        begins = line.startswith(_DOCUMENT)
        comment = not rows and line.startswith("#") and _is_comment(line, shape)
        if comment:
            begins = _NEW_DOCUMENT.match(line) is not None
            findings.left_out("comments", "a line that begins with # before a sentence", path, number)
        elif line.strip() and not begins:
            fields = split_line(line, shape.tabs)
            if "" in fields:
                raise DataError(path, f"an empty column in {short(line)!r}", "something in each column", number)
            rows.append(Row(number, fields))
            if len(rows) > LONGEST_SENTENCE:
                found = f"more than {LONGEST_SENTENCE:,} lines without an empty one"
                raise DataError(path, found, "an empty line after each sentence", rows[0].line)
            continue
        if rows:
            yield Block(rows, document)
            rows = []
        document += begins


def _is_comment(line: str, shape: _Shape) -> bool:
    """Whether a line with # first, before the first word of a sentence, is no row for the word # or a #tag."""
    if shape.numbered or (shape.width is not None and len(split_line(line, shape.tabs)) != shape.width):
        return True
    if shape.tabs:
        return False
    *others, last = line.split()
    return not others or _TAG.fullmatch(last) is None


def _words(path: Path, blocks: Sequence[Block], findings: Findings) -> Iterator[Block]:
    """The blocks of a numbered file, without what is no word."""
    for block in blocks:
        rows = []
        for row in block.rows:
            if "-" in row.fields[0]:
                findings.left_out("ranges", "a range such as 4-5, whose words follow it", path, row.line)
            elif "." in row.fields[0]:
                findings.left_out("empty nodes", "a node such as 3.1, which is no word of the text", path, row.line)
            else:
                rows.append(row)
        if rows:
            yield Block(rows, block.document)


def short(text: str) -> str:
    """Its beginning, for messages."""
    return text if len(text) <= 30 else f"{text[:30]}..."
