"""Text that is packed, or in another encoding, or the rows of Parquet: kept as plain UTF-8, to be read in pieces."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from throughtime.data import parquet
from throughtime.data.findings import Findings
from throughtime.data.kinds import kind_of
from throughtime.data.packed import named_without_packing, open_packed, packing_of, unpacked_blocks
from throughtime.data.sources import kept_in_cache
from throughtime.errors import ArgumentError, DataError
from throughtime.storage.atomic import written_apart

_BLOCK = 2**20
_TEXTS = ("text", "content", "sentence")


@dataclass(frozen=True)
class Plain:
    """Makes plain files of others.

    Args:
        encoding: of files that are not packed tables.
        cache: a folder in which the plain ones are kept.
        findings: takes what was packed.
    """

    encoding: str
    cache: Path
    findings: Findings

    def __call__(self, path: Path) -> Path:
        """The file itself if it is plain, else a plain copy, made once.

        Raises:
            DataError: damaged, no text, or in another encoding.
            ArgumentError: no such encoding.
        """
        beginning = _beginning(path)
        packing, table = packing_of(beginning), beginning.startswith(parquet.MAGIC)
        if packing == "zip" and kind_of(path.read_bytes()) is not None:
            packing = None
        if packing is None and (kind := kind_of(beginning)) is not None:
            raise DataError(path, kind.name, kind.advice)
        if packing is None and not table and _codec(self.encoding) == "utf-8":
            return path
        status = path.stat()
        key = json.dumps([str(path.resolve()), status.st_size, status.st_mtime_ns, self.encoding])
        kept = self.cache / "plain" / hashlib.sha256(key.encode()).hexdigest()[:32] / named_without_packing(path).name
        if not kept.exists():
            with kept_in_cache("the unpacked text", kept.parent):
                kept.parent.mkdir(parents=True, exist_ok=True)
                with written_apart(kept) as file:
                    for text in self._texts(path, packing, table):
                        file.write(text.encode("utf-8", "replace"))
        self.findings.taken("format", f"kept as plain text in UTF-8: {kept}", path)
        return kept

    def _texts(self, path: Path, packing: str | None, table: bool) -> Iterator[str]:
        if table:
            yield from (text + "\n" for text in _rows(path, self.findings))
            return
        decoder = codecs.getincrementaldecoder("utf-8-sig" if _codec(self.encoding) == "utf-8" else self.encoding)()
        try:
            with path.open("rb") as raw:
                for block in self._blocks(path, raw, packing):
                    yield decoder.decode(block)
                yield decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            found = f"byte 0x{error.object[error.start]:02x}, which is not {self.encoding}"
            raise DataError(path, found, f"text in {self.encoding} (--encoding says another)") from error

    def _blocks(self, path: Path, raw: BinaryIO, packing: str | None) -> Iterator[bytes]:
        if packing is None:
            yield from iter(lambda: raw.read(_BLOCK), b"")
            return
        file = open_packed(path, raw, packing, self.findings)
        yield from unpacked_blocks(path, packing, file, path.stat().st_size)


def _rows(path: Path, findings: Findings) -> Iterator[str]:
    """The texts of a Parquet file: its column text, or the only one of texts."""
    for row in parquet.rows_of_parquet(path, path, findings):
        names = [name for name in _TEXTS if isinstance(row.get(name), str)]
        names = names or [name for name, value in row.items() if isinstance(value, str)]
        if not names:
            raise DataError(path, f"the columns {', '.join(row)[:200]}", "one of texts")
        findings.taken("columns", f"texts in {names[0]!r}", path)
        yield row[names[0]]


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(2**12)
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", "a text file") from error


def _codec(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise ArgumentError(f"found the encoding {encoding!r}, expected one such as utf-8 or latin-1") from error
