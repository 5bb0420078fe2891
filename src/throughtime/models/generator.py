"""One to many: an autoregressive generator, p(x) = Π_t p(x<t> | x<1>, ..., x<t-1>)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.decoding.sampling import Sampling
from throughtime.models.base import Loss, Model
from throughtime.models.outputs.base import Output
from throughtime.models.parts.stack import locked_dropout


class Generator(Model):
    """Encoder, recurrent layers and output layer in a row.

    Args:
        encoder: what came last -> vector: (B, T, ...) -> (B, T, I); an embedding, or the identity for piano-rolls.
        recurrent: a recurrent layer of throughtime.layers. One with batch_first=False is quicker: the encoder then
            sees (T, B, ...), and nothing is copied to change the order.
        output: the distribution of the next element given the hidden state.
        dropout: dropout before and after the recurrent layers; one probability, or one each.
        locked: drop the same features at every step of a sequence (Gal and Ghahramani 2016).
        activation_penalty: α of the penalty α mean(a²) on the dropped-out outputs a of the recurrent layers
            (Merity et al. 2018, section 4.5; they use 2).
        change_penalty: β of the penalty β mean((a<t+1> - a<t>)²) on their outputs before dropout (they use 1).

    The batch holds `inputs` (B, T, ...), `targets` (B, T, ...) and, if padded, `lengths` (B,).
    """

    def __init__(
        self,
        encoder: nn.Module,
        recurrent: nn.Module,
        output: Output,
        dropout: float | tuple[float, float] = 0.0,
        *,
        locked: bool = False,
        activation_penalty: float = 0.0,
        change_penalty: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.recurrent = recurrent
        self.output = output
        self.dropout = dropout if isinstance(dropout, tuple) else (dropout, dropout)
        self.locked = locked
        self.activation_penalty = activation_penalty
        self.change_penalty = change_penalty
        self._time = 1 if getattr(recurrent, "batch_first", True) else 0

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, state: Any = None) -> tuple[Tensor, Any]:
        """Hidden states (B, T, H) after each input, and the final state."""
        _, hidden, state = self._run(inputs, lengths, state)
        return self._ordered(hidden), state

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """Negative log-likelihood, summed over all real steps; with penalties, if asked for, while training."""
        lengths, targets = batch.get("lengths"), self._ordered(batch["targets"])
        output, hidden, state = self._run(batch["inputs"], lengths, state)
        real = None if lengths is None else self._real(lengths, batch["targets"].shape[1])
        flat, targets = _steps(hidden, real), _steps(targets, real)
        return Loss(self.output.total(flat, targets), targets.shape[0], state, self._penalty(output, flat, real))

    @torch.no_grad()
    def generate(self, primer: Tensor, sampling: Sampling, state: Any = None) -> Iterator[Tensor]:
        """Draw elements for ever: read the primer (B, T, ...), T >= 1, then yield (B, ...) after (B, ...).

        Args:
            primer: what is continued.
            sampling: how to draw.
            state: before the primer; None: a beginning.
        """
        self.eval()
        hidden, state = self(primer, state=state)
        while True:
            element = self.output.sample(hidden[:, -1], sampling)
            yield element
            hidden, state = self(element[:, None].to(primer.dtype), state=state)

    def _run(self, inputs: Tensor, lengths: Tensor | None, state: Any) -> tuple[Tensor, Tensor, Any]:
        """The recurrent layers' output before and after dropout, in their own order of dimensions, and the state."""
        encoded = self._drop(self.encoder(self._ordered(inputs)), self.dropout[0])
        output, state = self.recurrent(encoded, state, lengths=lengths)
        return output, self._drop(output, self.dropout[1]), state

    def _ordered(self, x: Tensor) -> Tensor:
        """(B, T, ...) <-> the recurrent layers' order, as a view."""
        return x if self._time else x.transpose(0, 1)

    def _drop(self, x: Tensor, probability: float) -> Tensor:
        if self.locked:
            return locked_dropout(x, probability, time=self._time, training=self.training)
        return F.dropout(x, probability, self.training)

    def _real(self, lengths: Tensor, steps: int) -> Tensor:
        """Which steps are no padding, in the recurrent layers' order."""
        return self._ordered(torch.arange(steps, device=lengths.device) < lengths[:, None])

    def _penalty(self, output: Tensor, flat: Tensor, real: Tensor | None) -> Tensor | None:
        """Activation regularisation and temporal activation regularisation (AR and TAR)."""
        if not self.training or not (self.activation_penalty or self.change_penalty):
            return None
        steps = output.shape[self._time]
        later, earlier = (output.narrow(self._time, start, steps - 1) for start in (1, 0))
        both = None if real is None else real.narrow(self._time, 1, steps - 1)
        changes = _steps(later - earlier, both)
        return self.activation_penalty * _mean_square(flat) + self.change_penalty * _mean_square(changes)


def _steps(x: Tensor, real: Tensor | None) -> Tensor:
    """All real steps of all sequences in one row."""
    return x.flatten(0, 1) if real is None else x[real]


def _mean_square(x: Tensor) -> Tensor:
    """0 where there is nothing: one step makes no change."""
    return x.square().sum() / max(x.numel(), 1)
