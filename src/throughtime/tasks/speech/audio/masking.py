"""SpecAugment: what is heard with bands and moments missing, so that no single one is leaned on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from throughtime.tasks.speech.settings import SpeechSettings


@dataclass(frozen=True)
class Masking:
    """How training features are varied (Park et al. 2019, section 2).

    Args:
        frequency_masks: bands that are masked.
        frequency_width: bins of each, at most.
        time_masks: moments that are masked.
        time_width: frames of each, at most.
        time_share: of an utterance's frames each may be, at most.
        warp: frames by which a point in time is moved, at most; 0: none.
        gain: decibels by which the whole is made louder or softer, at most.

    Example:
        >>> random = np.random.default_rng(0)
        >>> varied = Masking(1, 4, 1, 10)(np.ones((50, 8), dtype=np.float32), random)
        >>> varied.shape, bool((varied == 0).any())
        ((50, 8), True)
    """

    frequency_masks: int = 2
    frequency_width: int = 27
    time_masks: int = 2
    time_width: int = 40
    time_share: float = 0.2
    warp: int = 0
    gain: float = 0.0

    @classmethod
    def of(cls, asked: SpeechSettings) -> Masking:
        """As the settings ask; loudness varies only where the features keep it."""
        return cls(
            asked.frequency_masks,
            asked.frequency_width,
            asked.time_masks,
            asked.time_width,
            asked.time_share,
            asked.time_warp,
            0.0 if asked.by_utterance else asked.gain,
        )

    def __call__(
        self, features: np.ndarray, random: np.random.Generator, deviation: np.ndarray | float = 1.0
    ) -> np.ndarray:
        """Normalised features (T, F), varied; masks are filled with 0, the mean.

        Args:
            features: are not changed themselves.
            random: decides.
            deviation: of each bin before it was normalised, in nats, float or (F,).
        """
        varied = self._warped(features, random) if self.warp else features.copy()
        if self.gain:
            # a decibel is a tenth of a power of ten, in nats of energy
            varied += random.uniform(-self.gain, self.gain) * np.log(10) / 10 / deviation
        steps, bins = varied.shape
        for _ in range(self.frequency_masks):
            start, end = _span(bins, self.frequency_width, random)
            varied[:, start:end] = 0
        longest = min(self.time_width, int(self.time_share * steps))
        for _ in range(self.time_masks):
            start, end = _span(steps, longest, random)
            varied[start:end] = 0
        return varied

    def _warped(self, features: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """A point in time moved, what is before and after it played slower and faster to fit."""
        steps = len(features)
        if steps <= 2 * self.warp + 2:
            return features.copy()
        point = int(random.integers(self.warp + 1, steps - self.warp - 1))
        moved = point + int(random.integers(-self.warp, self.warp + 1))
        places = np.interp(np.arange(steps), [0, moved, steps - 1], [0, point, steps - 1])
        low = places.astype(int).clip(0, steps - 2)
        part = (places - low)[:, None].astype(features.dtype)
        return np.asarray((1 - part) * features[low] + part * features[low + 1])


def _span(size: int, widest: int, random: np.random.Generator) -> tuple[int, int]:
    """A mask of 0 to `widest` of `size` places."""
    width = int(random.integers(0, min(widest, size) + 1))
    start = int(random.integers(0, size - width + 1))
    return start, start + width
