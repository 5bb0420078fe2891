"""Subject-verb agreement over distance (Linzen et al., 2016): a language model says which form of a verb comes next."""

from __future__ import annotations

from itertools import islice
from typing import Any, ClassVar

import numpy as np
import torch

from throughtime.bench.memory.drawn import Drawn
from throughtime.bench.memory.grammar import MOST, VOCABULARY, Sentence, sentences
from throughtime.bench.memory.problem import Problem, Split
from throughtime.data.batch import Batch, Loader, stack
from throughtime.layers import Recurrent
from throughtime.models.base import Model
from throughtime.models.generator import Generator
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.embedding import Embedding
from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Metric

_BATCH = 50
_JUDGED = {"valid": 200, "test": 1000}
"""Sentences of each number of attractors."""
_ATTRACTORS = 4

# 0 is the end of the sentence before
_IDS = {word: number for number, word in enumerate(VOCABULARY, 1)}


class Agreement(Problem):
    """Language models of the sentences of `grammar`, learned word by word; nothing tells them what agreement is.

    Judged is the share of sentences in which the right form of the verb is more probable than the wrong one, where all
    nouns between subject and verb, 0 to 5, are of the other number.

    Args:
        hidden_size: units.
        steps: of training.
    """

    name = "agreement"
    title = f"the verb of a subject behind {_ATTRACTORS} nouns of the other number"
    metric: ClassVar = Metric("right_4", f"share of verbs right, {_ATTRACTORS} attractors", "max")
    guess = 0.5
    longest = 25
    source = "Linzen et al. (2016), Wikipedia, told which words are to agree"

    def __init__(self, hidden_size: int, steps: int) -> None:
        self.hidden_size = self.input_size = hidden_size
        self.settings = TrainingSettings(
            steps=steps, batch_size=_BATCH, learning_rate=4e-3, schedule="cosine", evaluate_every=200
        )
        self.published = {"lstm": "0.824"}

    def model(self, layers: Recurrent) -> Model:
        """Word vectors, layers, a softmax over all words."""
        return Generator(Embedding(len(_IDS) + 1, self.input_size), layers, Softmax(self.hidden_size, len(_IDS) + 1))

    def loader(self, split: Split, seed: int) -> Loader:
        """New sentences at every step."""

        def drawn(random: np.random.Generator) -> Batch:
            return batch_of(list(islice(sentences(split, int(random.integers(2**31))), _BATCH)))

        return Drawn(drawn, batches=200, seed=seed)

    def judge(self, model: Any, split: Split) -> dict[str, float]:
        """The share that is right with four attractors, and with each other number of them."""
        found = {}
        for attractors in range(MOST + 1):
            some = list(islice(sentences(split, 0, attractors, opposed=True), _JUDGED[split]))
            right, wrong = (surprises(model, each) for each in (some, [one.wrong for one in some]))
            found[f"right_{attractors}"] = float((right < wrong).double().mean())
        return {self.metric.name: found.pop(self.metric.name), **found}


def batch_of(some: list[Sentence]) -> Batch:
    """Sentences side by side, each word the answer to those before it."""
    targets = [np.array([_IDS[word] for word in one.words] + [0]) for one in some]
    lengths = [len(row) for row in targets]
    tensors = {
        "inputs": stack([np.roll(row, 1) for row in targets], 0),
        "targets": stack(targets, 0),
        "lengths": torch.tensor(lengths),
    }
    return Batch(tensors, len(some), sum(lengths))


@torch.no_grad()
def surprises(model: Any, some: list[Sentence]) -> torch.Tensor:
    """-log p of the verb of each sentence, given all before it: (N,)."""
    batch = batch_of(some)
    hidden, _ = model(batch["inputs"], batch["lengths"])
    rows, verbs = torch.arange(len(some)), torch.tensor([one.verb for one in some])
    nll: torch.Tensor = model.output.nll(hidden[rows, verbs], batch["targets"][rows, verbs])
    return nll
