"""The recogniser before there were models: the recording that a new one is most like, by dynamic time warping."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.errors import ArgumentError
from throughtime.storage.written import read_arrays, readable

_POOLED = 4  # frames that are taken together
_BANDS = 20


class Templates:
    """Some training recordings with what was said in them; a new one is answered as the nearest of them.

    Distances are of log energies in broad bands, summed along the best way to play one recording faster and slower so
    that it fits the other, per step (Sakoe and Chiba 1978).

    Args:
        features: of each, float32 (S_i, B).
        texts: what was said.

    Example:
        >>> random = np.random.default_rng(0)
        >>> rising, falling = np.linspace(0, 9, 40), np.linspace(9, 0, 40)
        >>> spoken = [ramp[:, None] + random.normal(size=(40, 8)) * 0.1 for ramp in (rising, falling)]
        >>> Templates.fit(spoken, ["up", "down"]).answer(np.linspace(0, 9, 70)[:, None] + np.zeros(8))
        'up'
    """

    def __init__(self, features: Sequence[np.ndarray], texts: Sequence[str]) -> None:
        if not features or len(features) != len(texts):
            raise ArgumentError(
                f"found {len(features)} recordings and {len(texts)} texts, expected as many, at least 1"
            )
        self.texts = list(texts)
        self._features = list(features)
        self._lengths = np.array([len(each) for each in features])
        self._padded = np.zeros((len(features), int(self._lengths.max()), features[0].shape[1]), dtype=np.float32)
        for row, each in zip(self._padded, features, strict=True):
            row[: len(each)] = each

    @classmethod
    def fit(cls, features: Sequence[np.ndarray], texts: Sequence[str]) -> Templates:
        """Of normalised log-mel features (T_i, F); time and memory grow with their number."""
        return cls([broad(each) for each in features], texts)

    def answer(self, features: np.ndarray) -> str:
        """What was said in the nearest recording, for normalised log-mel features (T, F)."""
        return self.texts[int(self.distances(features).argmin())]

    def distances(self, features: np.ndarray) -> np.ndarray:
        """To each of the recordings, (N,)."""
        heard = broad(features)
        steps, longest = len(heard), self._padded.shape[1]
        squares = (heard**2).sum(1)[None, :, None] + (self._padded**2).sum(2)[:, None]
        local = np.sqrt(np.maximum(squares - 2 * np.einsum("tb,nsb->nts", heard, self._padded), 0))
        # along diagonals t + s = d, all recordings and all cells of a diagonal at once
        total = np.full((3, len(local), steps + 1), np.inf, dtype=np.float32)
        found = np.full(len(local), np.inf)
        for diagonal in range(steps + longest - 1):
            low, high = max(0, diagonal - longest + 1), min(steps - 1, diagonal)
            t = np.arange(low, high + 1)
            now, before, earlier = (total[(diagonal - back) % 3] for back in range(3))
            # index t + 1 holds row t; what comes from row t - 1 stands at index t
            reached = np.minimum(np.minimum(before[:, t], before[:, t + 1]), earlier[:, t])
            if diagonal == 0:
                reached = np.zeros_like(reached)
            now[:] = np.inf
            now[:, t + 1] = reached + local[:, t, diagonal - t]
            ends = self._lengths - 1 == diagonal - (steps - 1)
            found[ends] = now[ends, steps]
        return np.asarray(found / (steps + self._lengths))

    def save(self, path: Path) -> None:
        """Write them; no pickle."""
        np.savez_compressed(
            path, features=np.concatenate(self._features).astype(np.float16), lengths=self._lengths,
            texts=np.array(self.texts),
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> Templates:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or damaged.
        """
        with readable(path, "templates"):
            kept = read_arrays(path)
            features = np.split(kept["features"].astype(np.float32), np.cumsum(kept["lengths"])[:-1])
            return cls(features, [str(text) for text in kept["texts"]])


def broad(features: np.ndarray) -> np.ndarray:
    """Features (T, F) as means of four frames and of neighbouring bins, float32 (ceil(T / 4), 20 or F)."""
    bands = min(_BANDS, features.shape[1])
    edges = np.linspace(0, features.shape[1], bands + 1).astype(int)[:-1]
    coarse = np.add.reduceat(features.astype(np.float32), edges, axis=1) / np.diff([*edges, features.shape[1]])
    starts = np.arange(0, len(coarse), _POOLED)
    counts = np.diff([*starts, len(coarse)])[:, None]
    return np.asarray(np.add.reduceat(coarse, starts, axis=0) / counts, dtype=np.float32)
