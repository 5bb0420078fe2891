"""JSON of texts and the places of entities in them, as doccano, Label Studio, Prodigy and spaCy write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from throughtime.data.findings import Findings
from throughtime.data.json_rows import ONE_A_LINE, json_rows
from throughtime.errors import DataError
from throughtime.tasks.entities.corpora.sentence import Sentence, Span
from throughtime.tasks.entities.corpora.tokeniser import Tokeniser, has_markup

TEXT_NAMES = ("text", "data", "sentence", "content")
SPAN_NAMES = ("spans", "entities", "label", "labels", "ner")
_START_NAMES = ("start", "start_offset", "begin", "start_char")
_END_NAMES = ("end", "end_offset", "end_char")
_LABEL_NAMES = ("label", "labels", "type", "entity", "tag", "entity_group")
_EXPECTED = "[start, end, label], or an object of start, end and label"
_FORMAT = "JSON of texts and their entities"
_HALVES = re.compile(r"[\ud800-\udfff]")


def read_annotations(path: Path, content: str, findings: Findings) -> list[Sentence]:
    """Read a file of `{"text": ..., "spans": [[start, end, label], ...]}` a line.

    Places are counted in characters from 0, the end is the one after the last. Texts are split into words, also at the
    borders of entities, so that none is lost where it is less than a word. Texts without words are left out.

    Args:
        path: the file.
        content: what is in it.
        findings: takes how the file was understood, what was left out, what looks wrong.

    Raises:
        DataError: the file cannot be read as that, at which line and why.
    """
    findings.taken("format", _FORMAT, path)
    tokeniser = Tokeniser()
    sentences = []
    for line, text, value in _texts(path, content, findings):
        if has_markup(text):
            findings.left_out("markup", "a text with tags of HTML, which are no words", path, line)
        found = _spans(path, line, text, value, findings)
        whole = tokeniser.offsets(text)
        words = _split_at(whole, [place for span in found for place in span[:2]])
        if not words:
            findings.left_out("empty texts", "a text without words", path, line)
            continue
        starts = {start: number for number, (start, _) in enumerate(words)}
        ends = {end: number + 1 for number, (_, end) in enumerate(words)}
        by_word = tuple(Span(starts[span.start], ends[span.end], span.label) for span in found)
        if cut := _count_cutting(whole, found):
            what = "an entity that begins or ends inside a word"
            findings.suspicious("places of entities", what, path, line, cut)
        sentences.append(Sentence(tuple(text[start:end] for start, end in words), by_word, path, line))
    if not sentences:
        raise DataError(path, "no text with words", ONE_A_LINE)
    return sentences


def read_texts(path: Path, content: str, findings: Findings) -> list[str]:
    """The texts of such a file, as they stand there, those without words among them."""
    findings.taken("format", _FORMAT, path)
    return [text for _, text, _ in _texts(path, content, findings)]


def _texts(path: Path, content: str, findings: Findings) -> Iterator[tuple[int, str, Any]]:
    """Line, text and whatever stands for its entities (None: nothing does)."""
    for line, value in json_rows(path, content):
        if isinstance(value, dict) and value.get("answer") in ("reject", "ignore"):
            what = "a text whose annotator said reject or ignore (Prodigy)"
            findings.left_out("rejected texts", what, path, line)
            continue
        text, entities = _parts(path, line, value, findings)
        if not isinstance(text, str):
            raise DataError(path, f"{_short(text)} as text", "a string", line)
        if (whole := _whole(text)) != text:
            what = "a text with half of a character (a lone surrogate), read as U+FFFD"
            findings.left_out("broken characters", what, path, line)
        yield line, whole, entities


def _parts(path: Path, line: int, value: Any, findings: Findings) -> tuple[Any, Any]:
    """The text of a JSON value, and what stands for its entities."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):  # spaCy's pairs
        text, value = value
    elif isinstance(value, dict) and isinstance(value.get("data"), dict):
        return _of_label_studio(path, line, value, findings)
    elif isinstance(value, dict):
        name = next((name for name in TEXT_NAMES if name in value), None)
        if name is None:
            named = ", ".join(map(_short, value)) or "nothing"
            raise DataError(path, f"an object with {named}", f"one with a {TEXT_NAMES[0]!r}", line)
        text = value[name]
        findings.taken("columns", f"texts in {name!r}", path)
    else:
        raise DataError(path, f"a JSON {type(value).__name__}", ONE_A_LINE, line)
    given = [name for name in SPAN_NAMES if value.get(name) is not None]
    given.sort(key=lambda name: not isinstance(value[name], list))  # "label" may be one word beside a list of spans
    if not given:
        return text, None
    findings.taken("columns", f"entities in {given[0]!r}", path)
    for other in given[1:]:
        if isinstance(value[other], list) and value[other] not in ([], value[given[0]]):
            findings.suspicious("columns", f"{other!r} beside {given[0]!r}, which was taken", path, line)
    return text, value[given[0]]


def _of_label_studio(path: Path, line: int, value: Any, findings: Findings) -> tuple[Any, Any]:
    """The text of one of Label Studio's tasks, and what its first annotator marked."""
    data = value["data"]
    name = next((name for name in TEXT_NAMES if isinstance(data.get(name), str)), None)
    name = name or next((name for name, one in data.items() if isinstance(one, str)), None)
    if name is None:
        raise DataError(path, "a task of Label Studio without a text", f"a {TEXT_NAMES[0]!r} in its 'data'", line)
    findings.taken("columns", f"texts in {name!r} of Label Studio's tasks", path)
    given = value.get("annotations", value.get("completions"))
    if not isinstance(given, list):
        return data[name], None
    done = [one for one in given if isinstance(one, dict) and not one.get("was_cancelled")]
    if not done:
        return data[name], []
    if len(done) > 1:
        findings.suspicious("annotators", "a text with several annotations: the first is read", path, line)
    result = done[0].get("result")
    marks = [one.get("value") for one in result if isinstance(one, dict)] if isinstance(result, list) else []
    return data[name], [mark for mark in marks if isinstance(mark, dict) and "start" in mark]


def _spans(path: Path, line: int, text: str, value: Any, findings: Findings) -> list[Span]:
    """The entities of a text by characters, in order, without space at their borders."""
    if value is None:
        raise DataError(
            path, "a text without spans", f"one of {', '.join(SPAN_NAMES)} (an empty list: no entity)", line
        )
    if not isinstance(value, list):
        raise DataError(path, f"{_short(value)} as spans", f"a list of {_EXPECTED}", line)
    given = [_span(path, line, one) for one in value]
    spans = sorted({_trimmed(path, line, text, span) for span in given})
    if len(spans) < len(given):
        what = "an entity that is given twice, merged"
        findings.left_out("repeated entities", what, path, line, len(given) - len(spans))
    if moved := len(set(spans) - set(given)):
        findings.left_out("space around entities", "space at an entity's borders, left out", path, line, moved)
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
    if len(parts) == 3 and isinstance(parts[2], list) and len(parts[2]) == 1:  # Label Studio has a list of them
        parts = [*parts[:2], parts[2][0]]
    whole = [isinstance(part, int) and not isinstance(part, bool) for part in parts[:2]]
    if len(parts) != 3 or not all(whole) or not isinstance(parts[2], str) or not parts[2].strip():
        raise DataError(path, f"{_short(value)} as an entity", _EXPECTED, line)
    return Span(parts[0], parts[1], _whole(parts[2].strip()))


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


def _count_cutting(words: Sequence[tuple[int, int]], spans: Sequence[Span]) -> int:
    """How many entities begin or end inside a word."""
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    return sum(span.start not in starts or span.end not in ends for span in spans)


def _whole(text: str) -> str:
    """A text without halves of characters, which no file can hold: Python reads "\\ud83d" of JSON as such."""
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


def _quoted(text: str, span: Span) -> str:
    return repr(_short(text[span.start : span.end]))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}..."
