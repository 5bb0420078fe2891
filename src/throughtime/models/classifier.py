"""Many to one: a class for a whole sequence, p(y | x<1>, ..., x<T>)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.errors import ArgumentError
from throughtime.layers import Recurrent
from throughtime.models.base import Loss, Model
from throughtime.models.parts.pooling import (
    AttentionPooling,
    Pooling,
    last_pooling,
    max_pooling,
    mean_pooling,
    real_steps,
)

# rows that are run side by side: of similar length, so that little is padding
_ROWS = 160


class Answer(NamedTuple):
    """What a classifier says.

    Args:
        logits: (B, C); `Classifier.probabilities` makes probabilities of the classes of them.
        attention: (B, T), how much each step counted, or None where pooling is not attention.
    """

    logits: Tensor
    attention: Tensor | None


class OneHot(nn.Module):
    """Numbers (B, T) -> one-hot vectors (B, T, V); 0, the padding, is all zeros.

    Args:
        size: V.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, numbers: Tensor) -> Tensor:
        """One-hot vectors, in torch's default floating-point type."""
        vectors = F.one_hot(numbers, self.size).to(torch.get_default_dtype())
        return vectors * (numbers != 0)[..., None]


class Classifier(Model):
    """Encoder, recurrent layers, pooling over time and a softmax layer in a row, or a sigmoid of each class.

    Args:
        encoder: element -> vector: (B, T, ...) -> (B, T, I).
        recurrent: a recurrent layer of throughtime.layers with batch_first=True.
        classes: C.
        pooling: which vector stands for the sequence: "last" (what each direction knows at its end), "mean", "max" or
            "attention".
        dropout: before the recurrent layers and before the softmax layer.
        several: whether a sequence may be of any number of classes: each has a probability of its own, σ(logit).
        weights: (C,), by which the loss of a class is multiplied (of several: that of sequences which are of it); None:
            all count alike.

    The batch holds `inputs` (B, T, ...), `targets` (B,), of several (B, C) of zeros and ones, and `lengths` (B,); rows
    may have length 0. Where it holds `parts` too, the lengths of each sequence's n parts in a row, (B, S), padded with
    zeros, each part is read alone, and the sequence's logits are the sum of its parts' over √n (multiple-instance
    learning; Kotzias et al. 2015 learn what sentences say from the labels of whole reviews so): what holds for the
    whole is not held to be said by each part. Evidence that is independent adds up, evidence that is the same is
    counted once; √n is between the two.

    Raises:
        ArgumentError: fewer than two classes, no such pooling, or a layer that is not batch first.

    Example:
        >>> from throughtime.layers import LSTM
        >>> model = Classifier(OneHot(5), LSTM(5, 4, batch_first=True, bidirectional=True), classes=3, pooling="max")
        >>> model(torch.tensor([[1, 2, 4], [3, 0, 0]]), torch.tensor([3, 1])).logits.shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        encoder: nn.Module,
        recurrent: Recurrent,
        classes: int,
        pooling: Pooling = "last",
        dropout: float = 0.0,
        *,
        several: bool = False,
        weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        if classes < 2 or pooling not in ("last", "mean", "max", "attention") or not recurrent.batch_first:
            raise ArgumentError(
                f"found {classes} classes, pooling {pooling!r}, batch_first={recurrent.batch_first}, "
                "expected at least 2, one of last, mean, max, attention, and batch_first=True"
            )
        self.encoder = encoder
        self.recurrent = recurrent
        self.pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.features = recurrent.cell.state_sizes[0] * recurrent.num_directions
        self.attention = AttentionPooling(self.features, recurrent.hidden_size) if pooling == "attention" else None
        self.output = nn.Linear(self.features, classes)
        self.several = several
        self.weights: Tensor | None
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, inputs: Tensor, lengths: Tensor, parts: Tensor | None = None) -> Answer:
        """Logits of sequences (B, T, ...) of these lengths (B,), perhaps of parts of these lengths (B, S)."""
        if parts is None:
            pooled, attention = self._pool(inputs, lengths)
            return Answer(self.output(self.dropout(pooled)), attention)
        sequence, starts, sizes = _rows_of_parts(parts)
        share = (1 / torch.bincount(sequence, minlength=len(inputs)))[sequence, None]
        attention = None if self.attention is None else share.new_zeros(inputs.shape[:2])
        logits = []
        for own, start, size, part in zip(
            *(torch.split(rows, _ROWS) for rows in (sequence, starts, sizes, share)), strict=True
        ):
            real = real_steps(size, int(size.max()))
            steps = (start[:, None] + torch.arange(real.shape[1], device=start.device)).where(real, 0)
            pooled, weights = self._pool(inputs[own[:, None], steps], size)
            logits.append(self.output(self.dropout(pooled)) * part.sqrt())
            if attention is not None and weights is not None:
                attention[own[:, None].expand_as(steps)[real], steps[real]] = (weights * part)[real]
        terms = torch.cat(logits)
        return Answer(terms.new_zeros(len(inputs), terms.shape[1]).index_add(0, sequence, terms), attention)

    def probabilities(self, logits: Tensor) -> Tensor:
        """What logits (..., C) say of each class, in double precision."""
        return logits.double().sigmoid() if self.several else logits.double().softmax(dim=-1)

    @torch.no_grad()
    def so_far(self, inputs: Tensor, ends: Sequence[int]) -> Tensor:
        """What it would say of a sequence that ended after so many steps.

        Args:
            inputs: (T, ...), one sequence.
            ends: N numbers of steps, each from 1 to T.

        Returns:
            Probabilities of the classes, (N, C).
        """
        # one by one: an encoder may compare an element with the whole of what there is, padding included
        logits = [self(inputs[None, :end], torch.tensor([end], device=inputs.device)).logits for end in ends]
        return self.probabilities(torch.cat(logits))

    def _pool(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor | None]:
        if inputs.shape[1] == 0:  # no step at all: as any row of length 0
            nothing = self.output.weight.new_zeros(inputs.shape[0], self.features)
            return nothing, None if self.attention is None else nothing.new_zeros(inputs.shape[:2])
        hidden, _ = self.recurrent(self.dropout(self.encoder(inputs)), lengths=lengths)
        if self.attention is not None:
            pooled, weights = self.attention(hidden, lengths)
            return pooled, weights
        if self.pooling == "mean":
            return mean_pooling(hidden, lengths), None
        if self.pooling == "max":
            return max_pooling(hidden, lengths), None
        return last_pooling(hidden, lengths, self.recurrent.num_directions), None

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """Cross-entropy, summed over the sequences; of several classes that of each by itself, summed over them too."""
        logits, targets = self(batch["inputs"], batch["lengths"], batch.get("parts")).logits, batch["targets"]
        if self.several:
            total = F.binary_cross_entropy_with_logits(
                logits, targets.to(logits.dtype), pos_weight=self.weights, reduction="sum"
            )
        else:
            total = F.cross_entropy(logits, targets, self.weights, reduction="sum")
        return Loss(total, len(logits))


def _rows_of_parts(parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The parts (B, S) of all sequences, shortest first: which sequence each is of, where it starts, how long it is.

    A sequence without parts has one of length 0.
    """
    real = parts > 0
    real[:, 0] = True
    sequence, starts, sizes = real.nonzero()[:, 0], (parts.cumsum(dim=1) - parts)[real], parts[real]
    order = sizes.argsort(stable=True)
    return sequence[order], starts[order], sizes[order]
