"""Kaldi's data folders: wav.scp and text, with segments and utt2spk where there are such (Povey et al. 2011)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.data.text_files import read_text
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.manifests import Row
from throughtime.tasks.speech.audio.opening import SUFFIXES

_NEAR = 3  # folders above that of the data that paths may start from
_DECODERS = ("flac", "sph2pipe", "sox", "ffmpeg", "cat", "mpg123")


def kaldi_rows(folder: Path, encoding: str, damaged: Damaged, findings: Findings) -> list[Row]:
    """The utterances of a data folder.

    Args:
        folder: with wav.scp (`recording path`) and text (`utterance words`); with segments (`utterance recording start
            end`) an utterance is a part of a recording; utt2spk (`utterance speaker`) says who speaks.
        encoding: of these files.
        damaged: keeps what is wrong with single lines.
        findings: how it was understood.

    Raises:
        DataError: a file that should be there is not, or a line of one does not fit.
    """
    if not (folder / "text").is_file():
        raise DataError(folder, "wav.scp without text", "what is said in a file text (Kaldi)")
    cut = (folder / "segments").is_file()
    findings.taken("layout", f"wav.scp, text{' and segments' * cut} (Kaldi)", folder)
    sounds = {key: (number, rest) for number, key, rest in _lines(folder / "wav.scp", encoding)}
    parts = dict(_parts(folder / "segments", encoding)) if cut else {key: (key, 0.0, None) for key in sounds}
    speakers = folder / "utt2spk"
    spoken_by = {key: rest for _, key, rest in _lines(speakers, encoding)} if speakers.is_file() else {}
    texts = folder / "text"
    rows = []
    for number, utterance, words in _lines(texts, encoding):
        with damaged.kept():
            if utterance not in parts or parts[utterance][0] not in sounds:
                where = "segments and wav.scp" if cut else "wav.scp"
                raise DataError(texts, f"the utterance {utterance[:40]!r}, which {where} do not name", "one", number)
            recording, start, seconds = parts[utterance]
            file = _sound(folder, *sounds[recording], findings)
            rows.append(Row(file, words, texts, number, spoken_by.get(utterance), (start, seconds)))
    if silent := len(parts.keys() - {utterance for _, utterance, _ in _lines(texts, encoding)}):
        findings.left_out("sounds without a text", "an utterance that text does not name", folder, count=silent)
    return rows


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str, str]]:
    """Number, first word, and what comes after it."""
    for number, line in enumerate(read_text(path, encoding).split("\n"), 1):
        if line.strip():
            key, *rest = line.split(None, 1)
            yield number, key, rest[0].strip() if rest else ""


def _parts(path: Path, encoding: str) -> Iterator[tuple[str, tuple[str, float, float | None]]]:
    """Utterance; its recording, the second at which it begins there, and its seconds (None: to the end)."""
    for number, utterance, rest in _lines(path, encoding):
        fields = rest.split()
        try:
            start, end = map(float, fields[1:3])
        except ValueError:
            raise DataError(path, f"{rest[:40]!r}", "a recording, its start and its end in seconds", number) from None
        if start < 0 or 0 <= end <= start:
            raise DataError(path, f"a part from {start:g} to {end:g} seconds", "an end after its start", number)
        yield utterance, (fields[0], start, None if end < 0 else end - start)


def _sound(folder: Path, line: int, said: str, findings: Findings) -> Path:
    """The file of a line of wav.scp; of a command that only decodes a file, that file: nothing is ever executed."""
    words = said.removesuffix("|").split()
    if said.endswith("|"):
        files = [word for word in words[1:] if Path(word).suffix.lower() in SUFFIXES]
        if not words or Path(words[0]).name not in _DECODERS or len(files) != 1 or said.count("|") > 1:
            raise DataError(folder / "wav.scp", f"the command {said[:60]!r}", "the path of a sound file", line)
        findings.taken("sounds", "the file that a command of wav.scp decodes; the command is not run", folder)
        said = files[0]
    near = [folder, *folder.resolve().parents[:_NEAR]]
    return next((file for start in near if (file := start / said).is_file()), folder / said)
