"""Padded batches of separate sequences."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from throughtime.data.batch import Batch, is_array, stack
from throughtime.errors import ArgumentError

Example = Mapping[str, Any]

# Sequences are sorted by length within pools of this many batches: little padding, and still a random order.
_POOL = 50


class BucketLoader:
    """Padded batches of separate sequences, of similar length where the order is free.

    Args:
        examples: each a mapping of names to arrays (T_i, ...) and numbers. All arrays of one name become one tensor
            (B, T, ...), padded at the end; all numbers of one name a tensor (B,), int64, float32 or bool.
        batch_size: sequences in a batch; the last batch of an epoch may be smaller.
        seed: decides, with the epoch's number, the order.
        shuffle: a new order in each epoch, similar lengths together; False: the order given.
        padding: by name, the value that fills up shorter arrays (0 where not given).
        window: truncated backpropagation through time: each padded batch is cut in time into batches of that many
            steps; all but the first of them have `first=False`, and rows that have ended have length 0.
        workers: processes that prepare batches (0: this one); the batches are the same whatever their number.
        length_of: the name whose arrays' lengths become the tensor `lengths` (B,), int64.
        alike: further names whose arrays' lengths shall be similar within a batch (source and target of a translation).

    Raises:
        ArgumentError: no examples, examples of different names, or arrays that a window cannot cut alike.

    Example:
        >>> words = [{"inputs": np.array([5, 6])}, {"inputs": np.array([7])}]
        >>> batch = next(BucketLoader(words, 2, seed=0, shuffle=False).epoch(0))
        >>> batch["inputs"].tolist(), batch["lengths"].tolist(), batch.tokens
        ([[5, 6], [7, 0]], [2, 1], 3)
    """

    def __init__(
        self,
        examples: Sequence[Example],
        batch_size: int,
        *,
        seed: int,
        shuffle: bool,
        padding: Mapping[str, float] | None = None,
        window: int | None = None,
        workers: int = 0,
        length_of: str = "inputs",
        alike: Sequence[str] = (),
    ) -> None:
        if batch_size < 1 or (window is not None and window < 1) or workers < 0:
            raise ArgumentError(
                f"found batch_size={batch_size}, window={window}, workers={workers}, expected at least 1, 1 and 0"
            )
        self.examples = examples
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.padding = dict(padding or {})
        self.window = window
        self.workers = workers
        self.length_of = length_of
        self._lengths = self._measure()
        others = [np.array([len(example[name]) for example in examples]) for name in reversed(alike)]
        self._sizes = (*others, self._lengths)
        self._length = sum(self._windows(indices) for indices in self._plan(0))
        self._at_hand = _Batches()
        self._workshop: DataLoader[Any] | None = None

    def __len__(self) -> int:
        """Batches in the first epoch; with a window, others may have a few more or less, as the order decides."""
        return self._length

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`; nothing that is skipped is read or padded."""
        plan = self._plan(epoch)
        done = 0
        while done < len(plan) and skip >= self._windows(plan[done]):
            skip -= self._windows(plan[done])
            done += 1
        self._at_hand.batches = [self._keys(indices) for indices in plan[done:]]
        for tensors in self._padded():
            for batch in self._cut(tensors):
                if skip > 0:
                    skip -= 1
                else:
                    yield batch

    def _padded(self) -> DataLoader[Any]:
        """What pads and stacks the batches at hand; its processes live on from epoch to epoch."""
        if self._workshop is None:
            self._workshop = DataLoader(
                _Examples(self.examples),
                batch_sampler=self._at_hand,
                num_workers=self.workers,
                persistent_workers=self.workers > 0,
                collate_fn=self._collate,
                worker_init_fn=_ignore_interrupts,
                # without its own generator it would draw from torch's, and a resumed run would see other dropout masks
                generator=torch.Generator(),
            )
        return self._workshop

    def _keys(self, indices: list[int]) -> list[Any]:
        """What `examples` is asked for, by this process or a worker, to have a batch of those numbers."""
        return indices

    def _measure(self) -> np.ndarray:
        """Length of each example; all must have the same names, and with a window the same length throughout."""
        if len(self.examples) == 0:
            raise ArgumentError("found no examples to make batches of, expected at least 1")
        names = set(self.examples[0])
        if not is_array(self.examples[0].get(self.length_of)):
            raise ArgumentError(f"found no array {self.length_of!r} in an example with {sorted(names)}")
        lengths = np.empty(len(self.examples), dtype=np.int64)
        for index in range(len(self.examples)):
            example = self.examples[index]
            if set(example) != names:
                raise ArgumentError(
                    f"example {index}: found {sorted(example)}, expected {sorted(names)} as in the first"
                )
            lengths[index] = len(example[self.length_of])
            if self.window is not None:
                for name, value in example.items():
                    if is_array(value) and len(value) != lengths[index]:
                        raise ArgumentError(
                            f"example {index}: found {len(value)} steps of {name!r}, expected {lengths[index]} as of "
                            f"{self.length_of!r}: a window cuts all arrays alike"
                        )
        return lengths

    def _plan(self, epoch: int) -> list[list[int]]:
        """Which examples make up each padded batch of that epoch."""
        order = np.arange(len(self._lengths))
        size = self.batch_size
        if not self.shuffle:
            return [order[start : start + size].tolist() for start in range(0, len(order), size)]
        random = np.random.default_rng((self.seed, epoch))
        random.shuffle(order)
        batches = []
        for start in range(0, len(order), size * _POOL):
            pool = order[start : start + size * _POOL]
            pool = pool[np.lexsort([sizes[pool] for sizes in self._sizes])]
            batches += [pool[first : first + size].tolist() for first in range(0, len(pool), size)]
        return [batches[index] for index in random.permutation(len(batches))]

    def _windows(self, indices: list[int]) -> int:
        """How many windows a padded batch is cut into."""
        if self.window is None:
            return 1
        return max(1, -(-int(self._lengths[indices].max()) // self.window))

    def _collate(self, examples: list[Example]) -> dict[str, Tensor]:
        """Pad and stack; runs in a worker."""
        tensors = {
            name: stack([example[name] for example in examples], self.padding.get(name, 0)) for name in examples[0]
        }
        tensors["lengths"] = torch.tensor([len(example[self.length_of]) for example in examples])
        return tensors

    def _cut(self, tensors: dict[str, Tensor]) -> Iterator[Batch]:
        """Windows of a padded batch, or the batch itself."""
        lengths = tensors["lengths"]
        if self.window is None:
            yield Batch(tensors, sequences=len(lengths), tokens=int(lengths.sum()))
            return
        for start in range(0, tensors[self.length_of].shape[1], self.window):
            cut = {name: t[:, start : start + self.window] if t.dim() > 1 else t for name, t in tensors.items()}
            cut["lengths"] = (lengths - start).clamp(0, self.window)
            alive = int((cut["lengths"] > 0).sum())
            yield Batch(cut, sequences=alive, tokens=int(cut["lengths"].sum()), first=start == 0)


class _Examples(Dataset[Example]):
    """The examples as torch's DataLoader wants them."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples: Any = examples

    def __getitem__(self, key: Any) -> Example:
        example: Example = self.examples[key]
        return example


class _Batches:
    """Which examples make up the batches of the epoch at hand."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []

    def __iter__(self) -> Iterator[list[Any]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def _ignore_interrupts(_worker: int) -> None:
    """Ctrl-C reaches every process of a terminal; whether to stop is for the training process to decide."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
