"""JSON lines of texts and the places of entities in them, as doccano, Prodigy and spaCy write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from throughtime.data.tables import ONE_A_LINE, read_text
from throughtime.errors import DataError
from throughtime.tasks.entities.corpora.sentence import Sentence, Span
from throughtime.tasks.entities.corpora.tokeniser import Tokeniser

TEXT_NAMES = ("text", "data", "sentence", "content")
SPAN_NAMES = ("spans", "entities", "label", "labels", "ner")
_START_NAMES = ("start", "start_offset", "begin", "start_char")
_END_NAMES = ("end", "end_offset", "end_char")
_LABEL_NAMES = ("label", "type", "entity", "tag", "entity_group")
_EXPECTED = "[start, end, label], or an object of start, end and label"


def read_annotations(path: Path, *, encoding: str = "utf-8", spans: bool = True) -> list[Sentence]:
    """Read a file of `{"text": ..., "spans": [[start, end, label], ...]}` a line.

    Places are counted in characters from 0, the end is the one after the last. Texts are split into words, also at the
    borders of entities, so that none is lost where it is less than a word.

    Args:
        path: the file.
        encoding: of it.
        spans: False reads texts alone.

    Raises:
        DataError: the file cannot be read as that, at which line and why.
    """
    tokeniser = Tokeniser()
    sentences = []
    for line, text, value in _texts(path, read_text(path, encoding)):
        found = _spans(path, line, text, value) if spans else []
        words = _split_at(tokeniser.offsets(text), [place for span in found for place in span[:2]])
        if not words:
            raise DataError(path, "a text without words", "words", line)
        starts = {start: number for number, (start, _) in enumerate(words)}
        ends = {end: number + 1 for number, (_, end) in enumerate(words)}
        by_word = tuple(Span(starts[span.start], ends[span.end], span.label) for span in found)
        sentences.append(Sentence(tuple(text[start:end] for start, end in words), by_word, path, line))
    if not sentences:
        raise DataError(path, "no text", ONE_A_LINE)
    return sentences


def read_texts(path: Path, encoding: str = "utf-8") -> list[str]:
    """The texts of such a file, as they stand there."""
    return [text for _, text, _ in _texts(path, read_text(path, encoding))]


def looks_like_json(content: str) -> bool:
    """Whether a file's content begins as JSON does and CoNLL columns do not."""
    return content.lstrip()[:200].replace(" ", "").startswith(('{"', '["', '[{"', '[["'))


def _texts(path: Path, content: str) -> Iterator[tuple[int, str, Any]]:
    """Line, text and whatever stands for its entities (None: nothing does)."""
    for line, row in enumerate(content.split("\n"), 1):
        if not row.strip():
            continue
        try:
            value = json.loads(row)
        except (ValueError, RecursionError) as error:
            raise DataError(path, f"no JSON ({error})", ONE_A_LINE, line) from error
        text, entities = _parts(path, line, value)
        if not isinstance(text, str):
            raise DataError(path, f"{_short(text)} as text", "a string", line)
        yield line, text, entities


def _parts(path: Path, line: int, value: Any) -> tuple[Any, Any]:
    """The text of a JSON value, and what stands for its entities."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):  # spaCy's pairs
        text, value = value
    elif isinstance(value, dict):
        name = next((name for name in TEXT_NAMES if name in value), None)
        if name is None:
            named = ", ".join(map(_short, value)) or "nothing"
            raise DataError(path, f"an object with {named}", f"one with a {TEXT_NAMES[0]!r}", line)
        text = value[name]
    else:
        raise DataError(path, f"a JSON {type(value).__name__}", ONE_A_LINE, line)
    lists = [value[name] for name in SPAN_NAMES if isinstance(value.get(name), list)]
    if lists:
        return text, lists[0]
    return text, next((value[name] for name in SPAN_NAMES if value.get(name) is not None), None)


def _spans(path: Path, line: int, text: str, value: Any) -> list[Span]:
    """The entities of a text by characters, in order, without space at their borders."""
    if value is None:
        raise DataError(
            path, "a text without spans", f"one of {', '.join(SPAN_NAMES)} (an empty list: no entity)", line
        )
    if not isinstance(value, list):
        raise DataError(path, f"{_short(value)} as spans", f"a list of {_EXPECTED}", line)
    spans = sorted(_trimmed(path, line, text, _span(path, line, one)) for one in value)
    for before, after in pairwise(spans):
        if after.start < before.end:
            both = f"{_quoted(text, before)} and {_quoted(text, after)}"
            raise DataError(path, f"{both}, which overlap", "entities apart from each other", line)
    return spans


def _span(path: Path, line: int, value: Any) -> Span:
    if isinstance(value, dict):
        names = (_START_NAMES, _END_NAMES, _LABEL_NAMES)
        parts: Sequence[Any] = [next((value[name] for name in few if name in value), None) for few in names]
    else:
        parts = value if isinstance(value, list) else []
    whole = [isinstance(part, int) and not isinstance(part, bool) for part in parts[:2]]
    if len(parts) != 3 or not all(whole) or not isinstance(parts[2], str) or not parts[2].strip():
        raise DataError(path, f"{_short(value)} as an entity", _EXPECTED, line)
    label = parts[2].strip()
    return Span(parts[0], parts[1], label)


def _trimmed(path: Path, line: int, text: str, span: Span) -> Span:
    if not 0 <= span.start < span.end <= len(text):
        found = f"an entity from {span.start} to {span.end}"
        raise DataError(path, found, f"places in order from 0 to {len(text)}, the length of the text", line)
    words = Tokeniser().offsets(text[span.start : span.end])
    if not words:
        raise DataError(path, f"an entity {_quoted(text, span)} without words", "words", line)
    return Span(span.start + words[0][0], span.start + words[-1][1], span.label)


def _split_at(words: Sequence[tuple[int, int]], borders: Sequence[int]) -> list[tuple[int, int]]:
    """The words, cut where a border lies inside one."""
    cut = []
    for start, end in words:
        inside = sorted({place for place in borders if start < place < end})
        cut += list(zip([start, *inside], [*inside, end], strict=True))
    return cut


def _quoted(text: str, span: Span) -> str:
    return repr(_short(text[span.start : span.end]))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}..."
