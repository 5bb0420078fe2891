"""Many to one: a number for a whole sequence, by the squared error."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.layers import Recurrent
from throughtime.models.base import Loss, Model
from throughtime.models.parts.pooling import last_pooling


class Regressor(Model):
    """Recurrent layers, and a linear layer on what each direction knows at its end.

    Args:
        recurrent: with batch_first=True.

    The batch holds `inputs` (B, T, I), `targets` (B,) and `lengths` (B,); the loss is the squared error, summed over
    the sequences.

    Example:
        >>> import torch
        >>> from throughtime.layers import GRU
        >>> Regressor(GRU(2, 4, batch_first=True))(torch.zeros(3, 5, 2), torch.tensor([5, 1, 3])).shape
        torch.Size([3])
    """

    def __init__(self, recurrent: Recurrent) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.output = nn.Linear(recurrent.cell.state_sizes[0] * recurrent.num_directions, 1)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The numbers (B,) of sequences (B, T, I) of these lengths (B,)."""
        hidden, _ = self.recurrent(inputs, lengths=lengths)
        numbers: Tensor = self.output(last_pooling(hidden, lengths, self.recurrent.num_directions))[:, 0]
        return numbers

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """The squared error, summed over the sequences."""
        numbers = self(batch["inputs"], batch["lengths"])
        return Loss(F.mse_loss(numbers, batch["targets"], reduction="sum"), len(numbers))
