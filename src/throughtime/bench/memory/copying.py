"""The copy memory problem (Hochreiter and Schmidhuber, 1997; as in Arjovsky et al., 2016): say what was said first."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import torch

from throughtime.bench.memory.drawn import drawn_split
from throughtime.bench.memory.problem import Problem, Split
from throughtime.data.batch import Batch, Loader
from throughtime.layers import Recurrent
from throughtime.models.base import Model
from throughtime.models.classifier import OneHot
from throughtime.models.generator import Generator
from throughtime.models.outputs.softmax import Softmax
from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Metric

_BATCH = 50
_SAID, _KINDS = 10, 8
_BLANK, _AGAIN = 9, 10
"""Symbols are 1 to 8; then nothing is said; then what was said is asked for."""


class Copying(Problem):
    """Ten symbols of eight kinds; T steps of nothing, at the last of which they are asked for; ten steps to say them.

    The cross-entropy is the mean over all T + 20 steps. Who knows when to speak but not what has 10 log 8 / (T + 20).

    Args:
        length: T.
        hidden_size: units.
        steps: of training.
    """

    metric: ClassVar = Metric("nats", "cross-entropy in nats per step", "min")
    input_size = 11
    source = "Bai et al. (2018), T = 1,000, where guessing comes to 0.0204"

    def __init__(self, length: int, hidden_size: int, steps: int) -> None:
        self.name, self.longest, self.hidden_size = f"copying-{length}", length, hidden_size
        self.title = f"say ten symbols again after {length} steps"
        self.guess = _SAID * math.log(_KINDS) / (length + 2 * _SAID)
        self.settings = TrainingSettings(
            steps=steps, batch_size=_BATCH, learning_rate=2e-3, schedule="cosine", warmup_steps=50, evaluate_every=200
        )
        self.published = {"rnn": "0.0202", "gru": "0.0197", "lstm": "0.0204"} if length >= 200 else {}

    def model(self, layers: Recurrent) -> Model:
        """At each step one of the symbols, or nothing."""
        return Generator(OneHot(self.input_size), layers, Softmax(self.hidden_size, self.input_size))

    def loader(self, split: Split, seed: int) -> Loader:
        """New sequences at every step; those that are judged are always the same."""
        return drawn_split(self.draw, split, seed, batches=200)

    def judge(self, model: Any, split: Split) -> dict[str, float]:
        """The cross-entropy, and the share of the ten symbols that are said right."""
        loader = self.loader(split, 0)
        right = total = 0
        with torch.no_grad():
            for batch in loader.epoch(0):
                hidden, _ = model(batch["inputs"])
                said = model.output.logits(hidden[:, -_SAID:]).argmax(dim=-1)
                right += int((said == batch["targets"][:, -_SAID:]).sum())
                total += said.numel()
        return {self.metric.name: model.mean_loss(loader), "symbols_right": right / total}

    def draw(self, random: np.random.Generator) -> Batch:
        """A batch of sequences (B, T + 20) and what is to be said (B, T + 20)."""
        T = self.longest
        said = random.integers(1, 1 + _KINDS, size=(_BATCH, _SAID))
        inputs = np.full((_BATCH, T + 2 * _SAID), _BLANK)
        targets = inputs.copy()
        inputs[:, :_SAID], inputs[:, -_SAID - 1], targets[:, -_SAID:] = said, _AGAIN, said
        tensors = {"inputs": torch.from_numpy(inputs), "targets": torch.from_numpy(targets)}
        return Batch(tensors, _BATCH, inputs.size)
