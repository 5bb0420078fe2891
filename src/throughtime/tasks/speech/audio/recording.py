"""Recordings of any format and rate, as one channel of samples at the rate that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.condition import Meter
from throughtime.tasks.speech.audio.opening import Source, opened, package

SLOWEST, FASTEST = 1_000, 768_000
"""Samples a second that a file may have."""
SHORTEST = 0.025
"""Seconds that a recording must last: one frame of features."""
_LOUDEST = 1e6  # some tools write 16-bit values as floats; beyond any such there is no sound, only damage
_ROUNDED = 0.1  # seconds that an excerpt may end after its file: manifests round


class Excerpt(NamedTuple):
    """A sound file, or a part of it.

    Args:
        path: the file.
        start: seconds before the part.
        seconds: that it lasts; None: to the end.
    """

    path: Path
    start: float = 0.0
    seconds: float | None = None


class Head(NamedTuple):
    """What a file says of its sound: seconds, samples a second, channels."""

    seconds: float
    rate: int
    channels: int


def head_of(excerpt: Excerpt, findings: Findings | None = None) -> Head:
    """How long a recording (or a part of one) lasts, and how it was made, by what its head says.

    Args:
        excerpt: the file, or a part of it.
        findings: of reading the head.

    Raises:
        DataError: it is no sound file, has no samples, or ends before the part does.
    """
    with opened(excerpt.path, findings) as file:
        start, stop = _place(excerpt, file)
        return Head((stop - start) / file.rate, file.rate, file.channels)


def check_recording(excerpt: Excerpt) -> None:
    """Read it to its end, for nothing but to see whether that can be done.

    Raises:
        DataError: it cannot.
    """
    with opened(excerpt.path) as file:
        start, stop = _place(excerpt, file)
        for block in file.blocks(start, None if excerpt.seconds is None else stop):
            _check_numbers(excerpt.path, block, start / file.rate)


def read_recording(
    excerpt: Excerpt, rate: int, longest: float | None = None, speed: float = 1.0, meter: Meter | None = None
) -> np.ndarray:
    """The samples of a sound file or a part of it, float32 (N,): its channels mixed, or the first if they cancel.

    Args:
        excerpt: the file, or a part of it.
        rate: samples a second that are wanted.
        longest: seconds that it may last; None: any.
        speed: play it so many times as fast, the pitch goes with it (speed perturbation, Ko et al. 2015).
        meter: takes in the samples as they stand in the file.

    Raises:
        DataError: it cannot be read, is cut off, empty, too long, or holds samples that are no numbers.
    """
    parts = list(stream_recording(excerpt, rate, longest, speed, meter))
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def stream_recording(
    excerpt: Excerpt, rate: int, longest: float | None = None, speed: float = 1.0, meter: Meter | None = None
) -> Iterator[np.ndarray]:
    """As `read_recording`, a part after the other, so that a long file needs little memory."""
    with opened(excerpt.path) as file:
        start, stop = _place(excerpt, file)
        seconds, source = (stop - start) / file.rate, float(file.rate)
        if longest is not None and seconds > longest:
            expected = f"at most {longest:g} (--longest says how many)"
            raise DataError(excerpt.path, f"{seconds:.1f} seconds of sound", expected)
        turned = Resampled(source * speed, rate)
        end = None if excerpt.seconds is None else stop
        first_alone = file.channels > 1 and _cancel(file, start, end)
        done = 0
        for block in file.blocks(start, end):
            _check_numbers(excerpt.path, block, done / source)
            done += len(block)
            if meter is not None:
                meter.add(block)
            yield turned.add(block[:, 0] if first_alone else block.mean(axis=1))
        yield turned.end()


def _cancel(file: Source, start: int, stop: int | None) -> bool:
    """Whether the channels, in opposite phase, would be silent as a mix."""
    meter = Meter()
    for block in file.blocks(start, stop):
        meter.add(block)
    return meter.condition.cancels


def _place(excerpt: Excerpt, file: Source) -> tuple[int, int]:
    """First sample of an excerpt, and the one behind its last."""
    if not SLOWEST <= file.rate <= FASTEST:
        raise DataError(excerpt.path, f"a rate of {file.rate} Hz", f"{SLOWEST} to {FASTEST}")
    start, stop = round(excerpt.start * file.rate), file.frames
    if excerpt.seconds is not None:
        stop = round((excerpt.start + excerpt.seconds) * file.rate)
        if stop > file.frames + _ROUNDED * file.rate:
            found = f"{file.frames / file.rate:.2f} seconds of sound"
            raise DataError(excerpt.path, found, f"a part of it that ends after {stop / file.rate:.2f} seconds")
        stop = min(stop, file.frames)
    if stop - start < SHORTEST * file.rate:
        found = f"{max(stop - start, 0) / file.rate:.3f} seconds" if file.frames else "no samples"
        raise DataError(excerpt.path, f"{found} of sound", f"at least {SHORTEST} seconds")
    return start, stop


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


def _check_numbers(path: Path, block: np.ndarray, start_seconds: float) -> None:
    """Raise where a float file holds something that is no sound."""
    if not np.isfinite(block).all():
        raise DataError(path, f"a sample that is no number (after {start_seconds:.1f} seconds)", "finite samples")
    if (loudest := float(np.abs(block).max())) > _LOUDEST:
        raise DataError(path, f"a sample of {loudest:.3g}", "samples from -1 to 1")
