"""Batches that are drawn anew for every step, each by its own number."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from throughtime.bench.memory.problem import Split
from throughtime.data.batch import Batch, Kept, Loader

_HELD_OUT = {"valid": 10, "test": 40}
"""Batches of the splits that are judged."""


class Drawn:
    """Endless training data: no sequence is seen twice, and a killed run goes on with those that it would have seen.

    Args:
        draw: makes a batch by a generator.
        batches: in an epoch, which is no more than the time from one evaluation to the next.
        seed: with the epoch's and the batch's number it decides what is drawn; different splits have different ones.

    Example:
        >>> noise = Drawn(lambda random: random.random(), batches=3, seed=0)
        >>> list(noise.epoch(1))[2] == next(noise.epoch(1, skip=2)) != next(noise.epoch(2, skip=2))
        True
    """

    def __init__(self, draw: Callable[[np.random.Generator], Batch], batches: int, seed: int) -> None:
        self._draw, self._batches, self._seed = draw, batches, seed

    def __len__(self) -> int:
        return self._batches

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        for number in range(skip, self._batches):
            yield self._draw(np.random.default_rng((self._seed, epoch, number)))


def drawn_split(draw: Callable[[np.random.Generator], Batch], split: Split, seed: int, *, batches: int) -> Loader:
    """New sequences at every step of training; those that are judged are always the same.

    Args:
        draw: makes a batch by a generator.
        split: whose.
        seed: decides what is learned from.
        batches: of an epoch of training.
    """
    if split == "train":
        return Drawn(draw, batches, seed=3 + seed)  # 0 and 1 are those of the other splits
    return Kept(Drawn(draw, _HELD_OUT[split], seed=("valid", "test").index(split)))
