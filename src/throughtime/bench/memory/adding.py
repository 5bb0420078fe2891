"""The adding problem (Hochreiter and Schmidhuber, 1997): two numbers of many are marked; what is their sum?"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch

from throughtime.bench.memory.drawn import drawn_split
from throughtime.bench.memory.problem import Problem, Split
from throughtime.data.batch import Batch, Loader
from throughtime.layers import Recurrent
from throughtime.models.base import Model
from throughtime.models.regressor import Regressor
from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Metric

_BATCH = 32


class Adding(Problem):
    """T numbers, uniform from 0 to 1, of which one in each half is marked by 1 in a second channel.

    Always answering 1 has a mean squared error of 1/6, the variance of a sum of two such numbers.

    Args:
        length: T.
        hidden_size: units.
        steps: of training.
    """

    metric: ClassVar = Metric("squared_error", "mean squared error of the sum", "min")
    input_size = 2
    guess = 1 / 6
    source = "Bai et al. (2018), T = 600"

    def __init__(self, length: int, hidden_size: int, steps: int) -> None:
        self.name, self.longest, self.hidden_size = f"adding-{length}", length, hidden_size
        self.title = f"add the two marked numbers of {length}"
        self.settings = TrainingSettings(
            steps=steps, batch_size=_BATCH, learning_rate=5e-3, schedule="cosine", warmup_steps=50, evaluate_every=100
        )
        self.ungated = {"optimiser": "rmsprop", "learning_rate": 1e-3}
        self.published = {"rnn": "0.177", "gru": "5.3e-5", "lstm": "0.164"} if length == 600 else {}

    def model(self, layers: Recurrent) -> Model:
        """The sum is read off the last state."""
        return Regressor(layers)

    def loader(self, split: Split, seed: int) -> Loader:
        """New sequences at every step; those that are judged are always the same."""
        return drawn_split(self.draw, split, seed, batches=100)

    def judge(self, model: Any, split: Split) -> dict[str, float]:
        """The mean squared error."""
        return {self.metric.name: model.mean_loss(self.loader(split, 0))}

    def draw(self, random: np.random.Generator) -> Batch:
        """A batch of sequences (B, T, 2) and their sums (B,)."""
        T, half = self.longest, self.longest // 2
        numbers, marks = random.random((_BATCH, T)), np.zeros((_BATCH, T))
        rows = np.arange(_BATCH)
        places = random.integers(half, size=_BATCH), random.integers(half, T, size=_BATCH)
        for place in places:
            marks[rows, place] = 1
        inputs, sums = np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1)
        tensors = {
            "inputs": torch.from_numpy(inputs.astype(np.float32)),
            "targets": torch.from_numpy(sums.astype(np.float32)),
            "lengths": torch.full((_BATCH,), T),
        }
        return Batch(tensors, _BATCH, _BATCH * T)
