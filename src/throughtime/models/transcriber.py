"""Many to many, unaligned, monotonic: a text from frames, p(y | x) = Σ p(way | x) over the ways that say y (CTC)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.decoding.language import BLANK
from throughtime.errors import ArgumentError
from throughtime.layers import Recurrent
from throughtime.models.base import Loss, Model
from throughtime.models.parts.front_end import ConvolutionFrontEnd
from throughtime.models.parts.lookahead import Lookahead


class Transcriber(Model):
    """A front end, recurrent layers, and at each step a softmax over the symbols and the blank.

    Args:
        front: frames -> fewer, richer steps.
        recurrent: a recurrent layer of throughtime.layers with batch_first=True; both ways for what is recorded,
            forward alone (and a causal front end) for what is heard as it is said.
        symbols: K, with the blank, which is 0.
        dropout: of steps before the recurrent layers, and of hidden states behind them.
        lookahead: steps that forward layers hear on before they say a step's symbol.

    The batch holds `inputs` (B, T, F), `lengths` (B,), `targets` (B, U) from 1 to K-1, padded with 0, and
    `target_lengths` (B,).

    Raises:
        ArgumentError: fewer than two symbols, a recurrent layer that does not fit, or one that looks ahead
            although it runs both ways and has heard all.

    Example:
        >>> from throughtime.layers import GRU
        >>> front = ConvolutionFrontEnd(80, (4, 8), stride=2)
        >>> model = Transcriber(front, GRU(front.size, 16, batch_first=True, bidirectional=True), symbols=28)
        >>> batch = Batch({"inputs": torch.zeros(1, 9, 80), "lengths": torch.tensor([9])}, sequences=1, tokens=9)
        >>> model(batch).shape, model.heard(batch["lengths"])
        (torch.Size([1, 5, 28]), tensor([5]))
    """

    def __init__(
        self, front: ConvolutionFrontEnd, recurrent: Recurrent, symbols: int, dropout: float = 0.0, lookahead: int = 0
    ) -> None:
        super().__init__()
        if symbols < 2 or not recurrent.batch_first or recurrent.input_size != front.size:
            raise ArgumentError(
                f"found {symbols} symbols, batch_first={recurrent.batch_first}, input_size={recurrent.input_size}, "
                f"expected at least 2, batch_first=True, and the front end's {front.size}"
            )
        if lookahead and recurrent.bidirectional:
            raise ArgumentError(f"found {lookahead} steps to look ahead, expected 0 of layers that run both ways")
        self.front, self.recurrent, self.symbols = front, recurrent, symbols
        size = recurrent.cell.state_sizes[0] * recurrent.num_directions
        self.lookahead = Lookahead(size, lookahead) if lookahead else None
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(size, symbols)

    def forward(self, batch: Batch) -> Tensor:
        """Log p of each symbol at each step, (B, T', K)."""
        lengths = batch["lengths"]
        steps = self.dropout(self.front(batch["inputs"], lengths))
        hidden, _ = self.recurrent(steps, lengths=self.heard(lengths))
        return self._log_probs(hidden if self.lookahead is None else self.lookahead(hidden))

    def heard(self, lengths: Tensor) -> Tensor:
        """Steps (B,) that rows of so many frames (B,) have."""
        return self.front.lengths(lengths)

    def too_short(self, batch: Batch) -> Tensor:
        """Which rows have fewer steps than their text needs at least (B,): no way can say it."""
        targets, lengths = batch["targets"], batch["target_lengths"]
        real = torch.arange(1, targets.shape[1], device=targets.device) < lengths[:, None]
        repeats = ((targets[:, 1:] == targets[:, :-1]) & real).sum(dim=1)
        return self.heard(batch["lengths"]) < lengths + repeats

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """-log p(y | x) (Graves et al. 2006), summed; counted by symbols, a text of none as one.

        Rows that are too short for their text, of which p is 0, are left out and not counted.
        """
        lengths, fits = batch["target_lengths"], ~self.too_short(batch)
        total = F.ctc_loss(
            self(batch).transpose(0, 1),
            batch["targets"],
            self.heard(batch["lengths"]),
            lengths,
            BLANK,
            reduction="none",
            zero_infinity=True,
        )
        return Loss(total.masked_fill(~fits, 0.0).sum(), int(lengths.clamp(min=1)[fits].sum()))

    def listen(self) -> Listener:
        """Hear frames as they come.

        Raises:
            ArgumentError: layers that run both ways, or a front end that looks ahead.
        """
        if self.recurrent.bidirectional:
            raise ArgumentError("found recurrent layers that run both ways, expected forward alone for a stream")
        return Listener(self.eval())

    def _log_probs(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self.output(self.dropout(hidden))
        return logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(dim=-1)


class Listener:
    """A transcriber at work on a stream. However the frames come, it says what it says of the whole.

    Each step comes as soon as the `stride` frames that it stands for have, and those that the model looks ahead to,
    so that nothing waits for more than `latency` frames after itself.

    Args:
        model: forward alone and causal, in evaluation mode.
    """

    def __init__(self, model: Transcriber) -> None:
        self._model = model
        self._front = model.front.stream()
        self._state: Any = None
        self._ahead = None if model.lookahead is None else model.lookahead.stream()
        waiting = 0 if model.lookahead is None else model.lookahead.steps
        self.latency = model.front.stride * (waiting + 1) - 1

    @torch.no_grad()
    def add(self, frames: Tensor) -> Tensor:
        """Frames (N, F) -> log p (N', K) of the steps that they complete."""
        return self._say(self._ahead_of(self._hear(self._front.add(frames))))

    @torch.no_grad()
    def end(self) -> Tensor:
        """The sound is over: log p (N', K) of the steps that were not said yet."""
        hidden = self._ahead_of(self._hear(self._front.end()))
        return self._say(hidden if self._ahead is None else torch.cat((hidden, self._ahead.end())))

    def _hear(self, steps: Tensor) -> Tensor:
        """Steps (N, S) -> hidden states (N, H)."""
        if len(steps) == 0:
            return steps.new_empty(0, self._model.output.in_features)
        hidden: Tensor
        hidden, self._state = self._model.recurrent(steps[None], self._state)
        return hidden[0]

    def _ahead_of(self, hidden: Tensor) -> Tensor:
        return hidden if self._ahead is None else self._ahead.add(hidden)

    def _say(self, hidden: Tensor) -> Tensor:
        return self._model._log_probs(hidden)
