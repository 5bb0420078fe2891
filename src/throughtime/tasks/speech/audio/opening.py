"""Sound files, opened: by libsndfile where it knows the format, else by FFmpeg; a head that lies is seen through."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError

_LIBSNDFILE = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".oga", ".aiff", ".aif", ".au", ".w64", ".caf", ".sph")
_FFMPEG = (".m4a", ".m4b", ".mp4", ".mov", ".webm", ".weba", ".mka", ".mkv", ".aac", ".wma", ".amr", ".3gp", ".ac3")
SUFFIXES = (*_LIBSNDFILE, *_FFMPEG)
UNREAD = (".raw", ".pcm", ".vox", ".ra", ".rm", ".dss", ".shn", ".gsm")
"""Endings of sound that nobody reads here."""
_NEVER_KNOWN = 0x7FFF0000  # programs that write to a pipe cannot know the length: they leave nearly the largest number
_PLACEHOLDER = 1_000_000_000  # or a round one: bytes of sound that a file with a tenth of them has not lost
_BLOCK = 2**16


class Source(Protocol):
    """An open sound file: samples a second, channels C, and samples of each (what the head says)."""

    rate: int
    channels: int
    frames: int

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """Samples float32 (n, C) from one place to another (None: to the end), a part after the other.

        Raises:
            DataError: the file ends before its head says, or cannot be decoded.
        """


def opened(path: Path, findings: Findings | None = None) -> AbstractContextManager[Source]:
    """A sound file, to be read within a `with`.

    Args:
        path: the file.
        findings: of reading its head.

    Raises:
        DataError: it is no sound file, cut off, or cannot be read.
    """
    findings = Findings() if findings is None else findings
    if path.is_dir():
        raise DataError(path, "a folder", "a sound file")
    if not path.exists():
        raise DataError(path, "nothing", "a sound file (WAV, FLAC, ...)")
    if path.suffix.lower() in UNREAD:
        expected = "WAV, FLAC, ... (or the samples as a stream: predict RUN pcm:RATE)"
        raise DataError(path, "raw sound, which does not say its rate, or a format that is not read", expected)
    return _through_ffmpeg(path) if path.suffix.lower() in _FFMPEG else _through_libsndfile(path, findings)


@dataclass
class _Sndfile:
    path: Path
    file: Any

    def __post_init__(self) -> None:
        self.rate, self.channels, self.frames = self.file.samplerate, self.file.channels, self.file.frames

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        if start:
            self.file.seek(start)
        done = start
        while len(block := self.file.read(_BLOCK if stop is None else min(_BLOCK, stop - done), "float32", True)):
            done += len(block)
            yield block
        # the head of an MP3 only guesses, unless it has been compared with the file already
        if done < (self.frames if stop is None else min(stop, self.frames)) and self.file.format != "MP3":
            raise DataError(self.path, f"{done} samples, then nothing", f"the {self.frames} that its head promises")


@contextmanager
def _through_libsndfile(path: Path, findings: Findings) -> Iterator[Source]:
    soundfile = package("soundfile")
    try:
        if not (size := path.stat().st_size):
            raise DataError(path, "an empty file", "a sound file")
        patch = _wave_head(path, size, findings)
        _check_mp3(path, size)
        with _Patched(path, patch) as raw, soundfile.SoundFile(raw if patch else path) as file:
            yield _Sndfile(path, file)
    except soundfile.LibsndfileError as error:
        raise DataError(
            path, f"no sound that can be read ({error.error_string.strip('. ')})", "WAV, FLAC, ..."
        ) from None
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", "a readable file") from error


class _Patched(io.FileIO):
    """A file with other bytes at some places than on disk."""

    def __init__(self, path: Path, patch: dict[int, int]) -> None:
        super().__init__(path)
        self._patch = patch

    def readinto(self, buffer: Any) -> int:
        at = self.tell()
        count = super().readinto(buffer) or 0
        for place, value in self._patch.items():
            if at <= place < at + count:
                memoryview(buffer).cast("B")[place - at] = value
        return count


def _wave_head(path: Path, size: int, findings: Findings) -> dict[int, int]:
    """Bytes of a WAV file's head that must be others, so that it is read to its end.

    Raises:
        DataError: the file ends before its samples do, which libsndfile would pass over in silence.
    """
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return {}
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
    """As `_wave_head`: `length` bytes of sound by the head, at the place `at`; `there` are there."""
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


class _Film:
    """The sound of a container that FFmpeg opened."""

    def __init__(self, path: Path, container: Any) -> None:
        if not container.streams.audio:
            raise DataError(path, "a film without sound", "sound")
        self._path, self._container, self._stream = path, container, container.streams.audio[0]
        self.rate, self.channels = self._stream.rate, self._stream.channels
        seconds = self._stream.duration and float(self._stream.duration * self._stream.time_base)
        seconds = seconds or (container.duration and container.duration / 1_000_000)
        self.frames = round(seconds * self.rate) if seconds else sum(len(block) for block in self.blocks())

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        done = 0
        self._container.seek(0)
        for block in self._decoded():
            first, last = max(start - done, 0), len(block) if stop is None else min(stop - done, len(block))
            done += len(block)
            if last > first:
                yield block[first:last]
            if stop is not None and done >= stop:
                return

    def _decoded(self) -> Iterator[np.ndarray]:
        resampler = package("av").AudioResampler(format="fltp", layout=self._stream.layout, rate=self.rate)
        for frame in self._container.decode(self._stream):
            for part in resampler.resample(frame):
                yield part.to_ndarray().T


@contextmanager
def _through_ffmpeg(path: Path) -> Iterator[Source]:
    av = package("av")
    try:
        with av.open(str(path)) as container:
            yield _Film(path, container)
    except av.error.FFmpegError as error:
        raise DataError(path, f"no sound that can be read ({error.strerror})", "WAV, FLAC, M4A, ...") from None


def package(name: str) -> Any:
    """One of the packages that the extra `speech` brings.

    Raises:
        MissingExtraError: it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError(name, "speech", "reading speech") from error
