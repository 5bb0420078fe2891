"""Music files and folders, whatever their format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.music.scores.midi import read_midi
from throughtime.tasks.music.scores.musicxml import read_musicxml
from throughtime.tasks.music.scores.score import Score
from throughtime.tasks.music.scores.silences import LONGEST_NOTE, LONGEST_SILENCE, bounded

READERS: dict[str, Callable[[Path, Findings | None], Score]] = {
    ".mid": read_midi,
    ".midi": read_midi,
    ".kar": read_midi,
    ".rmi": read_midi,
    ".musicxml": read_musicxml,
    ".xml": read_musicxml,
    ".mxl": read_musicxml,
}
"""Who reads which ending."""

ENDINGS = ", ".join(READERS)
_UNREAD = (
    *(".abc", ".krn", ".mei", ".ly", ".mscz", ".mscx", ".mus", ".musx", ".sib", ".capx", ".gp", ".gp3", ".gp4", ".gp5"),
    *(".gpx", ".ptb", ".mod", ".xm", ".it", ".s3m", ".mat", ".wav", ".mp3", ".flac", ".ogg", ".m4a", ".aiff"),
)
"""Endings of music that nobody reads here."""


def music_files(path: Path, findings: Findings | None = None) -> list[Path]:
    """The music files that a path stands for: itself, or all in that folder and below, by name.

    Args:
        path: a file or folder.
        findings: of looking through it.

    Raises:
        DataError: nothing there, a folder without music, or a file with another ending.
    """
    if path.is_dir():
        findings = Findings() if findings is None else findings
        files = sorted(file for file in path.rglob("*") if file.is_file())
        found = [file for file in files if file.suffix.lower() in READERS]
        if not found:
            raise DataError(path, "a folder without music", f"files that end in {ENDINGS}")
        for file in files:
            if (ending := file.suffix.lower()) in _UNREAD:
                findings.left_out("unread files", f"a file that ends in {ending}, expected {ENDINGS}", file)
        return found
    if not path.exists():
        raise DataError(path, "no such file or folder", f"a music file ({ENDINGS}) or a folder of them")
    if not path.is_file():
        raise DataError(path, "a device or pipe", "a regular file")  # reading could wait for ever
    if path.suffix.lower() not in READERS:
        raise DataError(path, f"a file that ends in {path.suffix or 'nothing'}", f"one that ends in {ENDINGS}")
    return [path]


def read_score(path: Path, findings: Findings | None = None) -> Score:
    """One piece, read by the ending of its file and named by its path; what a stray event makes too long is cut.

    Args:
        path: the file.
        findings: of reading it.

    Raises:
        DataError: as the readers do, or the file cannot be opened.
    """
    findings = Findings() if findings is None else findings
    try:
        score = replace(READERS[path.suffix.lower()](path, findings), name=str(path))
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", "a readable music file") from error
    near, cut, silence = bounded(score)
    if cut:
        what = f"a note held for more than {LONGEST_NOTE:g} quarter notes, cut to that"
        findings.suspicious("long notes", what, path, count=cut)
    if silence:
        what = f"more than {LONGEST_SILENCE:g} quarter notes of silence, cut to that"
        findings.suspicious("long silence", what, path)
    return near
