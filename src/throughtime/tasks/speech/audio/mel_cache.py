"""Features computed once and kept on disk, memory-mapped, so that a corpus larger than memory trains."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from throughtime.data.progress import stage
from throughtime.data.sources import kept_in_cache
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.log_mel import LogMel
from throughtime.tasks.speech.audio.recording import read_recording

_FORMAT = 1
_BLOCK = 256  # recordings whose features are one file: what an interrupted preparation loses at most


@dataclass(frozen=True)
class Hearing:
    """How a recording becomes features.

    Args:
        rate: samples a second.
        bins: mel bands F.
        longest: seconds that a recording may last; None: any.
    """

    rate: int = 16_000
    bins: int = 80
    longest: float | None = None

    def features(self, path: Path, speed: float = 1.0) -> np.ndarray:
        """Log-mel features float32 (T, F) of a sound file, T at least 1.

        Raises:
            DataError: it cannot be read.
        """
        features = LogMel(self.rate, self.bins).all_of(read_recording(path, self.rate, self.longest, speed))
        if not len(features):
            raise DataError(path, "less than a frame of sound", "at least 0.025 seconds")
        return features


class MelCache:
    """Features of recordings, each computed when first asked for.

    Args:
        folder: where they are kept, as float16; made if need be.
        hearing: how they are computed.
    """

    def __init__(self, folder: Path, hearing: Hearing) -> None:
        self.folder, self.hearing = folder, hearing

    def features(self, paths: Sequence[Path], speed: float = 1.0) -> list[np.ndarray]:
        """Of each recording, float16 (T, F), read from disk only when looked at.

        Raises:
            DataError: a recording cannot be read.
            ThroughtimeError: the cache cannot be written.
        """
        found: list[np.ndarray] = []
        blocks = [paths[start : start + _BLOCK] for start in range(0, len(paths), _BLOCK)]
        keys = [self._key(block, speed) for block in blocks]
        with kept_in_cache("the features", self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with stage("making features of recordings", len(paths)) as here:
                for key, block in zip(keys, blocks, strict=True):
                    found += self._open(key) or self._compute(key, block, speed)
                    here.done = len(found)
        return found

    def _key(self, paths: Sequence[Path], speed: float) -> str:
        """Changes when a file or the way of hearing does."""
        files = []
        for path in paths:
            try:
                status = path.stat()
            except OSError as error:
                raise DataError(path, f"a file that cannot be read ({error.strerror})", "a sound file") from error
            files.append([str(path.resolve()), status.st_size, status.st_mtime_ns])
        asked = [_FORMAT, self.hearing.rate, self.hearing.bins, speed, files]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]

    def _lengths_file(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _open(self, key: str) -> list[np.ndarray] | None:
        """What is kept of a block; None if there is nothing, or not all of it."""
        try:
            lengths = json.loads(self._lengths_file(key).read_text(encoding="utf-8"))
            everything = np.memmap(self.folder / f"{key}.mel", dtype=np.float16, mode="r")
            rows = np.asarray(everything).reshape(sum(lengths), self.hearing.bins)
        except (OSError, ValueError, TypeError):
            return None
        return np.split(rows, np.cumsum(lengths)[:-1])

    def _compute(self, key: str, paths: Sequence[Path], speed: float) -> list[np.ndarray]:
        """Compute and keep a block; the lengths come last, without them the features do not count."""
        features = list(self._hear(paths, speed))
        self._write(self.folder / f"{key}.mel", b"".join(each.tobytes() for each in features))
        self._write(self._lengths_file(key), json.dumps([len(each) for each in features]).encode())
        return self._open(key) or features

    def _hear(self, paths: Sequence[Path], speed: float) -> Iterator[np.ndarray]:
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:  # reading and filtering let go of the interpreter
            for features in pool.map(lambda path: self.hearing.features(path, speed), paths):
                yield features.astype(np.float16)

    def _write(self, path: Path, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix="writing-", delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                with suppress(FileNotFoundError):
                    Path(file.name).unlink()
                raise
