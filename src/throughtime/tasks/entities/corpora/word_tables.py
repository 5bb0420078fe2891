"""Tables with a head line: a word a row beside the number of its sentence, or a sentence a row with all its tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from throughtime.data.delimiters import choose_delimiter
from throughtime.data.findings import Findings
from throughtime.data.layout import Record
from throughtime.data.tables import check_widths, parse_csv, split_tabs
from throughtime.errors import DataError
from throughtime.tasks.entities.corpora.tagged import Tagged

_SENTENCE = ("sentence #", "sentence_id", "sentence_idx", "sent_id", "sentence no", "sentence number", "sentence")
_WORD = ("word", "token", "words", "tokens", "form", "text")
_TAG = ("tag", "ner_tag", "ner", "ner_tags", "tags", "label", "labels", "entity", "iob")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")


def is_word_table(content: str) -> bool:
    """Whether the first line names a column of words and one of tags, or of sentences.

    Example:
        >>> is_word_table("Sentence #,Word,POS,Tag\\n"), is_word_table("Ann\\tB-PER\\n")
        (True, False)
    """
    names = _names(re.split("[,;\t|]", content.partition("\n")[0]))
    return len(names) > 1 and _one_of(names, _WORD) is not None and _one_of(names, (*_TAG, *_SENTENCE)) is not None


def read_word_table(path: Path, content: str, findings: Findings) -> list[Tagged]:
    """The sentences of a table.

    A row is a word: a new sentence begins where the column of sentences has another value (a cell without any goes on),
    or, without such a column, after an empty line. Or a row is a sentence, its tags parted by spaces or a list.

    Args:
        path: the file.
        content: what is in it.
        findings: takes how it was understood.

    Raises:
        DataError: it cannot be read as that, at which line and why.
    """
    mark, content = choose_delimiter(path, content, findings)
    if mark == "\t":
        records = [Record(line, split_tabs(row)) for line, row in enumerate(content.removesuffix("\n").split("\n"), 1)]
    else:
        records = list(parse_csv(path, content, mark))
    head, *rows = records
    names = _names(head.fields)
    at_word, at_tag, at_sentence = (_one_of(names, some) for some in (_WORD, _TAG, _SENTENCE))
    if at_word is None:
        raise DataError(path, f"the columns {', '.join(names)}", "one called word or token", head.line)
    check_widths(path, [head, *(row for row in rows if any(row.fields))])
    columns = (("words", at_word), ("tags", at_tag), ("sentences", at_sentence))
    called = (f"{what} in {head.fields[at]!r}" for what, at in columns if at is not None)
    findings.taken("columns", ", ".join(called), path)
    filled = [row for row in rows if any(field.strip() for field in row.fields)]
    if at_tag is not None and any(len(row.fields[at_tag].split()) > 1 for row in filled):
        findings.taken("format", "a table of sentences and their tags", path)
        return [Tagged(row.line, row.fields[at_word].split(), _many(row.fields[at_tag])) for row in filled]
    findings.taken("format", "a table of words and their tags", path)
    return _by_word(rows, at_word, at_tag, at_sentence)


def _by_word(rows: Sequence[Record], at_word: int, at_tag: int | None, at_sentence: int | None) -> list[Tagged]:
    found: list[list[Record]] = []
    before: str | None = None
    for row in rows:
        if not any(field.strip() for field in row.fields):
            before = None
            continue
        number = "" if at_sentence is None else row.fields[at_sentence].strip()
        if before is None or (number and number != before):
            found.append([])
        before = number or before or ""
        found[-1].append(row)
    return [
        Tagged(
            some[0].line,
            [row.fields[at_word].strip() for row in some],
            None if at_tag is None else [row.fields[at_tag].strip() for row in some],
            [row.line for row in some],
        )
        for some in found
    ]


def _many(cell: str) -> list[str]:
    """The tags of a cell that holds several."""
    cell = cell.strip()
    return [one or other for one, other in _QUOTED.findall(cell)] if cell.startswith("[") else cell.split()


def _names(fields: Sequence[str]) -> list[str]:
    return [field.strip().strip('"').strip().lower() for field in fields]


def _one_of(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)
