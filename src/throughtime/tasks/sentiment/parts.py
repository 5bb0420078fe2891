"""Texts as their sentences: where each ends, and batches in which training reads some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from throughtime.data.batch import Batch
from throughtime.data.loaders import BucketLoader
from throughtime.errors import ArgumentError

_SHORTEST = 4  # shorter ones ("Wow!", "10/10.") go with the sentence before


def sentence_lengths(numbers: np.ndarray, ends: Sequence[int], longest: int) -> np.ndarray:
    """How long the sentences are that a text consists of: elements (T,) -> lengths (S,) that sum to T.

    A sentence ends after end marks, and at the latest after `longest` elements.

    Args:
        numbers: what stands where.
        ends: the numbers of the end marks.
        longest: elements of the longest sentence.

    Example:
        >>> dot = 1
        >>> sentence_lengths(np.array([7, 8, 9, 7, dot, dot, 5, 6, 7, 8, dot, 9, dot]), [dot], longest=60).tolist()
        [6, 7]
    """
    is_end = np.isin(numbers, ends)
    lengths: list[int] = []
    start, total = 0, len(numbers)
    # a sentence's end is the last of some end marks in a row
    for stop in [*(np.flatnonzero(is_end[:-1] & ~is_end[1:]) + 1).tolist(), total]:
        while stop - start > longest:
            lengths.append(longest)
            start += longest
        if lengths and stop - start < _SHORTEST and lengths[-1] + stop - start <= longest:
            lengths[-1] += stop - start
        elif stop > start:
            lengths.append(stop - start)
        start = stop
    return np.array(lengths, dtype=np.int64)


class PartsLoader(BucketLoader):
    """Batches as those of `BucketLoader`, in which of a sequence of many parts some are read, others in each epoch.

    Args:
        examples: each a mapping with an array `inputs` (T_i,), the lengths of its parts in a row, `parts` (S_i,), which
            sum to T_i, and numbers.
        batch_size: sequences in a batch.
        seed: decides, with the epoch's number, parts and order.
        most: parts of a sequence that are read in an epoch, in their order; None: all.
        repeat: times that sequences of a single part are read in an epoch, or less often where they would then be more
            than all the parts of the others that are read.
        workers: processes that prepare batches.

    Raises:
        ArgumentError: less than one part, or read less than once.

    Example:
        >>> example = {"inputs": np.array([5, 6, 7]), "parts": np.array([2, 1]), "targets": 0}
        >>> [batch] = PartsLoader([example], 1, seed=0, most=1).epoch(0)
        >>> batch["inputs"].tolist(), batch["parts"].tolist()
        ([[7]], [[1]])
    """

    def __init__(
        self,
        examples: Sequence[Mapping[str, Any]],
        batch_size: int,
        *,
        seed: int,
        most: int | None,
        repeat: int = 1,
        workers: int = 0,
    ) -> None:
        if (most is not None and most < 1) or repeat < 1:
            raise ArgumentError(f"found most={most}, repeat={repeat}, expected at least 1 of each (or None for all)")
        single = [example for example in examples if len(example["parts"]) <= 1]
        others = sum(min(len(example["parts"]), most or len(example["parts"])) for example in examples) - len(single)
        all_examples = [*examples, *single * (min(repeat, max(1, others // max(1, len(single)))) - 1)]
        self.most = most
        self._chosen: list[np.ndarray | None] = [None] * len(all_examples)
        super().__init__(_Parts(all_examples), batch_size, seed=seed, shuffle=True, workers=workers)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        random = np.random.default_rng((self.seed, epoch, 1))
        parts = [example["parts"] for example in self.examples]
        self._chosen = [self._choose(len(own), random) for own in parts]
        kept = [own if chosen is None else own[chosen] for own, chosen in zip(parts, self._chosen, strict=True)]
        self._sizes = (np.array([own.sum() for own in kept], dtype=np.int64),)
        yield from super().epoch(epoch, skip)

    def _choose(self, count: int, random: np.random.Generator) -> np.ndarray | None:
        """Which of so many parts are read; None: all."""
        if self.most is None or count <= self.most:
            return None
        return np.sort(random.permutation(count)[: self.most])

    def _keys(self, indices: list[int]) -> list[Any]:
        """The choice is made here and carried out where a batch is made, so that workers need not start anew."""
        return [(index, self._chosen[index]) for index in indices]


class _Parts(Sequence[Mapping[str, Any]]):
    """Examples, whole by their number, or some parts of one by its number and the parts'."""

    def __init__(self, examples: Sequence[Mapping[str, Any]]) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, tuple):
            return self.examples[key]
        index, chosen = key
        example = self.examples[index]
        if chosen is None:
            return example
        pieces = np.split(example["inputs"], np.cumsum(example["parts"])[:-1])
        return {
            **example,
            "inputs": np.concatenate([pieces[part] for part in chosen]),
            "parts": example["parts"][chosen],
        }
