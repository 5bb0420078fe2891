"""Batches of utterances: features of like length, normalised, and in training varied anew in each epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.tasks.speech.audio.masking import Masking
from throughtime.tasks.speech.audio.normalising import Normaliser

if TYPE_CHECKING:
    from throughtime.data.batch import Batch


@dataclass(frozen=True)
class Varied:
    """One utterance's features at each of some speeds, each (T_s, F), and its symbols (U,)."""

    features: Sequence[np.ndarray]
    symbols: np.ndarray


class UtteranceLoader:
    """Padded batches with `inputs` (B, T, F), `lengths` (B,), `targets` (B, U) and `target_lengths` (B,).

    Args:
        utterances: features may be on disk: those of the batch at hand are read.
        batch_size: utterances in a batch.
        normaliser: of the features.
        masking: how they are varied; None: not at all.
        seed: decides, with the epoch's number, order, speeds and masks.
        shuffle: a new order in each epoch, similar lengths together; False: the order given.
        workers: processes that read; the batches are the same whatever their number.
    """

    def __init__(
        self,
        utterances: Sequence[Varied],
        batch_size: int,
        normaliser: Normaliser,
        masking: Masking | None = None,
        *,
        seed: int = 0,
        shuffle: bool = False,
        workers: int = 0,
    ) -> None:
        self.utterances, self.batch_size, self.normaliser, self.masking = utterances, batch_size, normaliser, masking
        self.seed, self.shuffle, self.workers = seed, shuffle, workers

    def __len__(self) -> int:
        return -(-len(self.utterances) // self.batch_size)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        from throughtime.data.loaders import BucketLoader

        speeds = np.random.default_rng((self.seed, epoch, 2)).random(len(self.utterances))
        rows = [self._row(one, speed) for one, speed in zip(self.utterances, speeds, strict=True)]
        options: dict[str, Any] = {"seed": self.seed, "shuffle": self.shuffle, "workers": self.workers}
        loader = BucketLoader(rows, self.batch_size, **options)
        for index, batch in enumerate(loader.epoch(epoch, skip), skip):
            yield self._finished(batch, np.random.default_rng((self.seed, epoch, index, 3)))

    @staticmethod
    def _row(one: Varied, speed: float) -> dict[str, Any]:
        features = one.features[int(speed * len(one.features))]
        return {"inputs": features, "targets": one.symbols, "target_lengths": len(one.symbols)}

    def _finished(self, batch: Batch, random: np.random.Generator) -> Batch:
        """The batch with its features normalised and varied."""
        import torch

        raw = batch["inputs"].numpy()
        inputs = np.zeros(raw.shape, dtype=np.float32)
        for row, values, length in zip(inputs, raw, batch["lengths"].tolist(), strict=True):
            features = self.normaliser(values[:length])
            if self.masking is not None:
                features = self.masking(features, random, self.normaliser.deviation)
            row[:length] = features
        return replace(batch, tensors={**batch.tensors, "inputs": torch.from_numpy(inputs)})
