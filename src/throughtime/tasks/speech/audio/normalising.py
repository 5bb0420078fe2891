"""Features in units of their usual spread: of the training split, or of the utterance itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from throughtime.errors import ArgumentError

_LEAST = 1e-2  # a bin that never changes says nothing: it is not blown up


@dataclass(frozen=True)
class Normaliser:
    """Subtracts a mean and divides by a standard deviation.

    Args:
        mean: (F,) of the training frames.
        deviation: (F,) of the training frames.
        own: take mean and deviation of each utterance instead, which does not depend on microphone and loudness, but
            needs the whole utterance: not for streams.

    Example:
        >>> fitted = Normaliser.fit([np.array([[1.0, 5.0], [3.0, 9.0]])])
        >>> fitted(np.array([[2.0, 9.0]])).tolist()
        [[0.0, 1.0]]
    """

    mean: np.ndarray
    deviation: np.ndarray
    own: bool = False

    @classmethod
    def fit(cls, features: Iterable[np.ndarray], own: bool = False) -> Normaliser:
        """Of all the frames of some utterances (T_i, F), one after the other.

        Raises:
            ArgumentError: there is no frame.
        """
        count, total, squares = 0, np.zeros(1), np.zeros(1)
        for each in features:
            exact = each.astype(np.float64)
            count, total, squares = count + len(exact), total + exact.sum(0), squares + np.square(exact).sum(0)
        if not count:
            raise ArgumentError("found no frames to normalise by, expected at least one")
        mean = total / count
        deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
        return cls(mean.astype(np.float32), np.maximum(deviation, _LEAST).astype(np.float32), own)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Features (T, F) normalised, float32 (T, F)."""
        values = features.astype(np.float32)
        if not self.own:
            return np.asarray((values - self.mean) / self.deviation)
        return np.asarray((values - values.mean(0)) / np.maximum(values.std(0), _LEAST))
