"""Music files and folders, whatever their format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from throughtime.errors import DataError
from throughtime.tasks.music.scores.midi import read_midi
from throughtime.tasks.music.scores.musicxml import read_musicxml
from throughtime.tasks.music.scores.score import Score

READERS: dict[str, Callable[[Path], Score]] = {
    ".mid": read_midi,
    ".midi": read_midi,
    ".musicxml": read_musicxml,
    ".xml": read_musicxml,
    ".mxl": read_musicxml,
}
"""Who reads which ending."""

ENDINGS = ", ".join(READERS)


def music_files(path: Path) -> list[Path]:
    """The music files that a path stands for: itself, or all in that folder and below, by name.

    Raises:
        DataError: nothing there, a folder without music, or a file with another ending.
    """
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in READERS and file.is_file())
        if not found:
            raise DataError(path, "a folder without music", f"files that end in {ENDINGS}")
        return found
    if not path.exists():
        raise DataError(path, "no such file or folder", f"a music file ({ENDINGS}) or a folder of them")
    if not path.is_file():
        raise DataError(path, "a device or pipe", "a regular file")  # reading could wait for ever
    if path.suffix.lower() not in READERS:
        raise DataError(path, f"a file that ends in {path.suffix or 'nothing'}", f"one that ends in {ENDINGS}")
    return [path]


def read_score(path: Path) -> Score:
    """One piece, read by the ending of its file and named by its path.

    Raises:
        DataError: as the readers do, or the file cannot be opened.
    """
    try:
        return replace(READERS[path.suffix.lower()](path), name=str(path))
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", "a readable music file") from error
