"""One to many: an autoregressive generator, p(x) = Π_t p(x<t> | x<1>, ..., x<t-1>)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.decoding.sampling import Sampling
from throughtime.models.base import Loss, Model
from throughtime.models.outputs.base import Output


class Generator(Model):
    """Encoder, recurrent layers and output layer in a row.

    Args:
        encoder: what came last -> vector: (B, T, ...) -> (B, T, I); an embedding, or the identity for piano-rolls.
        recurrent: a recurrent layer of throughtime.layers with batch_first=True.
        output: the distribution of the next element given the hidden state.
        dropout: dropout before and after the recurrent layers.

    The batch holds `inputs` (B, T, ...), `targets` (B, T, ...) and, if padded, `lengths` (B,).
    """

    def __init__(self, encoder: nn.Module, recurrent: nn.Module, output: Output, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.recurrent = recurrent
        self.output = output
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, state: Any = None) -> tuple[Tensor, Any]:
        """Hidden states (B, T, H) after each input, and the final state."""
        encoded = self.dropout(self.encoder(inputs))
        hidden, state = self.recurrent(encoded, state, lengths=lengths)
        return self.dropout(hidden), state

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """Negative log-likelihood, summed over all real steps."""
        lengths, targets = batch.get("lengths"), batch["targets"]
        hidden, state = self(batch["inputs"], lengths, state)
        if lengths is None:
            hidden, targets = hidden.flatten(0, 1), targets.flatten(0, 1)
        else:
            real = torch.arange(targets.shape[1], device=targets.device) < lengths[:, None]
            hidden, targets = hidden[real], targets[real]
        return Loss(self.output.nll(hidden, targets).sum(), targets.shape[0], state)

    @torch.no_grad()
    def generate(self, primer: Tensor, sampling: Sampling) -> Iterator[Tensor]:
        """Draw elements for ever: read the primer (B, T, ...), T >= 1, then yield (B, ...) after (B, ...)."""
        self.eval()
        hidden, state = self(primer)
        while True:
            element = self.output.sample(hidden[:, -1], sampling)
            yield element
            hidden, state = self(element[:, None].to(primer.dtype), state=state)
