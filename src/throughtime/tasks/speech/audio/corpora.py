"""Corpora of speech, a manifest or a folder: utterances whose sounds are there and whose texts can be spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.layouts import rows_of
from throughtime.tasks.speech.audio.manifests import Columns, Row, read_manifest
from throughtime.tasks.speech.audio.opening import SUFFIXES, UNREAD
from throughtime.tasks.speech.audio.recording import Excerpt, check_recording, head_of
from throughtime.tasks.speech.audio.utterance import Spelling, Utterance


@dataclass(frozen=True)
class Reading:
    """How a corpus is read.

    Args:
        columns: of its tables.
        encoding: of its texts.
        longest: seconds that a recording may last.
        spelling: how transcripts are written; what has nothing left to be spoken is left out.
        rate: samples a second that are wanted.
        skip_broken: leave out recordings that cannot be read (to their end), and count them.
    """

    columns: Columns = field(default_factory=Columns)
    encoding: str = "utf-8"
    longest: float = 60.0
    spelling: Spelling = field(default_factory=Spelling)
    rate: int = 16_000
    skip_broken: bool = False


def read_corpus(path: Path, reading: Reading, findings: Findings | None = None) -> list[Utterance]:
    """The utterances of a manifest or a folder; each sound file's head has been looked at.

    Args:
        path: the manifest or folder.
        reading: how.
        findings: of reading it.

    Raises:
        DataError: nothing of that kind, or something in it cannot be read: names the file and the line.
    """
    findings = Findings() if findings is None else findings
    if not path.exists():
        raise DataError(path, "nothing", "a manifest (CSV, TSV, JSONL of path,text) or a folder of recordings")
    damaged = Damaged(path)
    if path.is_dir():
        files = sound_files(path, findings)
        rows = rows_of(path, files, reading.columns, reading.encoding, damaged, findings)
    else:
        rows = _manifest(path, reading, findings)
    return _utterances(rows, damaged, reading, findings)


def read_part(path: Path, reading: Reading, findings: Findings | None = None) -> list[Utterance]:
    """As `read_corpus`, where paths in a table start from the folder `clips` beside it if there is one."""
    findings = Findings() if findings is None else findings
    clips = path.parent / "clips"
    if path.is_dir() or not clips.is_dir():
        return read_corpus(path, reading, findings)
    findings.taken("layout", "a table whose paths start from the folder clips beside it (Common Voice)", path)
    return _utterances(_manifest(path, reading, findings, clips), Damaged(path), reading, findings)


def sound_files(folder: Path, findings: Findings | None = None) -> list[Path]:
    """All the sound files in a folder and those in it, in alphabetical order."""
    findings = Findings() if findings is None else findings
    files = sorted(file for file in folder.rglob("*") if not file.name.startswith("."))
    for file in files:
        if (ending := file.suffix.lower()) in UNREAD:
            findings.left_out("unread files", f"a sound file that ends in {ending}", file)
    return [file for file in files if file.suffix.lower() in SUFFIXES]


def _manifest(path: Path, reading: Reading, findings: Findings, clips: Path | None = None) -> list[Row]:
    return read_manifest(path, reading.columns, reading.encoding, clips, findings=findings)


def _utterances(rows: Sequence[Row], damaged: Damaged, reading: Reading, findings: Findings) -> list[Utterance]:
    """Rows whose sound files are there, once each, and whose texts can be spoken; what is wrong is said of all."""
    seen: dict[tuple[object, ...], Row] = {}
    found: list[Utterance] = []
    for row in rows:
        with damaged.kept():
            if (first := seen.setdefault((row.audio, row.part), row)) is not row:
                if first.text != row.text:
                    said = f"{row.audio.name} once more with another text (first in line {first.line})"
                    raise DataError(row.path, said, "each recording once", row.line)
                findings.left_out("rows twice", "a recording once more, with the same text", row.path, row.line)
            elif not reading.spelling.of(row.text):
                what = "a text with nothing to be spoken" if row.text.strip() else "no text"
                findings.left_out("empty texts", what, row.path, row.line)
            else:
                utterance = _utterance(row, reading, findings)
                if reading.skip_broken:  # else what breaks off is found when its features are made
                    check_recording(utterance.excerpt)
                found.append(utterance)
    damaged.settle(reading.skip_broken and bool(found), findings)
    if not found:
        raise DataError(damaged.path, "no row with a text that can be spoken", "at least one")
    return found


def _utterance(row: Row, reading: Reading, findings: Findings) -> Utterance:
    if not row.audio.exists():
        raise DataError(row.path, f"{str(row.audio)!r}, which is not there", "a sound file", row.line)
    seconds, rate, channels = head_of(Excerpt(row.audio, *row.part), findings)
    if seconds > reading.longest:
        expected = f"at most {reading.longest:g} (--longest says how many)"
        raise DataError(row.audio, f"{seconds:.1f} seconds of sound", expected)
    if rate != reading.rate:
        findings.taken("sample rates", f"{rate:,} Hz, resampled to {reading.rate:,}", row.audio)
    if channels > 1:
        findings.taken("channels", f"{channels} channels, mixed to one", row.audio)
    return Utterance(row.audio, row.text, seconds, row.path, row.line, row.speaker, row.part)
