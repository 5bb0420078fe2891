"""Files that are packed by gzip, bzip2, xz or zip, read as what is in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from throughtime.data.findings import Findings
from throughtime.data.kinds import kind_of
from throughtime.errors import DataError

PACKINGS = (".gz", ".bz2", ".xz", ".zip")
"""What the names of packed files end in."""
_TIMES, _AT_LEAST = 100, 64 * 2**20
_BLOCK = 2**20
_Opener = Callable[[IO[bytes]], Any]
_STREAMS: dict[str, tuple[bytes, _Opener]] = {
    "gzip": (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    "bzip2": (b"BZh", bz2.BZ2File),
    "xz": (b"\xfd7zXZ\x00", lzma.LZMAFile),
}
_ZIP = b"PK\x03\x04"


def largest_unpacked(packed: int) -> int:
    """Bytes that a file of so many may unpack to: text and numbers do, a bomb does not."""
    return max(_AT_LEAST, _TIMES * packed)


def suffix_of(path: Path) -> str:
    """The ending that says what a file is, in lower case; of a packed file, that of what is in it.

    Example:
        >>> [suffix_of(Path(name)) for name in ("a.CSV", "a.csv.gz", "corpus.da.xz")]
        ['.csv', '.csv', '.da']
    """
    return named_without_packing(path).suffix.lower()


def named_without_packing(path: Path) -> Path:
    """A path as it would be without its packing: a.csv of a.csv.gz; of a zip archive of one file, that file's name."""
    if path.suffix.lower() not in PACKINGS:
        return path
    if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as opened:
            members = _members(opened)
        return path.with_name(Path(members[0].filename).name) if len(members) == 1 else path
    return path.with_suffix("")


def packing_of(beginning: bytes) -> str | None:
    """How a file is packed, by its first bytes; None: it is not.

    Example:
        >>> packing_of(gzip.compress(b"text")), packing_of(b"text")
        ('gzip', None)
    """
    if beginning.startswith(_ZIP):
        return "zip"
    found = next((name for name, (magic, _) in _STREAMS.items() if beginning.startswith(magic)), None)
    is_word = found == "bzip2" and beginning[4:10] != b"1AY&SY"  # a text may begin with BZh, too
    return None if is_word else found


def unpacked(path: Path, content: bytes, findings: Findings) -> bytes:
    """What is in a packed file; the content of one that is not packed as it is.

    Args:
        path: the file, for messages.
        content: all of it.
        findings: is told how it is packed.

    Raises:
        DataError: damaged, cut off, encrypted, too large, or an archive of several files.
    """
    packing = packing_of(content[:16])
    if packing is None or (packing == "zip" and kind_of(content) is not None):  # a spreadsheet is a zip archive, too
        return content
    with io.BytesIO(content) as file:
        found = open_packed(path, file, packing, findings)
        return b"".join(unpacked_blocks(path, packing, found, len(content)))


def open_packed(path: Path, file: IO[bytes], packing: str, findings: Findings) -> IO[bytes]:
    """A stream of what is in a packed file.

    Args:
        path: the file, for messages.
        file: its bytes.
        packing: as `packing_of` has it.
        findings: is told.

    Raises:
        DataError: a zip archive that is damaged, encrypted, or holds other than one file.
    """
    if packing != "zip":
        findings.taken("packing", f"{packing}: what is in it is read", path)
        stream: IO[bytes] = _STREAMS[packing][1](file)
        return stream
    try:
        opened = zipfile.ZipFile(file)
        members = _members(opened)
        if len(members) != 1:
            names = ", ".join(info.filename for info in members[:5]) + (", ..." if len(members) > 5 else "")
            found = f"a zip archive of {len(members):,} files ({names})" if members else "a zip archive without files"
            raise DataError(path, found, "one of one file: unpack it, and give the file or folder that is meant")
        findings.taken("packing", f"zip: {members[0].filename} in it is read", path)
        return opened.open(members[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # RuntimeError: encrypted
        found = f"a zip archive that cannot be read ({error})"
        raise DataError(path, found, "a whole one without a password") from error


def beginning(path: Path, size: int = 2**16) -> bytes:
    """The first bytes of what is in a file, packed or not; nothing of one that cannot be read."""
    try:
        with path.open("rb") as file:
            packing = packing_of(file.read(16))
            file.seek(0)
            return file.read(size) if packing is None else open_packed(path, file, packing, Findings()).read(size)
    except (OSError, EOFError, DataError, lzma.LZMAError, zlib.error):
        return b""  # whoever reads all of it says why


def _members(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files of an archive, without what a Mac adds."""
    files = (info for info in opened.infolist() if not info.is_dir())
    parts = ((info, Path(info.filename).parts) for info in files)
    return [info for info, names in parts if names[0] != "__MACOSX" and not names[-1].startswith(".")]


def unpacked_blocks(path: Path, packing: str, file: IO[bytes], packed: int) -> Iterator[bytes]:
    """What is in a packed file, block by block.

    Args:
        path: the file, for messages.
        packing: as `packing_of` has it.
        file: what `open_packed` gave.
        packed: its size as it is.

    Raises:
        DataError: damaged, cut off, or far larger than text can become.
    """
    largest, size = largest_unpacked(packed), 0
    try:
        while block := file.read(_BLOCK):
            size += len(block)
            if size > largest:
                found = f"a {packing} archive that unpacks to more than {largest // 2**20:,} MiB"
                raise DataError(path, found, "a smaller one, or the unpacked file")
            yield block
    except (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        found = f"a {packing} archive that is cut off or damaged ({str(error)[:80]})"
        raise DataError(path, found, "a whole one") from error
