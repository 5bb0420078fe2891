"""Random passages of long sequences: so that a model also learns what a few sentences say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from throughtime.data.batch import Batch
from throughtime.data.loaders import BucketLoader
from throughtime.errors import ArgumentError


class PieceLoader:
    """Batches as those of `BucketLoader`, in which some sequences are cut to a random piece, another in each epoch.

    A sequence longer than `longest` is cut with probability `share`: it begins at its start or just after an end mark,
    each as probable, and goes on for a length drawn log-uniformly from `shortest` to `longest`, and from there to the
    next end mark if one comes in time. All that is not cut is read as `whole` gives it.

    Args:
        examples: each a mapping with an array `inputs` (T_i,) and numbers.
        whole: the same examples as they are read when they are not cut.
        batch_size: sequences in a batch.
        seed: decides, with the epoch's number, pieces and order.
        share: of the sequences that are cut.
        shortest: steps of the shortest piece.
        longest: steps of the longest piece.
        ends: numbers of the elements that end a sentence; none: a piece may begin and end anywhere.
        workers: processes that prepare batches.

    Raises:
        ArgumentError: a share or lengths that cannot be.
    """

    def __init__(
        self,
        examples: Sequence[Mapping[str, Any]],
        whole: Sequence[Mapping[str, Any]],
        batch_size: int,
        *,
        seed: int,
        share: float,
        shortest: int,
        longest: int,
        ends: Sequence[int] = (),
        workers: int = 0,
    ) -> None:
        if not 0 <= share <= 1 or not 1 <= shortest <= longest or len(examples) != len(whole):
            raise ArgumentError(
                f"found share={share}, shortest={shortest}, longest={longest} and {len(examples)} examples for "
                f"{len(whole)}, expected a share of 0 to 1, lengths in order, and one example for each"
            )
        self.examples, self.whole = examples, whole
        self.batch_size, self.seed, self.workers = batch_size, seed, workers
        self.share, self.shortest, self.longest = share, shortest, longest
        self.ends = np.asarray(ends, dtype=np.int64)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.examples) // self.batch_size)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        rows = self._cut(np.random.default_rng((self.seed, epoch, 1)))
        loader = BucketLoader(rows, self.batch_size, seed=self.seed, shuffle=True, workers=self.workers)
        yield from loader.epoch(epoch, skip)

    def _cut(self, random: np.random.Generator) -> list[Mapping[str, Any]]:
        # all numbers are drawn at once, so that one example's length changes nothing for the others
        draws = random.random((len(self.examples), 3))
        rows = []
        for example, whole, (chosen, size, place) in zip(self.examples, self.whole, draws, strict=True):
            inputs = example["inputs"]
            if chosen >= self.share or len(inputs) <= self.longest:
                rows.append(whole)
                continue
            length = round(self.shortest * math.exp(size * math.log(self.longest / self.shortest)))
            rows.append({**example, "inputs": self._piece(inputs, length, place)})
        return rows

    def _piece(self, inputs: np.ndarray, length: int, place: float) -> np.ndarray:
        """The piece of at least this length (if there is as much) at a place from 0 to below 1."""
        if not len(self.ends):
            start = int(place * (len(inputs) - length + 1))
            return inputs[start : start + length]
        is_end = np.isin(inputs, self.ends)
        starts = np.flatnonzero(np.concatenate([[True], is_end[:-1] & ~is_end[1:]]))
        start = int(starts[int(place * len(starts))])
        following = np.flatnonzero(is_end[start + length - 1 : start + self.longest])
        return inputs[start : start + length + (int(following[0]) if len(following) else 0)]
