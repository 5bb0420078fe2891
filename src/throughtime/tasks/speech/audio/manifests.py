"""Lists of recordings and what is said in them: CSV, TSV, JSONL, and LJSpeech's lines of `name|text|text`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.findings import Findings
from throughtime.data.layout import Record
from throughtime.data.tables import check_widths, read_records
from throughtime.data.text_files import read_text
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.opening import SUFFIXES

AUDIO_NAMES = ("path", "audio_filepath", "audio", "audio_path", "file", "filename", "file_name", "wav", "clip")
TEXT_NAMES = ("text", "sentence", "transcription", "transcript", "normalized_text", "label")
SPEAKER_NAMES = ("speaker", "speaker_id", "client_id", "speaker_name")
START_NAMES = ("offset", "start", "start_time", "begin")
DURATION_NAMES = ("duration", "dur")
END_NAMES = ("end", "end_time", "stop")
EXPECTED = "path,text (tell them by --audio-column and --text-column)"


@dataclass(frozen=True)
class Columns:
    """Which columns to read, by name or by number from 1; None: as they are usually called, or guessed.

    Args:
        audio: of the sound files.
        text: of what is said.
    """

    audio: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What a list says of one recording.

    Args:
        audio: the sound file; whether it is there has not been looked at.
        text: what is said.
        path: the list.
        line: the line there, from 1; None if it is a file for this recording alone.
        speaker: who speaks, if it says so.
        part: seconds in the file before what is said and of it, if it is a part of the file.
    """

    audio: Path
    text: str
    path: Path
    line: int | None = None
    speaker: str | None = None
    part: tuple[float, float | None] = (0.0, None)


def read_manifest(
    path: Path,
    columns: Columns,
    encoding: str = "utf-8",
    clips: Path | None = None,
    *,
    texts: bool = True,
    findings: Findings | None = None,
) -> list[Row]:
    """The rows of a CSV, TSV or JSONL file, or of LJSpeech's metadata.csv.

    Args:
        path: the file.
        columns: which to read.
        encoding: of the file.
        clips: the folder that the paths in it start from; None: that of the file.
        texts: False reads sound files alone (to be predicted): a column of texts need not be there.
        findings: of reading it.

    Raises:
        DataError: it cannot be read as that, at which line and why, or the columns have to be told.
    """
    findings = Findings() if findings is None else findings
    content = read_text(path, encoding)
    first = content.split("\n", 1)[0]
    if re.match(r"[^|,;\t]+\|", first) and path.suffix.lower() in (".csv", ".txt"):
        return list(_ljspeech(path, content, findings))
    records, names = read_records(path, content)
    if names is not None:
        raise DataError(path, f"a first line {_short(first)!r}", f"a table (CSV, TSV, JSONL) of {EXPECTED}", 1)
    rows = list(_rows(path, records, columns, clips or path.parent, texts, findings))
    if not rows:
        raise DataError(path, "a head line and no rows", f"rows of {EXPECTED}")
    return rows


def _ljspeech(path: Path, content: str, findings: Findings) -> Iterator[Row]:
    """`LJ001-0001|Printing, in 1820|Printing, in eighteen twenty`: the last column with texts is what is said."""
    lines = [(number, line.split("|")) for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    for number, fields in lines:
        if len(fields) not in (2, 3):
            raise DataError(path, f"{len(fields)} columns", "name|text or name|text|text in full", number)
    at_text = _text_in_full([fields for _, fields in lines])
    findings.taken("columns", f"name|text as LJSpeech has them, texts in column {at_text + 1}", path)
    folder = path.parent / "wavs" if (path.parent / "wavs").is_dir() else path.parent
    for number, fields in lines:
        name, text = fields[0].strip(), fields[at_text].strip() if len(fields) > at_text else ""
        if not text and at_text == 2:
            text = fields[1].strip()
            findings.taken("texts", "the second column, where the third is empty", path, number)
        has_suffix = Path(name).suffix.lower() in SUFFIXES
        yield Row(folder / (name if has_suffix else f"{name}.wav"), text, path, number)


def _text_in_full(rows: Sequence[Sequence[str]]) -> int:
    """The last column, unless it holds numbers, or fewer words than the one before, which writing in full never has."""
    if max(map(len, rows)) < 3:
        return 1
    second, third = ([fields[at].strip() for fields in rows if len(fields) > at] for at in (1, 2))
    words, in_full = (sum(len(text.split()) for text in column) for column in (second, third))
    fewer = in_full < 0.9 * words
    return 1 if any(third) and (_numbers(third) or (fewer and all(third))) else 2


def _rows(
    path: Path, records: Sequence[Record], columns: Columns, clips: Path, texts: bool, findings: Findings
) -> Iterator[Row]:
    if isinstance(records[0].fields, dict):
        head = list(dict.fromkeys(name for record in records for name in record.fields))
        table = [(record.line, [_cell(path, record, name) for name in head]) for record in records]
        has_head = False
    else:
        check_widths(path, records)
        head = [name.strip() for name in records[0].fields]
        table = [(record.line, record.fields) for record in records]
        has_head = not any(_is_sound(name) for name in head)
    at_audio, at_text = _find(path, head, columns, [fields for _, fields in table[has_head:]], texts)
    if not isinstance(records[0].fields, dict):
        findings.taken("head line", "there is one" if has_head else "there is none", path, records[0].line)
    known = head if has_head or isinstance(records[0].fields, dict) else []  # else they are what is said
    at_speaker = _named(known, SPEAKER_NAMES)
    parts = _Parts(path, _named(known, START_NAMES), _named(known, DURATION_NAMES), _named(known, END_NAMES))
    used = {"sounds": at_audio, "texts": at_text, "speakers": at_speaker, **parts.columns}
    names = [f"{what} in {head[at]!r} ({at + 1})" for what, at in used.items() if at is not None]
    findings.taken("columns", ", ".join(names), path)
    for line, fields in table[has_head:]:
        if not fields[at_audio].strip():
            raise DataError(path, "no path of a sound file", "one in each row", line)
        speaker = None if at_speaker is None else fields[at_speaker].strip() or None
        text = "" if at_text is None else fields[at_text]
        yield Row(clips / fields[at_audio].strip(), text, path, line, speaker, parts.of(fields, line))


@dataclass(frozen=True)
class _Parts:
    """Columns that say which part of a sound file a row is about; a duration alone says how long the file is."""

    path: Path
    start: int | None
    duration: int | None
    end: int | None

    @property
    def columns(self) -> dict[str, int | None]:
        if self.start is None:
            return {}
        length = {"durations": self.duration} if self.duration is not None else {"ends": self.end}
        return {"parts from the seconds": self.start, **length}

    def of(self, fields: Sequence[str], line: int) -> tuple[float, float | None]:
        """Seconds before the part, and of it (None: to the end of the file)."""
        if self.start is None:
            return 0.0, None
        start = self._seconds(fields[self.start], line) or 0.0
        if self.duration is not None:
            return start, self._seconds(fields[self.duration], line)
        end = None if self.end is None else self._seconds(fields[self.end], line)
        if end is not None and end <= start:
            raise DataError(self.path, f"a part that ends at {end:g} s", f"an end after its start {start:g} s", line)
        return start, None if end is None else end - start

    def _seconds(self, field: str, line: int) -> float | None:
        if not field.strip() or field.strip() == "null":
            return None
        try:
            seconds = float(field)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < math.inf:
            raise DataError(self.path, f"{_short(field)!r} as a time", "seconds, such as 1.5", line)
        return seconds


def _named(head: Sequence[str], names: Sequence[str]) -> int | None:
    """The column that has the first of some names."""
    lower = [name.lower() for name in head]
    return next((lower.index(name) for name in names if name in lower), None)


def _numbers(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers alone, no words."""
    return bool(cells) and all(re.fullmatch(r"\s*[-+]?\d*[.,:]?\d+\s*", cell) for cell in cells)


def _find(
    path: Path, head: Sequence[str], columns: Columns, rows: Sequence[Sequence[str]], texts: bool
) -> tuple[int, int | None]:
    """The columns of sound files and of texts: told, named, or the one of names of sound files and the other one."""
    places: list[int | None] = []
    for told, names, what in ((columns.audio, AUDIO_NAMES, "sound file"), (columns.text, TEXT_NAMES, "text")):
        if told is None:
            places.append(_named(head, names))
        elif told in head:
            places.append(head.index(told))
        elif told.isdecimal() and 1 <= int(told) <= len(head):
            places.append(int(told) - 1)
        else:
            raise DataError(path, f"the columns {_list(head)}", f"a {what} column {told!r}", 1)
    at_audio, at_text = places
    if at_audio is None:
        sounds = [place for place in range(len(head)) if rows and all(_is_sound(row[place]) for row in rows[:1000])]
        at_audio = sounds[0] if len(sounds) == 1 else None
    if at_text is None and at_audio is not None and len(head) == 2:
        # a column of durations or speakers is not what is said, even where there is no other
        other = 1 - at_audio
        known = (*START_NAMES, *DURATION_NAMES, *END_NAMES, *SPEAKER_NAMES)
        if head[other].lower() not in known and not _numbers([row[other] for row in rows]):
            at_text = other
    if at_audio is None or (texts and at_text is None):
        raise DataError(path, f"the columns {_list(head)}", EXPECTED, 1)
    return at_audio, at_text


def _is_sound(name: str) -> bool:
    return Path(name.strip()).suffix.lower() in SUFFIXES


def _cell(path: Path, record: Record, name: str) -> str:
    value: Any = record.fields.get(name, "")
    if name.lower() in (*AUDIO_NAMES, *TEXT_NAMES) and not isinstance(value, str):
        raise DataError(path, f"{_short(json.dumps(value))} as {name}", "a string", record.line)
    return value if isinstance(value, str) else json.dumps(value)


def _list(head: Sequence[str]) -> str:
    return ", ".join(_short(name) for name in head[:8]) + (", ..." if len(head) > 8 else "")


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:30]}..."
