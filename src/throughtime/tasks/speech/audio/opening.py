"""Sound files, opened: by libsndfile where it knows the format, else by FFmpeg; a head that lies is seen through."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError
from throughtime.tasks.speech.audio.heads import check_head, family_of

_LIBSNDFILE = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".oga", ".aiff", ".aif", ".au", ".w64", ".caf", ".sph")
_FFMPEG = (".m4a", ".m4b", ".mp4", ".mov", ".webm", ".weba", ".mka", ".mkv", ".aac", ".wma", ".amr", ".3gp", ".ac3")
SUFFIXES = (*_LIBSNDFILE, *_FFMPEG)
UNREAD = (".raw", ".pcm", ".vox", ".ra", ".rm", ".dss", ".shn", ".gsm")
"""Endings of sound that nobody reads here."""
_LOST = 0.25  # seconds that a container may promise too much: codecs begin and end with some of silence
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
    if not path.stat().st_size:
        raise DataError(path, "an empty file", "a sound file")
    known = family_of(path) or ("container" if path.suffix.lower() in _FFMPEG else "sound")
    if known == "container":
        if path.suffix.lower() not in _FFMPEG:
            findings.taken(
                "formats", f"a file ending in {path.suffix} that holds another format, as its content says", path
            )
        return _through_ffmpeg(path)
    return _through_libsndfile(path, findings)


@dataclass
class _Sndfile:
    path: Path
    file: Any

    def __post_init__(self) -> None:
        self.rate, self.channels, self.frames = self.file.samplerate, self.file.channels, self.file.frames

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        self.file.seek(start)
        done = start
        while len(block := self.file.read(_BLOCK if stop is None else min(_BLOCK, stop - done), "float32", True)):
            done += len(block)
            yield block
        # of MPEG the head only guesses; how many bytes there must be has been compared with the file already
        guessed = self.file.format == "MP3" or "MPEG" in self.file.subtype
        if done < (self.frames if stop is None else min(stop, self.frames)) and not guessed:
            raise DataError(self.path, f"{done} samples, then nothing", f"the {self.frames} that its head promises")


@contextmanager
def _through_libsndfile(path: Path, findings: Findings) -> Iterator[Source]:
    soundfile = package("soundfile")
    try:
        patch = check_head(path, findings)
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


class _Film:
    """The sound of a container that FFmpeg opened."""

    def __init__(self, path: Path, container: Any) -> None:
        if not container.streams.audio:
            raise DataError(path, "a film without sound", "sound")
        self._path, self._container, self._stream = path, container, container.streams.audio[0]
        self.rate, self.channels = self._stream.rate, self._stream.channels
        seconds = self._stream.duration and float(self._stream.duration * self._stream.time_base)
        # of a film without a length of its sound: the sound may end before the pictures do
        self._sure = bool(seconds) or not container.streams.video
        seconds = seconds or (container.duration and container.duration / 1_000_000)
        self._sure &= bool(seconds)
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
        wanted = self.frames if stop is None else min(stop, self.frames)
        if self._sure and wanted - done > max(_LOST * self.rate, 0.02 * wanted):
            found = f"a file cut off after {done / self.rate:.2f} seconds of sound"
            raise DataError(self._path, found, f"the {self.frames / self.rate:.2f} of its head")

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
