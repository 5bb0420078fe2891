"""Files that are either wholly the old one or wholly the new one, whatever happens while they are written."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from throughtime.errors import ThroughtimeError

_BEGINNING, _ENDING, _APART = ".", ".unfinished", "writing-"
_ABANDONED = 86_400  # seconds since it was last written to


@contextmanager
def clear_errors(path: Path, what: str = "write") -> Iterator[None]:
    """Turn an operating system's error (disk full, read-only, no permission) into one sentence that names the path."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise ThroughtimeError(f"cannot {what} {path}: {reason[:1].lower()}{reason[1:]}") from error


def write_atomically(path: Path, content: bytes | str | Iterable[bytes]) -> None:
    """Write a file beside its place and move it there once it is safely on the disk.

    Args:
        path: its folder must exist; a file that stands there stays as it is if anything goes wrong.
        content: text is written as UTF-8; pieces are written as they come.

    Raises:
        ThroughtimeError: it cannot be written; the sentence names the path and the reason.

    Example:
        >>> path = Path(tempfile.mkdtemp()) / "note"
        >>> write_atomically(path, "a")
        >>> path.read_text()
        'a'
    """
    unfinished = path.with_name(f"{_BEGINNING}{path.name}{_ENDING}")
    with clear_errors(path):
        try:
            with _new_file(unfinished) as file:
                whole = content.encode() if isinstance(content, str) else content
                for piece in [whole] if isinstance(whole, bytes) else whole:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


@contextmanager
def written_apart(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written piece by piece, which takes its place once all of it is safely on the disk.

    For caches: several processes may fill one at a time, so each writes under a name of its own.

    Args:
        path: its folder must exist; whatever is raised inside, nothing half-written is left.

    Example:
        >>> path = Path(tempfile.mkdtemp()) / "kept"
        >>> with written_apart(path) as file:
        ...     _ = file.write(b"all of it")
        >>> path.read_bytes()
        b'all of it'
    """
    _remove_abandoned(path.parent)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_APART, delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(file.name).unlink()
            raise


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed have left; what is younger may still be written."""
    for path in folder.glob(f"{_APART}*"):
        with suppress(OSError):
            if path.is_file() and time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink()


def _new_file(path: Path) -> BinaryIO:
    """A file that was not there: what a killed process left is removed first, and a link that somebody planted under
    its name is removed and not followed.
    """
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o666), "wb")


def is_unfinished(name: str) -> bool:
    """Whether a file is called as what is still being written."""
    return name.startswith(_BEGINNING) and name.endswith(_ENDING)


def remove_unfinished(folder: Path) -> None:
    """Remove what a process that was killed while writing has left in a folder."""
    for path in folder.glob(f"{_BEGINNING}*{_ENDING}"):
        with clear_errors(path, "remove"):
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
