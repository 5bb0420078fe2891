"""Digits read pixel by pixel, or row by row (Le et al., 2015): which one was it, when the last pixel has been seen?"""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import nn

from throughtime import tasks
from throughtime.bench.memory.problem import Problem, Split
from throughtime.data.batch import Loader
from throughtime.data.loaders import BucketLoader
from throughtime.data.sources import cache_folder
from throughtime.data.splits import Splits
from throughtime.errors import DataError
from throughtime.layers import Recurrent
from throughtime.models.base import Model
from throughtime.models.classifier import Classifier
from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Metric, Task

_BATCH = 50
# the one that reads pictures and no more; which of its models could be learned does not matter here
_READER = "autoencoder"


class Digits(Problem):
    """Ten digits as sequences of grey values.

    Args:
        by: "pixels", one a step, or "rows".
        data: a file or folder of labelled pictures, such as MNIST's IDX files; None: the built-in glyphs of digits.
        permuted: in an order drawn once, the same for all, in which neighbours stand far apart.
        hidden_size: units.
        epochs: of training.
    """

    metric: ClassVar = Metric("right", "share of digits right", "max")
    guess = 0.1

    def __init__(
        self, by: Literal["pixels", "rows"], data: Path | None = None, *, permuted: bool, hidden_size: int, epochs: int
    ) -> None:
        self.name = f"{'permuted-' * permuted}digits-by-{by}"
        self.title = f"a digit, {by.removesuffix('s')} by {by.removesuffix('s')}{', in a drawn order' * permuted}"
        self.by, self.permuted, self.hidden_size, self.data = by, permuted, hidden_size, data
        self.settings = TrainingSettings(
            epochs=epochs, batch_size=_BATCH, learning_rate=3e-3, schedule="cosine", warmup_steps=100
        )
        self.source = "MNIST, pixel by pixel: Bai et al. (2018), irnn Le et al. (2015)"
        if by == "pixels":
            shares = ("0.253", "0.82", "0.873", "0.857") if permuted else ("0.215", "0.97", "0.962", "0.872")
            self.published = dict(zip(("rnn", "irnn", "gru", "lstm"), shares, strict=True))

    @property
    def input_size(self) -> int:  # type: ignore[override]  # known once the pictures are read
        """A pixel, or the pixels of a row."""
        return 1 if self.by == "pixels" else self._side

    @property
    def longest(self) -> int:  # type: ignore[override]
        """Steps of a digit."""
        return self._side**2 if self.by == "pixels" else self._side

    def model(self, layers: Recurrent) -> Model:
        """The digit is read off the last state."""
        return Classifier(nn.Identity(), layers, classes=len(self._classes))

    def loader(self, split: Split, seed: int) -> Loader:
        """The digits, in a new order in each epoch where they are learned from."""
        return BucketLoader(self._examples[split], _BATCH, seed=seed, shuffle=split == "train")

    @torch.no_grad()
    def judge(self, model: Any, split: Split) -> dict[str, float]:
        """The share that is right."""
        right = total = 0
        for batch in BucketLoader(self._examples[split], 500, seed=0, shuffle=False).epoch(0):
            said = model(batch["inputs"], batch["lengths"]).logits.argmax(dim=-1)
            right, total = right + int((said == batch["targets"]).sum()), total + len(said)
        return {self.metric.name: right / total}

    @cached_property
    def _read(self) -> Splits[Any]:
        """Pictures as the application that knows them reads them."""
        kind: type[Task[Any, Any]] = tasks.find(_READER)
        task = kind(kind.Settings(), cache_folder() / "pictures")
        splits = task.built_in_data() if self.data is None else task.read_splits(self.data)
        found = {
            name: [one for one in map(task.describe, examples) if self.data is not None or one.target.isdigit()]
            for name, examples in splits.items()
        }
        return Splits(**found)

    @cached_property
    def _side(self) -> int:
        first = self._read.train[0]
        side = math.isqrt(len(first.content))
        if side**2 != len(first.content):
            raise DataError(self.data or "the glyphs", "pictures in colour, or not square", "square ones in grey")
        return side

    @cached_property
    def _classes(self) -> list[str]:
        found = sorted({one.target for one in self._read.train})
        if len(found) < 2 or "" in found:
            raise DataError(self.data or "the glyphs", "pictures without labels, or all with the same one", "labels")
        return found

    @cached_property
    def _examples(self) -> dict[str, list[dict[str, Any]]]:
        """Sequences (T, I) of values from 0 to 1, and numbers of classes."""
        numbers = {name: number for number, name in enumerate(self._classes)}
        order = np.random.default_rng(0).permutation(self._side**2) if self.permuted else slice(None)
        found: dict[str, list[dict[str, Any]]] = {}
        for name, some in self._read.items():
            pixels = np.frombuffer(b"".join(one.content for one in some), np.uint8).reshape(len(some), -1)[:, order]
            values = (pixels / np.float32(255)).reshape(len(some), -1, self.input_size)
            found[name] = [
                {"inputs": value, "targets": numbers[one.target]} for value, one in zip(values, some, strict=True)
            ]
        return found
