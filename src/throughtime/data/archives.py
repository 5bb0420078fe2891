"""Files inside zip, wheel and tar archives, read without unpacking anything to disk."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from throughtime.errors import DataError

# what comes of reading a damaged one
_DAMAGES: tuple[type[Exception], ...] = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError),
)
LARGEST_MEMBER = 256 * 2**20
"""Bytes that one member of an archive may unpack to."""
LARGEST_ARCHIVE = 2**30
"""Bytes that all the members of an archive that are looked at may unpack to together."""


def read_member(archive: Path, name: str, largest: int = LARGEST_MEMBER) -> bytes:
    """The content of one file inside a zip, wheel or tar archive; nothing is unpacked to disk.

    Args:
        archive: the archive.
        name: the member's path inside it.
        largest: bytes that it may have at most (zip bombs).

    Raises:
        DataError: no archive, no such member, or too large.
    """
    for found, content in read_members(archive, lambda member: member == name, largest):
        if found == name:
            return content
    raise DataError(archive, f"no member {name}", f"an archive that holds {name}")


def read_members(
    archive: Path, wanted: Callable[[str], bool], largest: int = LARGEST_MEMBER, total: int = LARGEST_ARCHIVE
) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files inside an archive that are wanted, in its order.

    Args:
        archive: a zip (wheel, mxl) or tar archive (compressed or not).
        wanted: says by name which members to read.
        largest: bytes that one member may have at most.
        total: bytes that all that are unpacked may have together.

    Raises:
        DataError: no archive, damaged, or larger than allowed.
    """
    try:
        if zipfile.is_zipfile(archive):
            yield from _zip_members(archive, wanted, largest, total)
        else:
            yield from _tar_members(archive, wanted, largest, total)
    except _DAMAGES as error:
        reason = "; ".join(str(error).splitlines())  # tarfile says of each kind of archive why it is none
        raise DataError(archive, f"an archive that cannot be read ({reason})", "a zip or tar archive") from error


def _zip_members(archive: Path, wanted: Callable[[str], bool], largest: int, total: int) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            if info.is_dir() or not wanted(info.filename):
                continue
            with opened.open(info) as file:
                content = _read_at_most(archive, info.filename, file, min(largest, total))
            total -= len(content)
            yield info.filename, content


def _tar_members(archive: Path, wanted: Callable[[str], bool], largest: int, total: int) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as opened:
        for info in opened:
            total -= info.size  # a member that is skipped has to be unpacked too
            if total < 0:
                raise DataError(archive, "more than the archive may unpack to", "a smaller archive")
            file = opened.extractfile(info) if info.isfile() and wanted(info.name) else None
            if file is not None:
                yield info.name, _read_at_most(archive, info.name, file, largest)


def _read_at_most(archive: Path, name: str, file: IO[bytes], largest: int) -> bytes:
    # what the archive's directory says of the size may be a lie: count what really comes out
    content = file.read(largest + 1)
    if len(content) > largest:
        raise DataError(archive, f"a member {name} of more than {largest:,} bytes", "one that is smaller")
    return content
