"""Parallel streams of one long sequence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from throughtime.data.batch import Batch, stack
from throughtime.errors import ArgumentError


class StreamLoader:
    """Parallel contiguous streams of one long sequence, for truncated backpropagation through time.

    The sequence is cut into `batch_size` streams of equal length; each batch holds the next `steps` elements of every
    stream, and the state is carried from batch to batch (`first` is True only at an epoch's start).

    Args:
        tokens: (N,) or (N, ...), may be a memory map: only the window at hand is read.
        batch_size: number of streams.
        steps: elements of each stream in a batch (the window).
        seed: decides, with the epoch's number, the varying windows.
        vary: vary the window as AWD-LSTM does (Merity et al. 2018, section 5): mean `steps` (in 5% of the batches
            `steps` / 2), standard deviation 5, at least 5. With `loss_scale="sequence"` the gradient grows with the
            window, which is their rescaling of the learning rate.
        training: True leaves out the at most `batch_size` - 1 elements that make streams unequal; False predicts each
            element but the first exactly once: the last batch then has `lengths`, as streams may differ by one element.

    The batch holds `inputs` and `targets`, int64 (B, steps) where tokens are integers; targets are one step ahead.

    Raises:
        ArgumentError: fewer elements than a stream needs.

    Example:
        >>> batches = list(StreamLoader(np.arange(9), batch_size=2, steps=3).epoch(0))
        >>> [(batch["inputs"].tolist(), batch.first) for batch in batches]
        [([[0, 1, 2], [4, 5, 6]], True), ([[3], [7]], False)]
    """

    def __init__(
        self,
        tokens: np.ndarray,
        batch_size: int,
        steps: int,
        *,
        seed: int = 0,
        vary: bool = False,
        training: bool = True,
    ) -> None:
        if batch_size < 1 or steps < 1:
            raise ArgumentError(f"found batch_size={batch_size}, steps={steps}, expected at least 1 of each")
        if len(tokens) < 2:
            raise ArgumentError(f"found {len(tokens)} elements to stream, expected at least 2: one predicts the next")
        pairs = len(tokens) - 1
        streams = min(batch_size, pairs)  # a short text has fewer streams rather than none
        self.tokens = tokens
        self.steps = steps
        self.seed = seed
        self.vary = vary and training
        if training:
            self._starts = np.arange(streams) * (pairs // streams)
            self._lengths = np.full(streams, pairs // streams)
        else:
            bounds = np.arange(streams + 1) * pairs // streams
            self._starts, self._lengths = bounds[:-1], np.diff(bounds)
        self._length = len(self._edges(0)) - 1

    def __len__(self) -> int:
        """Batches in the first epoch; with `vary`, others may have a few more or less."""
        return self._length

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`; nothing that is skipped is read."""
        edges = self._edges(epoch)
        for index in range(skip, len(edges) - 1):  # one by one: a large text has millions of windows
            yield self._window(int(edges[index]), int(edges[index + 1]))

    def _edges(self, epoch: int) -> np.ndarray:
        """Where the windows of that epoch begin within the streams, and the end."""
        total = int(self._lengths.max())
        starts = np.arange(0, total, self.steps)
        if self.vary:
            random = np.random.default_rng((self.seed, epoch))
            widths = np.zeros(1, dtype=np.int64)
            while widths.sum() < total:
                mean = np.where(random.random(len(starts)) < 0.95, self.steps, self.steps / 2)
                widths = np.concatenate([widths, np.maximum(5, random.normal(mean, 5).astype(np.int64))])
            starts = np.cumsum(widths)
        return np.append(starts[starts < total], total)

    def _window(self, start: int, stop: int) -> Batch:
        lengths = np.clip(self._lengths - start, 0, stop - start)
        rows = [self.tokens[first + start : first + stop + 1] for first in self._starts]
        window = stack(rows, 0)
        if not window.is_floating_point():
            window = window.long()
        tensors = {"inputs": window[:, : stop - start], "targets": window[:, 1 : stop - start + 1]}
        if lengths.min() < stop - start:
            tensors["lengths"] = torch.from_numpy(lengths)
        return Batch(tensors, sequences=len(rows), tokens=int(lengths.sum()), first=start == 0)
