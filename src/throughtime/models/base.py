"""What every model offers to the training loop: a loss summed over time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
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
    """

    total: Tensor
    count: int
    state: Any = None
    penalty: Tensor | None = None


class Model(nn.Module, ABC):
    """A torch module for one shape of problem, ignorant of files, words and tasks."""

    @abstractmethod
    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """The loss of a batch.

        Args:
            batch: named tensors, batch first.
            state: the state carried from the batch before, or None at a beginning.
        """

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
