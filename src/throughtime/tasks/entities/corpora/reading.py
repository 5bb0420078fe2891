"""Files of sentences, by what stands in them and never by their names: to be learned from, or to be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.json_rows import json_rows
from throughtime.data.packed import suffix_of
from throughtime.data.text_files import read_text
from throughtime.tasks.entities.corpora.annotations import read_annotations, read_texts
from throughtime.tasks.entities.corpora.bars import has_bars, read_bars
from throughtime.tasks.entities.corpora.columns import read_columns
from throughtime.tasks.entities.corpora.formats import format_of, looks_like_json
from throughtime.tasks.entities.corpora.sentence import Sentence
from throughtime.tasks.entities.corpora.tagged import Tagged, is_tagged, sentences_of, tagged_objects
from throughtime.tasks.entities.corpora.word_tables import is_word_table, read_word_table
from throughtime.tasks.entities.settings import EntitiesSettings

COLUMNS = (".conll", ".conllu", ".iob", ".iob2", ".bio", ".bioes", ".bilou", ".col", ".tsv")
SUFFIXES = (*COLUMNS, ".txt", ".csv", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx", ".xlsm")
"""What an argument of one word that ends so is: a file, also where none is there."""


def read_sentences(path: Path, asked: EntitiesSettings, findings: Findings) -> list[Sentence]:
    """The sentences of a file with their entities.

    Args:
        path: the file.
        asked: which columns, scheme and encoding.
        findings: takes how it was understood.

    Raises:
        DataError: it cannot be read, at which line and why.
    """
    content = read_text(path, asked.encoding, findings=findings)
    scheme = None if asked.scheme == "auto" else asked.scheme
    if (tagged := _tagged(path, content, asked, findings)) is not None:
        return sentences_of(path, tagged, scheme, findings)
    if looks_like_json(content):
        return read_annotations(path, content, findings)
    return read_columns(
        path,
        content,
        word_column=asked.word_column,
        tag_column=asked.tag_column,
        scheme=scheme,
        findings=findings,
    )


def read_to_answer(path: Path, asked: EntitiesSettings, findings: Findings) -> Iterator[str | Sequence[str]]:
    """What a file has to be answered: sentences as words where it has such, else texts, a line each.

    Args, Raises: as of `read_sentences`.
    """
    content = read_text(path, asked.encoding, findings=findings)
    if (tagged := _tagged(path, content, asked, findings)) is not None:
        yield from (one.words for one in tagged)
        return
    found = format_of(content)
    if found == "json":
        yield from read_texts(path, content, findings)
    elif found == "columns" or (found == "words" and suffix_of(path) in COLUMNS):
        sentences = read_columns(path, content, word_column=asked.word_column, tags=False, findings=findings)
        yield from (sentence.words for sentence in sentences)
    else:
        findings.taken("format", "a text a line; it begins with no JSON and has no columns of tags", path)
        yield from content.removesuffix("\n").split("\n")


def _tagged(path: Path, content: str, asked: EntitiesSettings, findings: Findings) -> list[Tagged] | None:
    """Words beside their tags, where a file has them in another form than columns."""
    if looks_like_json(content):
        rows = list(json_rows(path, content))
        if not rows or not is_tagged(rows[0][1]):
            return None
        findings.taken("format", "JSON of words and their tags", path)
        return tagged_objects(path, rows, asked.tag_names, findings)
    if asked.word_column is None and asked.tag_column is None:
        if is_word_table(content):
            return read_word_table(path, content, findings)
        if has_bars(content):
            findings.taken("format", "a sentence a line, words and tags joined by bars", path)
            return read_bars(content)
    return None
