"""Corpora that are a folder: how Kaldi, LibriSpeech, VCTK, Speech Commands or people lay out sounds and their texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.data.text_files import read_text
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.kaldi import kaldi_rows
from throughtime.tasks.speech.audio.manifests import Columns, Row, read_manifest

_LISTS = ("metadata.csv", "metadata.jsonl", "metadata.tsv", "manifest.csv", "manifest.jsonl", "manifest.tsv")
EXPECTED = (
    "metadata.csv with wavs (LJSpeech), train.tsv, dev.tsv and test.tsv with clips (Common Voice), *.trans.txt "
    "(LibriSpeech), wav.scp and text (Kaldi), or sound files each with its text beside it (a.wav and a.txt or a.lab)"
)
_COMMAND = re.compile(r"(.+)_nohash_\d+")
_TEXTS = (".txt", ".lab", ".normalized.txt")
"""Endings of the text of a recording, the first that is there."""
_TIMED = re.compile(r"\s*\d+\s+\d+\s+(\S.*?)\s*")  # `0 46797 She had your dark suit`: TIMIT's texts, HTK's labels
_SILENCES = frozenset({"sil", "sp", "pau", "h#", "#"})
_MICROPHONE = re.compile(r"_mic(\d)$")


def rows_of(
    folder: Path, files: Sequence[Path], columns: Columns, encoding: str, damaged: Damaged, findings: Findings
) -> list[Row]:
    """What a folder says of its recordings.

    Args:
        folder: of the corpus, or of a split of it.
        files: the sound files in it.
        columns: of its tables.
        encoding: of its texts.
        damaged: keeps what is wrong with single texts.
        findings: how it was understood.

    Raises:
        DataError: it is laid out as none of these.
    """
    lists = [folder / name for name in _LISTS if (folder / name).is_file()]
    transcripts = sorted(folder.rglob("*.trans.txt"))
    if (folder / "wav.scp").is_file():
        return kaldi_rows(folder, encoding, damaged, findings)
    if lists:
        findings.taken("layout", f"a folder with {lists[0].name}", folder)
        rows = read_manifest(lists[0], columns, encoding, findings=findings)
    elif transcripts:
        findings.taken("layout", "*.trans.txt beside the recordings (LibriSpeech)", folder)
        rows = [row for path in transcripts for row in _librispeech(path, encoding)]
    elif files and all(_COMMAND.fullmatch(file.stem) or file.parent.name.startswith("_") for file in files):
        return _commands(folder, files, findings)
    else:
        return _pairs(folder, files, encoding, damaged, findings)
    named = {row.audio for row in rows}
    for file in files:
        if file not in named:
            findings.left_out("sounds without a text", "a sound file that no list names", file)
    return rows


def _librispeech(path: Path, encoding: str) -> Iterator[Row]:
    """`84-121123-0000 GO DO YOU HEAR`: name and text; the name begins with the speaker."""
    for number, line in enumerate(read_text(path, encoding).split("\n"), 1):
        if line.strip():
            name, _, text = line.strip().partition(" ")
            beside = [path.parent / f"{name}{suffix}" for suffix in (".flac", ".wav")]
            audio = next((file for file in beside if file.is_file()), beside[0])
            yield Row(audio, text, path, number, name.split("-")[0])


def _commands(folder: Path, files: Sequence[Path], findings: Findings) -> list[Row]:
    """`yes/0a7c2a8d_nohash_0.wav`: the folder is what is said, the name begins with the speaker (Warden 2018)."""
    findings.taken("layout", "a folder a word, the speaker in each name (Speech Commands)", folder)
    rows = []
    for file in files:
        if found := _COMMAND.fullmatch(file.stem):
            rows.append(Row(file, file.parent.name, file, speaker=found[1]))
        else:
            findings.left_out("sounds without a text", "a sound file in a folder that begins with _", file)
    return rows


def _pairs(folder: Path, files: Sequence[Path], encoding: str, damaged: Damaged, findings: Findings) -> list[Row]:
    """Sound files, each with its text beside it or, in a folder of texts, under the same name (VCTK)."""
    if not files:
        raise DataError(folder, "no sound files", EXPECTED)
    there = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix.lower() in (".txt", ".lab")]
    apart = _alone_by_name(there)
    rows = []
    for file in _one_microphone(files, findings):
        own = [beside for ending in _TEXTS if (beside := file.with_name(file.stem + ending)).is_file()]
        text = own[0] if own else apart.get(_MICROPHONE.sub("", file.stem))
        if text is None:
            findings.left_out("sounds without a text", "a sound file with no text beside it", file)
            continue
        with damaged.kept():
            rows.append(Row(file, _spoken(text, encoding, findings), text, speaker=None if own else file.parent.name))
    if not rows:
        damaged.raise_all()
        raise DataError(folder, f"{len(files)} sound files without texts", EXPECTED)
    far = any(row.path.parent != row.audio.parent for row in rows)
    where = "of its name in another folder, the speaker's folder about it (VCTK)" if far else "beside it"
    findings.taken("layout", f"sound files, each with its text {where}", folder)
    for text in sorted({*there} - {row.path for row in rows}):
        findings.left_out("texts without a sound", "a text with no sound file beside it", text)
    return rows


def _alone_by_name(texts: Sequence[Path]) -> dict[str, Path]:
    """Texts whose name none of the others has, by that."""
    found: dict[str, list[Path]] = {}
    for text in texts:
        found.setdefault(text.stem, []).append(text)
    return {name: some[0] for name, some in found.items() if len(some) == 1}


def _one_microphone(files: Sequence[Path], findings: Findings) -> list[Path]:
    """Without the second recording of what two microphones heard at once."""
    there = {file.with_name(_MICROPHONE.sub("", file.stem)) for file in files if file.stem.endswith("_mic1")}
    kept = []
    for file in files:
        mark = _MICROPHONE.search(file.stem)
        if mark and mark[1] != "1" and file.with_name(_MICROPHONE.sub("", file.stem)) in there:
            findings.left_out("sounds twice", "what a second microphone heard at the same time", file)
        else:
            kept.append(file)
    return kept


def _spoken(path: Path, encoding: str, findings: Findings) -> str:
    """What a text beside a recording says; times before its lines, as TIMIT and HTK have them, are left out."""
    lines = [line for line in read_text(path, encoding).split("\n") if line.strip()]
    timed = [_TIMED.fullmatch(line) for line in lines]
    if not all(timed):
        return " ".join(" ".join(lines).split())
    findings.taken("texts", "lines of two times and what is said between them: the times are not read", path)
    labels = [found[1] for found in timed if found is not None]
    return " ".join(" ".join(label for label in labels if label.lower() not in _SILENCES).split())
