"""CoNLL columns: a word a line with its tag, an empty line after each sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.entities.corpora.rows import Block, Rows, read_rows, short
from throughtime.tasks.entities.corpora.schemes import OUTSIDE, Scheme, spans_of
from throughtime.tasks.entities.corpora.sentence import Sentence
from throughtime.tasks.entities.corpora.tag_column import find_tags, tags_come_first
from throughtime.tasks.entities.corpora.tagged import check_scheme

# a file of fewer documents cannot be split by them
_ENOUGH_DOCUMENTS = 10
_LONG = 200  # words of a sentence that looks like several


def read_columns(
    path: Path,
    content: str,
    *,
    word_column: int | None = None,
    tag_column: int | None = None,
    scheme: Scheme | None = None,
    tags: bool = True,
    findings: Findings,
) -> list[Sentence]:
    """Read a file of columns, apart by tabs or by spaces.

    Lines of -DOCSTART- begin a document; lines that begin with # where no word of a sentence has come yet, and are no
    row, are comments. Tags may be of any scheme and notation, or bare labels (PERSON, O), which are taken for IO.

    Args:
        path: the file.
        content: what is in it.
        word_column: number of the column of words, from 1; None: the first, or the second after a column of numbers.
        tag_column: number of that of tags; None: the last, or the only one of tags if the last has none.
        scheme: the one that all tags must follow strictly; None: any, even mixed, are read as conlleval does.
        tags: False reads words alone.
        findings: takes how the file was understood, what was left out, what looks wrong.

    Raises:
        DataError: the file cannot be read as that, at which line and why.
    """
    rows = read_rows(path, content, findings, tags=tags)
    findings.taken("format", f"CoNLL columns, apart by {'tabs' if rows.tabs else 'spaces'}", path)
    first = rows.blocks[0].rows[0]
    if tags and rows.width < 2:
        raise DataError(path, f"one column ({short(first.fields[0])!r})", "a word and its tag", first.line)
    at_word = int(rows.numbered) if word_column is None else _index(path, word_column, rows.width, "word")
    if word_column is None and tag_column is None and tags_come_first(rows):
        at_word, tag_column = 1, 1
    counting = "; column 1 counts them" if rows.numbered and at_word != 0 else ""
    findings.taken("columns", f"words in column {at_word + 1} of {rows.width}{counting}", path)
    _note_long_sentences(path, rows, findings)
    tagged = [[OUTSIDE] * len(block.rows) for block in rows.blocks]
    if tags:
        told = None if tag_column is None else _index(path, tag_column, rows.width, "tag")
        found = find_tags(path, rows, at_word, told, findings)
        tagged = [[found.tag(row) for row in block.rows] for block in rows.blocks]
        lines = [[row.line for row in block.rows] for block in rows.blocks]
        check_scheme(path, lines, tagged, scheme, findings)
    documents = _count_documents(path, rows.blocks, findings)
    return [
        _sentence(path, block, at_word, written, documents) for block, written in zip(rows.blocks, tagged, strict=True)
    ]


def _index(path: Path, number: int, width: int, what: str) -> int:
    if not 1 <= number <= width:
        raise DataError(path, f"{width} columns", f"a {what} column {number}")
    return number - 1


def _note_long_sentences(path: Path, rows: Rows, findings: Findings) -> None:
    for block in rows.blocks:
        if len(block.rows) > _LONG:
            what = f"a sentence of more than {_LONG} words, not cut; is an empty line missing?"
            findings.suspicious("long sentences", what, path, block.rows[0].line)


def _count_documents(path: Path, blocks: Sequence[Block], findings: Findings) -> bool:
    """Whether there are enough documents to keep each on one side of a split."""
    count = len({block.document for block in blocks})
    enough = count >= _ENOUGH_DOCUMENTS
    split = "a split keeps each together" if enough else f"fewer than {_ENOUGH_DOCUMENTS}, no split goes by them"
    findings.taken("documents", f"{count:,}: {split}" if count > 1 else "none are marked", path)
    return enough


def _sentence(path: Path, block: Block, at_word: int, tags: Sequence[str], documents: bool) -> Sentence:
    words = tuple(row.fields[at_word] for row in block.rows)
    document = block.document if documents else None
    return Sentence(words, tuple(spans_of(tags)), path, block.rows[0].line, document)
