"""CoNLL columns: a word a line with its tag, an empty line after each sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.tables import read_text
from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.entities.corpora.schemes import OUTSIDE, Scheme, first_break, spans_of, split_tag
from throughtime.tasks.entities.corpora.sentence import Sentence

_DOCUMENT = "-DOCSTART-"
_BLANK = re.compile(r"[ \t]+")
# a file of fewer documents cannot be split by them
_ENOUGH_DOCUMENTS = 10
LONGEST_SENTENCE = 10_000
"""Words that one sentence may have: a file without empty lines is no file of sentences."""


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class _Block:
    rows: list[_Row]
    document: int


def read_columns(
    path: Path,
    *,
    word_column: int | None = None,
    tag_column: int | None = None,
    scheme: Scheme | None = None,
    encoding: str = "utf-8",
    tags: bool = True,
) -> list[Sentence]:
    """Read a file of columns, apart by tabs or by spaces.

    Lines of -DOCSTART- begin a document; lines that begin with # where no word of a sentence has come yet, and are no
    row, are comments. Tags may be of any scheme, or bare labels (PERSON, O), which are taken for IO.

    Args:
        path: the file.
        word_column: number of the column of words, from 1; None: the first, or the second after a column of numbers.
        tag_column: number of that of tags; None: the last.
        scheme: the one that all tags must follow strictly; None: any, even mixed, are read as conlleval does.
        encoding: of the file.
        tags: False reads words alone.

    Raises:
        DataError: the file cannot be read as that, at which line and why.
    """
    content = read_text(path, encoding)
    blocks = list(_blocks(path, content))
    if not blocks:
        raise DataError(path, "no sentence", "words with their tags, one a line")
    rows = [row for block in blocks for row in block.rows]
    width = len(rows[0].fields)
    for row in rows:
        if len(row.fields) != width:
            found = f"{len(row.fields)} column{'s' * (len(row.fields) != 1)}"
            raise DataError(path, found, f"{width} as in line {rows[0].line}", row.line)
    if tags and width < 2:
        raise DataError(path, f"one column ({_short(rows[0].fields[0])!r})", "a word and its tag", rows[0].line)
    at_word = _index(path, word_column, width, "word") if word_column else int(_is_numbered(blocks))
    at_tag = _index(path, tag_column, width, "tag") if tag_column else width - 1
    read_tag = _tag_reader(path, rows, at_tag) if tags else (lambda _: OUTSIDE)
    documents = len({block.document for block in blocks}) >= _ENOUGH_DOCUMENTS
    return [_sentence(path, block, at_word, read_tag, scheme, documents) for block in blocks]


def _blocks(path: Path, content: str) -> Iterator[_Block]:
    """The rows between empty lines."""
    tabs = next((bool("\t" in line) for line in content.split("\n") if line.strip() and not _is_aside(line)), False)
    rows: list[_Row] = []
    document = 0
    for number, line in enumerate([*content.split("\n"), ""], 1):
        is_document = line.startswith(_DOCUMENT)
        if line.strip() and not is_document and not (not rows and _is_comment(line, tabs)):
            fields = line.split("\t") if tabs else _BLANK.split(line.strip(" \t"))
            fields = [field.strip() for field in fields]
            if "" in fields:
                raise DataError(path, f"an empty column in {_short(line)!r}", "something in each column", number)
            rows.append(_Row(number, fields))
            if len(rows) > LONGEST_SENTENCE:
                found = f"more than {LONGEST_SENTENCE:,} lines without an empty one"
                raise DataError(path, found, "an empty line after each sentence", rows[0].line)
            continue
        if rows:
            yield _Block(rows, document)
            rows = []
        document += is_document


def _is_aside(line: str) -> bool:
    return line.startswith((_DOCUMENT, "#"))


def _is_comment(line: str, tabs: bool) -> bool:
    """Whether a line with # first, before the first word of a sentence, is no row for the word # or a #tag."""
    if not line.startswith("#"):
        return False
    if tabs:
        return "\t" not in line
    *others, last = line.split()
    return not others or not (last == OUTSIDE or re.fullmatch(r"[A-Z]-\S+", last))


def _index(path: Path, number: int, width: int, what: str) -> int:
    if not 1 <= number <= width:
        raise DataError(path, f"{width} columns", f"a {what} column {number}")
    return number - 1


def _is_numbered(blocks: Sequence[_Block]) -> bool:
    """Whether the first column counts the words of each sentence from 1, as CoNLL-U has it."""
    first = blocks[:20]
    counted = all(row.fields[0] == str(place) for block in first for place, row in enumerate(block.rows, 1))
    return counted and len(first[0].rows[0].fields) > 2 and any(len(block.rows) > 1 for block in first)


def _tag_reader(path: Path, rows: Sequence[_Row], column: int) -> Callable[[_Row], str]:
    """Turns a row into its tag; where no tag of the file has a letter in front, all are bare labels."""
    kinds = {row.fields[column] for row in rows} - {OUTSIDE}
    bare = kinds and not any(_is_tag(kind) for kind in kinds)
    if bare and (len(kinds) > 100 or any(not re.search(r"[^\W\d_]", kind) for kind in kinds)):
        wrong = next(row for row in rows if not _is_tag(row.fields[column]))
        raise DataError(path, f"{_short(wrong.fields[column])!r} as a tag", "O or one such as B-person", wrong.line)

    def read(row: _Row) -> str:
        tag = row.fields[column]
        if bare and tag != OUTSIDE:
            return f"I-{tag}"
        try:
            split_tag(tag)
        except ArgumentError:
            expected = "O or one such as B-person"
            raise DataError(
                path, f"{_short(tag)!r} as the tag of {_short(row.fields[0])!r}", expected, row.line
            ) from None
        return tag

    return read


def _is_tag(text: str) -> bool:
    try:
        split_tag(text)
    except ArgumentError:
        return False
    return True


def _sentence(
    path: Path,
    block: _Block,
    at_word: int,
    read_tag: Callable[[_Row], str],
    scheme: Scheme | None,
    documents: bool,
) -> Sentence:
    tags = [read_tag(row) for row in block.rows]
    if scheme is not None and (wrong := first_break(tags, scheme)) is not None:
        before = "at the beginning" if wrong == 0 else f"after {tags[wrong - 1]}"
        raise DataError(path, f"{tags[wrong]} {before}", f"tags that follow {scheme}", block.rows[wrong].line)
    words = tuple(row.fields[at_word] for row in block.rows)
    document = block.document if documents else None
    return Sentence(words, tuple(spans_of(tags)), path, block.rows[0].line, document)


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:30]}..."
