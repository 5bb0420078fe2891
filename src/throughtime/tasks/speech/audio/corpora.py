"""Corpora of speech: a manifest, or a folder as LJSpeech, Common Voice, LibriSpeech or people lay them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from throughtime.data.text_files import read_text
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.manifests import Columns, Row, read_manifest
from throughtime.tasks.speech.audio.recording import SUFFIXES, seconds_of
from throughtime.tasks.speech.audio.utterance import Spelling, Utterance

_SPLITS = {"train": ("train", "training"), "valid": ("valid", "validation", "dev", "val"), "test": ("test",)}
_TABLES = (".tsv", ".csv", ".jsonl")
_LISTS = ("metadata.csv", "metadata.jsonl", "metadata.tsv", "manifest.csv", "manifest.jsonl", "manifest.tsv")
EXPECTED = (
    "metadata.csv with wavs (LJSpeech), train.tsv, dev.tsv and test.tsv with clips (Common Voice), *.trans.txt "
    "(LibriSpeech), or sound files each with its text beside it (a.wav and a.txt)"
)


@dataclass(frozen=True)
class Reading:
    """How a corpus is read.

    Args:
        columns: of its tables.
        encoding: of its texts.
        longest: seconds that a recording may last.
        spelling: how transcripts are written; what has nothing left to be spoken is an error.
    """

    columns: Columns = field(default_factory=Columns)
    encoding: str = "utf-8"
    longest: float = 60.0
    spelling: Spelling = field(default_factory=Spelling)


def read_corpus(path: Path, reading: Reading) -> list[Utterance]:
    """The utterances of a manifest or a folder; each sound file's head has been looked at.

    Raises:
        DataError: nothing of that kind, or something in it cannot be read: names the file and the line.
    """
    if not path.exists():
        raise DataError(path, "nothing", "a manifest (CSV, TSV, JSONL of path,text) or a folder of recordings")
    rows = _folder(path, reading) if path.is_dir() else read_manifest(path, reading.columns, reading.encoding)
    return list(_utterances(rows, reading))


def given_splits(folder: Path) -> dict[str, Path] | None:
    """The parts train, valid and test that a folder names, as tables or folders; None if it does not name all three."""
    parts: dict[str, Path] = {}
    for split, names in _SPLITS.items():
        tables = [folder / f"{name}{suffix}" for name in names for suffix in _TABLES]
        folders = [folder / name for name in names]
        found = next((path for path in tables if path.is_file()), None)
        found = found or next((path for path in folders if path.is_dir()), None)
        if found is None:
            return None
        parts[split] = found
    return parts


def read_part(path: Path, reading: Reading) -> list[Utterance]:
    """As `read_corpus`, where paths in a table start from the folder `clips` beside it if there is one."""
    clips = path.parent / "clips"
    if path.is_dir() or not clips.is_dir():
        return read_corpus(path, reading)
    return list(_utterances(read_manifest(path, reading.columns, reading.encoding, clips), reading))


def sound_files(folder: Path) -> list[Path]:
    """All the sound files in a folder and those in it, in alphabetical order."""
    return sorted(
        file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    )


def _folder(folder: Path, reading: Reading) -> Iterator[Row]:
    for name in _LISTS:
        if (folder / name).is_file():
            yield from read_manifest(folder / name, reading.columns, reading.encoding)
            return
    if lists := sorted(folder.rglob("*.trans.txt")):
        for path in lists:
            yield from _librispeech(path, reading.encoding)
        return
    files = sound_files(folder)
    if not files:
        raise DataError(folder, "no sound files", EXPECTED)
    if not any(file.with_suffix(".txt").is_file() for file in files):
        raise DataError(folder, f"{len(files)} sound files without texts", EXPECTED)
    for file in files:
        text = file.with_suffix(".txt")
        if not text.is_file():
            raise DataError(file, f"no {text.name} beside it", "what is said, there")
        yield Row(file, " ".join(read_text(text, reading.encoding).split()), text)


def _librispeech(path: Path, encoding: str) -> Iterator[Row]:
    """`84-121123-0000 GO DO YOU HEAR`: name and text; the name begins with the speaker."""
    for number, line in enumerate(read_text(path, encoding).split("\n"), 1):
        if line.strip():
            name, _, text = line.strip().partition(" ")
            beside = [path.parent / f"{name}{suffix}" for suffix in (".flac", ".wav")]
            audio = next((file for file in beside if file.is_file()), beside[0])
            yield Row(audio, text, path, number, name.split("-")[0])


def _utterances(rows: Iterable[Row], reading: Reading) -> Iterator[Utterance]:
    """Rows whose sound files are there, once each, and whose texts can be spoken."""
    seen: dict[Path, Row] = {}
    for row in rows:
        if (first := seen.setdefault(row.audio, row)) is not row:
            found = f"{row.audio.name} once more (first in line {first.line})"
            raise DataError(row.path, found, "each recording once", row.line)
        if not reading.spelling.of(row.text):
            found = f"a text with nothing to be spoken ({row.text[:30]!r})" if row.text.strip() else "no text"
            raise DataError(row.path, found, f"what is said in {row.audio.name}", row.line)
        if not row.audio.exists():
            raise DataError(row.path, f"{str(row.audio)!r}, which is not there", "a sound file", row.line)
        seconds = seconds_of(row.audio)
        if seconds > reading.longest:
            expected = f"at most {reading.longest:g} (--longest says how many)"
            raise DataError(row.audio, f"{seconds:.1f} seconds of sound", expected)
        yield Utterance(row.audio, row.text, seconds, row.path, row.line, row.speaker)
