"""Features computed once and kept on disk, memory-mapped, so that a corpus larger than memory trains."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from throughtime.data.damaged import Damaged
from throughtime.data.progress import stage
from throughtime.data.sources import kept_in_cache, quick_checksum, state
from throughtime.errors import DataError
from throughtime.storage.atomic import written_apart
from throughtime.tasks.speech.audio.condition import Condition, Meter
from throughtime.tasks.speech.audio.log_mel import LogMel
from throughtime.tasks.speech.audio.recording import Excerpt, read_recording

_FORMAT = 3
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

    def features(self, excerpt: Excerpt, speed: float = 1.0, meter: Meter | None = None) -> np.ndarray:
        """Log-mel features float32 (T, F) of a sound file or a part of it, T at least 1.

        Args:
            excerpt: the file, or a part of it.
            speed: as `read_recording` takes it.
            meter: takes in the samples.

        Raises:
            DataError: it cannot be read.
        """
        samples = read_recording(excerpt, self.rate, self.longest, speed, meter)
        features = LogMel(self.rate, self.bins).all_of(samples)
        if not len(features):
            raise DataError(excerpt.path, "less than a frame of sound", "at least 0.025 seconds")
        return features


class MelCache:
    """Features of recordings, each computed when first asked for.

    Args:
        folder: where they are kept, as float16; made if need be.
        hearing: how they are computed.
    """

    def __init__(self, folder: Path, hearing: Hearing) -> None:
        self.folder, self.hearing = folder, hearing

    def features(self, recordings: Sequence[Excerpt], speed: float = 1.0) -> list[np.ndarray]:
        """Of each recording, float16 (T, F), read from disk only when looked at.

        Raises:
            DataError: recordings cannot be read; all of them are named.
            ThroughtimeError: the cache cannot be written.
        """
        return [features for features, _ in self._all(recordings, speed)]

    def conditions(self, recordings: Sequence[Excerpt]) -> list[Condition]:
        """What was seen of each recording's samples when its features were computed; raises as `features` does."""
        return [condition for _, condition in self._all(recordings, 1.0)]

    def _all(self, paths: Sequence[Excerpt], speed: float) -> list[tuple[np.ndarray, Condition]]:
        found: list[tuple[np.ndarray, Condition]] = []
        damaged = Damaged(paths[0].path.parent if paths else self.folder)
        blocks = [paths[start : start + _BLOCK] for start in range(0, len(paths), _BLOCK)]
        keys = [self._key(block, speed) for block in blocks]
        with kept_in_cache("the features", self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with stage("making features of recordings", len(paths)) as here:
                for key, block in zip(keys, blocks, strict=True):
                    with damaged.kept():
                        found += self._open(key) or self._compute(key, block, speed)
                    here.done += len(block)
        damaged.raise_all()
        return found

    def _key(self, recordings: Sequence[Excerpt], speed: float) -> str:
        """Changes when a file, the part of it, or the way of hearing does."""
        files: list[list[str | float | None]] = []
        for path, start, seconds in recordings:
            try:
                files.append([*state(path), start, seconds])
            except OSError as error:
                raise DataError(path, f"a file that cannot be read ({error.strerror})", "a sound file") from error
        asked = [_FORMAT, self.hearing.rate, self.hearing.bins, speed, files]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]

    def _lengths_file(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _open(self, key: str) -> list[tuple[np.ndarray, Condition]] | None:
        """What is kept of a block; None if there is nothing, or not all of it."""
        try:
            checksum, kept = json.loads(self._lengths_file(key).read_text(encoding="utf-8"))
            if checksum != quick_checksum(self.folder / f"{key}.mel"):
                return None
            lengths, conditions = zip(*((length, Condition(*condition)) for length, condition in kept), strict=True)
            everything = np.memmap(self.folder / f"{key}.mel", dtype=np.float16, mode="r")
            rows = np.asarray(everything).reshape(sum(lengths), self.hearing.bins)
        except (OSError, ValueError, TypeError):
            return None
        return list(zip(np.split(rows, np.cumsum(lengths)[:-1]), conditions, strict=True))

    def _compute(self, key: str, block: Sequence[Excerpt], speed: float) -> list[tuple[np.ndarray, Condition]]:
        """Compute and keep a block; the lengths come last, without them the features do not count."""
        heard = self._hear(block, speed)
        with written_apart(self.folder / f"{key}.mel") as file:
            file.writelines(features.tobytes() for features, _ in heard)
        kept = [[len(features), condition] for features, condition in heard]
        with written_apart(self._lengths_file(key)) as file:
            file.write(json.dumps([quick_checksum(self.folder / f"{key}.mel"), kept]).encode())
        return self._open(key) or heard

    def _hear(self, block: Sequence[Excerpt], speed: float) -> list[tuple[np.ndarray, Condition]]:
        found, damaged = [], Damaged(block[0].path.parent)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:  # reading and filtering let go of the interpreter
            for waiting in [pool.submit(self._hear_one, recording, speed) for recording in block]:
                with damaged.kept():
                    found.append(waiting.result())
        damaged.raise_all()
        return found

    def _hear_one(self, recording: Excerpt, speed: float) -> tuple[np.ndarray, Condition]:
        meter = Meter()
        features = self.hearing.features(recording, speed, meter)
        return features.astype(np.float16), meter.condition
