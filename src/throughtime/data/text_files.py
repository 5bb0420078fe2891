"""What stands in a text file, in any encoding and with any line ends."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from throughtime.data import excel, parquet
from throughtime.data.findings import MOST_PLACES, Findings
from throughtime.data.kinds import kind_of
from throughtime.data.packed import unpacked
from throughtime.data.pipes import read_pipe
from throughtime.errors import ArgumentError, DataError

# what stands for single bytes that are no part of a character in UTF-8
_NOT_UTF8, _WINDOWS, _BEYOND_ASCII = map(re.compile, ("[\udc80-\udcff]", "[\udc80-\udc9f]", "[^\x00-\x7f]"))
_CONTROL = re.compile("[\x80-\x9f]")
_DECODED_TWICE = re.compile("[\u00c2\u00c3][\x80-\xbf]|\u00e2\u20ac")


def read_text(path: Path, encoding: str = "utf-8", *, findings: Findings | None = None) -> str:
    r"""The text of a file, packed or not, every line of which ends in \n; Parquet as JSON lines, Excel as a table.

    Args:
        path: the file.
        encoding: of the file; a byte order mark is accepted.
        findings: is told what looks wrong with the encoding, and of line ends that are none.

    Raises:
        DataError: a folder, missing, empty, binary, or in another encoding; with the line and the byte.
        ArgumentError: no such encoding.
    """
    findings = Findings() if findings is None else findings
    try:
        codec = codecs.lookup(encoding).name
    except LookupError as error:
        raise ArgumentError(f"found the encoding {encoding!r}, expected one such as utf-8 or latin-1") from error
    content = unpacked(path, content_of(path), findings)
    if content.startswith(parquet.MAGIC):
        return parquet.as_json_lines(path, content, findings)
    if excel.is_workbook(content):
        return excel.as_tabbed_lines(path, content, findings)
    _check_is_text(path, content, encoding, codec)
    try:
        text = content.decode("utf-8-sig" if codec == "utf-8" else codec)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{content[error.start]:02x} at position {error.start}, which is not {encoding}"
        hint = _encoding_hint(content) if codec == "utf-8" else ""
        raise DataError(path, found, f"text in {encoding}{hint}", line) from error
    findings.taken("encoding", encoding, path)
    if not text.isascii():
        _look_at_characters(path, text, findings)
    return _with_one_line_end(path, text, findings)


def read_lines(path: Path, encoding: str = "utf-8", *, findings: Findings | None = None) -> list[str]:
    """The lines of a file, each without its end; of two aligned files, line n of the one is beside line n of the other.

    Args:
        path: the file.
        encoding: of the file.
        findings: as of `read_text`.

    Raises:
        DataError, ArgumentError: as `read_text`.
    """
    return read_text(path, encoding, findings=findings).removesuffix("\n").split("\n")


def content_of(path: Path) -> bytes:
    """All that is in a file or comes out of a pipe, as it is.

    Raises:
        DataError: a folder, missing, a device, or a pipe without an end.
    """
    if path.is_dir():
        raise DataError(path, "a folder", "a file")
    try:
        if path.is_file():
            return path.read_bytes()
        return read_pipe(path)
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", "a readable file") from error


def _check_is_text(path: Path, content: bytes, encoding: str, codec: str) -> None:
    if not content.strip():
        raise DataError(path, "an empty file", "rows of text")
    if (kind := kind_of(content)) is not None:
        raise DataError(path, kind.name, kind.advice)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not codec.startswith("utf-16"):
        raise DataError(path, "text in UTF-16", f"text in {encoding} (or train with --encoding utf-16)")
    if not codec.startswith(("utf-16", "utf-32")) and (at := content.find(b"\0")) >= 0:
        raise DataError(path, f"a binary file (byte 0x00 at position {at})", "text", content.count(b"\n", 0, at) + 1)


def _encoding_hint(content: bytes) -> str:
    """What text that is not UTF-8 may be in; nothing where most of its characters are UTF-8 and a few are damaged."""
    text = content.decode("utf-8", "surrogateescape")
    wrong, others = len(_NOT_UTF8.findall(text)), len(_BEYOND_ASCII.findall(text))
    if others > 2 * wrong:
        return ""
    # these bytes are letters and marks in Windows' encoding alone
    return f" (or train with --encoding {'cp1252' if _WINDOWS.search(text) else 'latin-1'})"


def _look_at_characters(path: Path, text: str, findings: Findings) -> None:
    """Characters that come of reading an encoding as another."""
    if _CONTROL.search(text):
        what = "a control character U+0080 to U+009F, such as come of reading cp1252 as latin-1"
        _note_each(path, text, _CONTROL, what, findings)
    if "\N{REPLACEMENT CHARACTER}" in text:
        what = "the character U+FFFD, which stands for one that was lost when the file was made"
        _note_each(path, text, re.compile("\N{REPLACEMENT CHARACTER}"), what, findings)
    if _DECODED_TWICE.search(text):
        what = "letters such as \u00c3\u00a9 and \u00e2\u20ac, which come of reading UTF-8 as another encoding"
        _note_each(path, text, _DECODED_TWICE, what, findings)


def _note_each(path: Path, text: str, pattern: re.Pattern[str], what: str, findings: Findings) -> None:
    places = [match.start() for match in pattern.finditer(text)]
    for place in places[:MOST_PLACES]:
        findings.suspicious("encoding", what, path, text.count("\n", 0, place) + 1)
    if len(places) > MOST_PLACES:
        findings.suspicious("encoding", what, count=len(places) - MOST_PLACES)


def _with_one_line_end(path: Path, text: str, findings: Findings) -> str:
    """A carriage return alone ends a line only in a file that has no line feed (an old Macintosh's)."""
    text = text.replace("\r\n", "\n")
    if "\r" not in text:
        return text
    if "\n" not in text:
        findings.taken("line ends", "carriage returns alone", path)
        return text.replace("\r", "\n")
    line = text.count("\n", 0, text.index("\r")) + 1
    what = "a carriage return within a line, read as a space"
    findings.left_out("line ends", what, path, line, count=text.count("\r"))
    return text.replace("\r", " ")
