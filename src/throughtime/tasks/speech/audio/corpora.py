"""Corpora of speech: a manifest, or a folder as LJSpeech, Common Voice, LibriSpeech or people lay them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.data.text_files import read_text
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.manifests import Columns, Row, read_manifest
from throughtime.tasks.speech.audio.opening import SUFFIXES, UNREAD
from throughtime.tasks.speech.audio.recording import Excerpt, head_of
from throughtime.tasks.speech.audio.utterance import Spelling, Utterance

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
        spelling: how transcripts are written; what has nothing left to be spoken is left out.
        rate: samples a second that are wanted.
    """

    columns: Columns = field(default_factory=Columns)
    encoding: str = "utf-8"
    longest: float = 60.0
    spelling: Spelling = field(default_factory=Spelling)
    rate: int = 16_000


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
    if path.is_dir():
        return _utterances(path, _folder(path, reading, findings), reading, findings)
    return _utterances(path, _manifest(path, reading, findings), reading, findings)


def read_part(path: Path, reading: Reading, findings: Findings | None = None) -> list[Utterance]:
    """As `read_corpus`, where paths in a table start from the folder `clips` beside it if there is one."""
    findings = Findings() if findings is None else findings
    clips = path.parent / "clips"
    if path.is_dir() or not clips.is_dir():
        return read_corpus(path, reading, findings)
    findings.taken("layout", "a table whose paths start from the folder clips beside it (Common Voice)", path)
    return _utterances(path, _manifest(path, reading, findings, clips), reading, findings)


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


def _folder(folder: Path, reading: Reading, findings: Findings) -> list[Row]:
    files = sound_files(folder, findings)
    lists = [folder / name for name in _LISTS if (folder / name).is_file()][:1] or sorted(folder.rglob("*.trans.txt"))
    if not lists:
        return _pairs(folder, files, reading.encoding, findings)
    if lists[0].name in _LISTS:
        findings.taken("layout", f"a folder with {lists[0].name}", folder)
        rows = _manifest(lists[0], reading, findings)
    else:
        findings.taken("layout", "*.trans.txt beside the recordings (LibriSpeech)", folder)
        rows = [row for path in lists for row in _librispeech(path, reading.encoding)]
    named = {row.audio for row in rows}
    for file in files:
        if file not in named:
            findings.left_out("sounds without a text", "a sound file that no list names", file)
    return rows


def _pairs(folder: Path, files: Sequence[Path], encoding: str, findings: Findings) -> list[Row]:
    """Sound files with their texts beside them."""
    if not files:
        raise DataError(folder, "no sound files", EXPECTED)
    rows = []
    for file in files:
        text = file.with_suffix(".txt")
        if text.is_file():
            rows.append(Row(file, " ".join(read_text(text, encoding).split()), text))
        else:
            findings.left_out("sounds without a text", "a sound file with no text beside it", file)
    if not rows:
        raise DataError(folder, f"{len(files)} sound files without texts", EXPECTED)
    findings.taken("layout", "sound files, each with its text beside it", folder)
    for text in sorted({*folder.rglob("*.txt")} - {row.path for row in rows}):
        findings.left_out("texts without a sound", "a text with no sound file beside it", text)
    return rows


def _librispeech(path: Path, encoding: str) -> Iterator[Row]:
    """`84-121123-0000 GO DO YOU HEAR`: name and text; the name begins with the speaker."""
    for number, line in enumerate(read_text(path, encoding).split("\n"), 1):
        if line.strip():
            name, _, text = line.strip().partition(" ")
            beside = [path.parent / f"{name}{suffix}" for suffix in (".flac", ".wav")]
            audio = next((file for file in beside if file.is_file()), beside[0])
            yield Row(audio, text, path, number, name.split("-")[0])


def _utterances(path: Path, rows: Sequence[Row], reading: Reading, findings: Findings) -> list[Utterance]:
    """Rows whose sound files are there, once each, and whose texts can be spoken; what is wrong is said of all."""
    seen: dict[tuple[object, ...], Row] = {}
    found: list[Utterance] = []
    damaged = Damaged(path)
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
                found.append(_utterance(row, reading, findings))
    damaged.raise_all()
    if not found:
        raise DataError(path, "no row with a text that can be spoken", "at least one")
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
