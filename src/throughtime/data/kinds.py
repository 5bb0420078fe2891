"""Kinds of files that are no text, told by their first bytes, so that a message can name them and say what to do."""

from __future__ import annotations

import re
from typing import NamedTuple


class Kind(NamedTuple):
    """What a file is.

    Args:
        name: as people call it.
        advice: what to do with it.
    """

    name: str
    advice: str


_CSV = "the table saved as CSV"
_UNPACK = "what is in it, unpacked"
_TEXT = "the text in it, as a text file"
_OTHER = "text"
_BEGINNINGS = (
    (b"%PDF", Kind("a PDF document", _TEXT)),
    (b"{\\rtf", Kind("an RTF document", _TEXT)),
    (b"\xd0\xcf\x11\xe0", Kind("an old Office document (.xls, .doc)", "its table saved as CSV, or its text")),
    (b"7z\xbc\xaf\x27\x1c", Kind("a 7z archive", _UNPACK)),
    (b"Rar!", Kind("a RAR archive", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", Kind("a Zstandard archive", _UNPACK)),
    (b"SQLite format 3\0", Kind("an SQLite database", "the table exported as CSV")),
    (b"ARROW1", Kind("an Arrow file", "the table saved as Parquet or CSV")),
    (b"Obj\x01", Kind("an Avro file", "the table saved as Parquet or CSV")),
    (b"\x93NUMPY", Kind("a NumPy array", _OTHER)),
    (b"\x89HDF", Kind("an HDF5 file", "the table exported as CSV")),
    (b"\x89PNG", Kind("a PNG picture", _OTHER)),
    (b"\xff\xd8\xff", Kind("a JPEG picture", _OTHER)),
    (b"GIF8", Kind("a GIF picture", _OTHER)),
    (b"OggS", Kind("an Ogg recording", _OTHER)),
    (b"fLaC", Kind("a FLAC recording", _OTHER)),
    (b"RIFF", Kind("a RIFF file (WAV, AVI)", _OTHER)),
    (b"ID3", Kind("an MP3 recording", _OTHER)),
    (b"MThd", Kind("a MIDI file", _OTHER)),
    (b"\x7fELF", Kind("a program", _OTHER)),
    (b"version https://git-lfs", Kind("a pointer of Git LFS", "the file itself (git lfs pull)")),
)
_OFFICE = (
    (b"xl/", Kind("an Excel workbook", _CSV)),
    (b"word/", Kind("a Word document", _TEXT)),
    (b"application/vnd.oasis.opendocument.spreadsheet", Kind("an OpenDocument spreadsheet", _CSV)),
    (b"application/vnd.oasis.opendocument", Kind("an OpenDocument text", _TEXT)),
)
_IN_LETTERS = {"a PDF document", "an RTF document", "a pointer of Git LFS"}
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_TAR_AT = 257
_PICKLED = re.compile(rb"\x80[\x02-\x05]")


def kind_of(content: bytes) -> Kind | None:
    """What a file is that is no text; None: nothing that is known here.

    Example:
        >>> kind_of(b"%PDF-1.7").name, kind_of(b"Ann saw Bo.")
        ('a PDF document', None)
    """
    if content.startswith(b"PK\x03\x04"):
        ends = content[:4096] + content[-65536:]  # the names stand at the end
        return next((kind for mark, kind in _OFFICE if mark in ends), None)
    found = next((kind for magic, kind in _BEGINNINGS if content.startswith(magic)), None)
    if found is not None and (found.name in _IN_LETTERS or _NO_TEXT.search(content[:512])):  # "ID3 is a tag" is text
        return found
    if content[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return Kind("a tar archive", _UNPACK)
    if _WEB_PAGE.match(content):
        return Kind("a web page", "the file itself: was it downloaded from the page's own link?")
    if _PICKLED.match(content):
        return Kind("a pickle of Python, which is never opened", "the table saved as CSV, JSON or Parquet")
    return None
