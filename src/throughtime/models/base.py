"""What every model offers to the training loop: a loss summed over time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch, Loader


@dataclass(frozen=True)
class Loss:
    """L = Σ_t L<t> over all real steps of a batch.

    Args:
        total: summed loss of the batch in nats, scalar; padded steps count nothing.
        count: how many terms were summed (frames, tokens, sequences): what a mean divides by.
        state: the recurrent state after the last step (any tree of tensors), carried into the next batch, or None.
        penalty: a regulariser added to the mean loss per step while training, scalar, or None.
        measures: what else is worth looking at while training, detached scalars by name; their means are written down.
    """

    total: Tensor
    count: int
    state: Any = None
    penalty: Tensor | None = None
    measures: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Objective:
    """What one part of a model descends on, where parts play against each other or are regularised now and then.

    Args:
        name: for people: discriminator, r1, generator, ...
        part: whose parameters are moved; objectives of the same part share its optimiser.
        loss: as `Model.loss`.
        every: it is descended on at the steps 0, every, 2 every, ...; the loss itself makes up for the rest (Karras et
            al. 2020).
    """

    name: str
    part: nn.Module
    loss: Callable[[Batch, Any], Loss]
    every: int = 1


class Model(nn.Module, ABC):
    """A torch module for one shape of problem, ignorant of files, words and tasks."""

    @abstractmethod
    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """The loss of a batch.

        Args:
            batch: named tensors, batch first.
            state: the state carried from the batch before, or None at a beginning.
        """

    def objectives(self) -> Sequence[Objective]:
        """What a training step descends on, in order; by default all parameters on the loss."""
        return (Objective("loss", self, self.loss),)

    def stepped(self) -> None:
        """Called when a training step is done: for what moves by other rules than descent; by default nothing does.

        What changes here must be a buffer, or a parameter without gradient: checkpoints hold it then.
        """
        return

    @torch.no_grad()
    def mean_loss(self, loader: Loader) -> float:
        """Mean loss per term over a whole split, in nats; the state is carried where the loader says so."""
        self.eval()
        device = next(self.parameters()).device
        total, count, state = 0.0, 0, None
        for batch in loader.epoch(0):
            loss = self.loss(batch.to(device), None if batch.first else state)
            total, count, state = total + float(loss.total), count + loss.count, loss.state
        return total / max(count, 1)
