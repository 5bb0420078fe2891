"""The heads of sound files: of which family a file is, and whether it is as long as its head says."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Literal

from throughtime.data.findings import Findings
from throughtime.errors import DataError

_NEVER_KNOWN = 0x7FFF0000  # programs that write to a pipe cannot know the length: they leave nearly the largest number
_PLACEHOLDER = 1_000_000_000  # or a round one: bytes of sound that a file with a tenth of them has not lost
_SOUNDS = (b"RIFF", b"RF64", b"BW64", b"fLaC", b"FORM", b".snd", b"caff", b"riff", b"NIST", b"ID3")
_CONTAINERS = (b"\x1aE\xdf\xa3", b"0&\xb2u", b"#!AMR")  # Matroska and WebM, Windows Media, AMR


def family_of(path: Path) -> Literal["sound", "container"] | None:
    """A format of libsndfile, or a container that FFmpeg opens, by its first bytes whatever its name; None: neither."""
    with path.open("rb") as file:
        start = file.read(12)
    if start.startswith(_CONTAINERS) or start[4:8] == b"ftyp" or (start[:1] == b"\xff" and start[1] & 0xF6 == 0xF0):
        return "container"  # MP4 and its kin; the last is AAC as a stream
    return "sound" if start.startswith(_SOUNDS) else None


def check_head(path: Path, findings: Findings) -> dict[int, int]:
    """Bytes of a file's head that must be others, so that it is read to its end.

    Raises:
        DataError: the file ends before its samples do, which libsndfile would pass over in silence.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"RIFF"):
        return _wave(path, size, findings)
    if (promised := _promised(start)) is not None and size < promised:
        raise DataError(path, f"a file cut off after {size} bytes", f"the {promised} of its head")
    _check_mp3(path, size)
    return {}


def _promised(start: bytes) -> int | None:
    """Bytes that a file has by its head; None: it does not say so, or was written by who could not know."""
    promised = None
    if start[:4] == b"FORM":
        promised = 8 + int.from_bytes(start[4:8], "big")
    elif start[:4] == b".snd":
        promised = int.from_bytes(start[4:8], "big") + int.from_bytes(start[8:12], "big")
    elif start[:4] in (b"RF64", b"BW64") and start[12:16] == b"ds64":
        promised = 8 + int.from_bytes(start[20:28], "little")
    elif start[:4] == b"riff":  # Sony's Wave64
        promised = int.from_bytes(start[16:24], "little")
    return promised if promised is not None and promised < _NEVER_KNOWN else None


def _wave(path: Path, size: int, findings: Findings) -> dict[int, int]:
    """As `check_head`, of a WAV file."""
    with path.open("rb") as file:
        file.seek(12)
        block = 1
        while len(head := file.read(8)) == 8:
            kind, length = struct.unpack("<4sI", head)
            if kind == b"data":
                return _data_size(path, length, size - file.tell(), block, file.tell() - 4, findings)
            body = file.read(min(length, 16))
            if kind == b"fmt " and len(body) >= 14:
                block = struct.unpack_from("<H", body, 12)[0]
            file.seek(length + length % 2 - len(body), 1)
    return {}


def _data_size(path: Path, length: int, there: int, block: int, at: int, findings: Findings) -> dict[int, int]:
    """As `check_head`: `length` bytes of sound by the head, at the place `at`; `there` are there."""
    if there >= length > 0:
        return {}
    unknown = not length or length >= _NEVER_KNOWN or (length >= _PLACEHOLDER and there < length / 10)
    if not unknown and length - there >= max(block, 2):
        raise DataError(path, f"a file cut off after {there} bytes of sound", f"the {length} of its head")
    if there:
        what = "a WAV file whose head does not say how long it is, read to its end"
        findings.taken("length of sound", what, path)
    return {at + place: value for place, value in enumerate(struct.pack("<I", there))}


def _check_mp3(path: Path, size: int) -> None:
    """Raise if an MP3 file is shorter than its Xing, Info or VBRI head says; others do not say how long they are."""
    with path.open("rb") as file:
        begin = 0
        if (tag := file.read(10))[:3] == b"ID3" and len(tag) == 10:
            begin = 10 + (tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9])
        file.seek(begin)
        first = file.read(256)
    if first[:1] != b"\xff" or first[1:2] < b"\xe0":
        return
    promised = 0
    for name in (b"Xing", b"Info"):
        if 0 < (at := first.find(name)) < 48 and len(first) >= at + 16:
            flags, *numbers = struct.unpack_from(">III", first, at + 4)
            promised = numbers[flags & 1] if flags & 2 else 0
    if first[36:40] == b"VBRI":
        promised = int.from_bytes(first[46:50], "big")
    if size - begin < promised - max(512, promised // 100):
        found = f"a file cut off after {size - begin} bytes of sound"
        raise DataError(path, found, f"the {promised} of its head")
