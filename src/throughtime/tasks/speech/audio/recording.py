"""Sound files of any format and rate that libsndfile reads, as one channel of samples at the rate that is wanted."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from throughtime.errors import DataError, MissingExtraError

SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".oga", ".aiff", ".aif", ".au", ".w64", ".caf", ".sph")
SLOWEST, FASTEST = 1_000, 768_000
"""Samples a second that a file may have."""
SHORTEST = 0.025
"""Seconds that a recording must last: one frame of features."""
_LOUDEST = 1e6  # some tools write 16-bit values as floats; beyond any such there is no sound, only damage
_BLOCK = 2**16


def seconds_of(path: Path) -> float:
    """How long a recording lasts, by what its head says.

    Raises:
        DataError: it is no sound file, or has no samples.
    """
    with _opened(path) as file:
        return float(file.frames / file.samplerate)


def read_recording(path: Path, rate: int, longest: float | None = None, speed: float = 1.0) -> np.ndarray:
    """The samples of a sound file, float32 (N,), its channels mixed to one.

    Args:
        path: the file.
        rate: samples a second that are wanted.
        longest: seconds that it may last; None: any.
        speed: play it so many times as fast, the pitch goes with it (speed perturbation, Ko et al. 2015).

    Raises:
        DataError: it cannot be read, is cut off, empty, too long, or holds samples that are no numbers.
    """
    parts = list(stream_recording(path, rate, longest, speed))
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def stream_recording(path: Path, rate: int, longest: float | None = None, speed: float = 1.0) -> Iterator[np.ndarray]:
    """As `read_recording`, a part after the other, so that a long file needs little memory."""
    with _opened(path) as file:
        seconds, source = file.frames / file.samplerate, float(file.samplerate)
        if longest is not None and seconds > longest:
            raise DataError(path, f"{seconds:.1f} seconds of sound", f"at most {longest:g} (--longest says how many)")
        turned = Resampled(source * speed, rate)
        done = 0
        while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
            _check_numbers(path, block, done / source)
            done += len(block)
            yield turned.add(block.mean(axis=1))
        if done < file.frames and file.format != "MP3":  # whose heads only guess
            raise DataError(path, f"{done} samples, then nothing", f"the {file.frames} that its head promises")
        yield turned.end()


class Resampled:
    """Samples at another rate, as they come (soxr, high quality).

    Args:
        source: samples a second of what comes in.
        rate: samples a second of what goes out.

    Example:
        >>> turned = Resampled(8000, 16000)
        >>> len(turned.add(np.zeros(4000, dtype=np.float32))) + len(turned.end())
        8000
    """

    def __init__(self, source: float, rate: float) -> None:
        self._stream: Any = None
        if source != rate:
            self._stream = package("soxr").ResampleStream(source, rate, 1, dtype="float32")

    def add(self, samples: np.ndarray) -> np.ndarray:
        """What can be given out after these samples (N,) have come."""
        samples = np.ascontiguousarray(samples, dtype=np.float32)
        return samples if self._stream is None else np.asarray(self._stream.resample_chunk(samples))

    def end(self) -> np.ndarray:
        """The rest."""
        nothing = np.zeros(0, dtype=np.float32)
        return nothing if self._stream is None else np.asarray(self._stream.resample_chunk(nothing, last=True))


class PulseCode:
    """Raw 16-bit samples (little-endian, one channel) as a pipe brings them, in parts of some length.

    Args:
        stream: what is read.
        rate: its samples a second.
        part: seconds of a part.
        name: of the stream, for messages.

    Raises:
        DataError: a rate beyond all use, or half a sample at the end.
    """

    def __init__(self, stream: BinaryIO, rate: int, part: float = 0.1, name: str = "standard input") -> None:
        if not SLOWEST <= rate <= FASTEST:
            raise DataError(name, f"a rate of {rate} Hz", f"{SLOWEST} to {FASTEST}")
        self.stream, self.rate, self.name = stream, rate, name
        self._bytes = 2 * max(1, round(part * rate))

    def __iter__(self) -> Iterator[np.ndarray]:
        while content := self.stream.read(self._bytes):
            if len(content) % 2:
                raise DataError(self.name, "half a sample at its end", "raw 16-bit samples")
            yield np.frombuffer(content, dtype="<i2").astype(np.float32) / 32768


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """An open sound file whose head is sound."""
    soundfile = package("soundfile")
    if path.is_dir():
        raise DataError(path, "a folder", "a sound file")
    if not path.exists():
        raise DataError(path, "nothing", "a sound file (WAV, FLAC, ...)")
    try:
        size = path.stat().st_size
        if not size:
            raise DataError(path, "an empty file", "a sound file")
        _check_whole(path, size)
        with soundfile.SoundFile(path) as file:
            if not SLOWEST <= file.samplerate <= FASTEST:
                raise DataError(path, f"a rate of {file.samplerate} Hz", f"{SLOWEST} to {FASTEST}")
            if file.frames < SHORTEST * file.samplerate:
                found = f"{file.frames / file.samplerate:.3f} seconds" if file.frames else "no samples"
                raise DataError(path, f"{found} of sound", f"at least {SHORTEST} seconds")
            yield file
    except soundfile.LibsndfileError as error:
        raise DataError(
            path, f"no sound that can be read ({error.error_string.strip('. ')})", "WAV, FLAC, ..."
        ) from None
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", "a readable file") from error


def _check_whole(path: Path, size: int) -> None:
    """Raise if a WAV file ends before its samples do: libsndfile would pass over that in silence."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return
        file.seek(12)
        while len(head := file.read(8)) == 8:
            kind, length = struct.unpack("<4sI", head)
            if kind == b"data":
                there = size - file.tell()
                # programs that write to a pipe cannot know the length: they leave 0 or nearly the largest number
                if length < 0x7FFF0000 and there < length:
                    raise DataError(path, f"a file cut off after {there} bytes of sound", f"the {length} of its head")
                return
            file.seek(length + length % 2, 1)


def _check_numbers(path: Path, block: np.ndarray, start_seconds: float) -> None:
    """Raise where a float file holds something that is no sound."""
    if not np.isfinite(block).all():
        raise DataError(path, f"a sample that is no number (after {start_seconds:.1f} seconds)", "finite samples")
    if (loudest := float(np.abs(block).max())) > _LOUDEST:
        raise DataError(path, f"a sample of {loudest:.3g}", "samples from -1 to 1")


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
