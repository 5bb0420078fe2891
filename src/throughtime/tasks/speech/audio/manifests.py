"""Lists of recordings and what is said in them: CSV, TSV, JSONL, and LJSpeech's lines of `name|text|text`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.columns import Record
from throughtime.data.tables import check_widths, read_records
from throughtime.data.text_files import read_text
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.recording import SUFFIXES

AUDIO_NAMES = ("path", "audio_filepath", "audio", "audio_path", "file", "filename", "file_name", "wav", "clip")
TEXT_NAMES = ("text", "sentence", "transcription", "transcript", "normalized_text", "label")
SPEAKER_NAMES = ("speaker", "speaker_id", "client_id")
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
    """

    audio: Path
    text: str
    path: Path
    line: int | None = None
    speaker: str | None = None


def read_manifest(
    path: Path, columns: Columns, encoding: str = "utf-8", clips: Path | None = None, *, texts: bool = True
) -> list[Row]:
    """The rows of a CSV, TSV or JSONL file, or of LJSpeech's metadata.csv.

    Args:
        path: the file.
        columns: which to read.
        encoding: of the file.
        clips: the folder that the paths in it start from; None: that of the file.
        texts: False reads sound files alone (to be predicted): a column of texts need not be there.

    Raises:
        DataError: it cannot be read as that, at which line and why, or the columns have to be told.
    """
    content = read_text(path, encoding)
    first = content.split("\n", 1)[0]
    if re.match(r"[^|,;\t]+\|", first) and path.suffix.lower() in (".csv", ".txt"):
        return list(_ljspeech(path, content))
    records, names = read_records(path, content)
    if names is not None:
        raise DataError(path, f"a first line {_short(first)!r}", f"a table (CSV, TSV, JSONL) of {EXPECTED}", 1)
    rows = list(_rows(path, records, columns, clips or path.parent, texts))
    if not rows:
        raise DataError(path, "a head line and no rows", f"rows of {EXPECTED}")
    return rows


def _ljspeech(path: Path, content: str) -> Iterator[Row]:
    """`LJ001-0001|Printing, in 1820|Printing, in eighteen twenty`: the last column is what is said."""
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        fields = line.split("|")
        if len(fields) not in (2, 3):
            raise DataError(path, f"{len(fields)} columns", "name|text or name|text|text in full", number)
        name, text = fields[0].strip(), fields[-1].strip() or fields[1].strip()
        folder = path.parent / "wavs" if (path.parent / "wavs").is_dir() else path.parent
        has_suffix = Path(name).suffix.lower() in SUFFIXES
        yield Row(folder / (name if has_suffix else f"{name}.wav"), text, path, number)


def _rows(path: Path, records: Sequence[Record], columns: Columns, clips: Path, texts: bool) -> Iterator[Row]:
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
    lower = [name.lower() for name in head]
    at_speaker = next((lower.index(name) for name in SPEAKER_NAMES if name in lower), None)
    for line, fields in table[has_head:]:
        if not fields[at_audio].strip():
            raise DataError(path, "no path of a sound file", "one in each row", line)
        speaker = None if at_speaker is None else fields[at_speaker].strip() or None
        text = "" if at_text is None else fields[at_text]
        yield Row(clips / fields[at_audio].strip(), text, path, line, speaker)


def _find(
    path: Path, head: Sequence[str], columns: Columns, rows: Sequence[Sequence[str]], texts: bool
) -> tuple[int, int | None]:
    """The columns of sound files and of texts: told, named, or the one of names of sound files and the other one."""
    lower = [name.lower() for name in head]
    places: list[int | None] = []
    for told, names, what in ((columns.audio, AUDIO_NAMES, "sound file"), (columns.text, TEXT_NAMES, "text")):
        if told is None:
            places.append(next((lower.index(name) for name in names if name in lower), None))
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
        at_text = 1 - at_audio
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
