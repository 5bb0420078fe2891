"""What may come next, and how probable it is: from logits, or from a linear layer without writing its outputs down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from throughtime.decoding.largest import largest
from throughtime.kernels.decoding import PackedLinear, covers

_WORTH_PACKING = 64  # rows from which on the layout of the weights is paid back


class Continuations(Protocol):
    """How probable each of V elements is after each of (B, K) beginnings."""

    def best(self, many: int, excluded: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The most probable ones.

        Args:
            many: how many, if there are so many.
            excluded: elements that are left out; the others' probabilities stay as they are.

        Returns:
            Their log p in descending order, at least in float32, and which they are: each (B, K, many).
        """
        ...

    def of(self, element: int) -> Tensor:
        """Log p of one of them, (B, K)."""
        ...


class Logits:
    """Of logits that are there.

    Args:
        logits: (B, K, V); they are written over.

    Example:
        >>> log_p, elements = Logits(torch.tensor([[[0.5, 0.25, 0.25]]]).log()).best(2, excluded=[1])
        >>> log_p.exp().tolist(), elements.tolist()
        ([[[0.5, 0.25]]], [[[0, 2]]])
    """

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # half precision adds up badly
        self.normaliser = self.logits.logsumexp(dim=-1, keepdim=True)

    def best(self, many: int, excluded: Sequence[int]) -> tuple[Tensor, Tensor]:
        """As `Continuations` has it."""
        index = torch.tensor(excluded, dtype=torch.int64, device=self.logits.device)
        allowed = self.logits.index_fill(-1, index, -torch.inf)
        values, elements = largest(allowed, min(many, allowed.shape[-1]))
        return values - self.normaliser, elements

    def of(self, element: int) -> Tensor:
        """As `Continuations` has it."""
        return self.logits[..., element] - self.normaliser[..., 0]


class _Outputs:
    """Of a linear layer's outputs, (B, K, H) -> (B, K, V), without writing them down."""

    def __init__(self, hidden: Tensor, packed: PackedLinear, weight: Tensor, bias: Tensor) -> None:
        self.hidden, self.packed, self.weight, self.bias = hidden, packed, weight, bias
        self.normaliser: Tensor

    def best(self, many: int, excluded: Sequence[int]) -> tuple[Tensor, Tensor]:
        many = min(many, self.packed.columns)
        values, elements, self.normaliser = self.packed.largest(self.hidden.flatten(0, 1), many, excluded)
        shape = *self.hidden.shape[:-1], many
        return (values - self.normaliser.unsqueeze(-1)).view(shape), elements.view(shape)

    def of(self, element: int) -> Tensor:
        logits = self.hidden @ self.weight[element] + self.bias[element]
        return logits - self.normaliser.view(logits.shape)


def continuations_of(weight: Tensor, bias: Tensor) -> Callable[[Tensor], Continuations]:
    """The function from hidden vectors (B, K, H) to what may come next by softmax(W h + b), for one search.

    Args:
        weight: (V, H).
        bias: (V,).

    Example:
        >>> with torch.no_grad():
        ...     log_p, elements = continuations_of(torch.eye(3), torch.zeros(3))(torch.eye(3)[None]).best(1, [])
        >>> elements.flatten().tolist()
        [0, 1, 2]
    """
    packed: PackedLinear | None = None

    def continuations(hidden: Tensor) -> Continuations:
        nonlocal packed
        if not covers(hidden, weight, bias) or (packed is None and hidden.shape[:-1].numel() < _WORTH_PACKING):
            return Logits(F.linear(hidden, weight, bias))
        if packed is None:
            packed = PackedLinear(weight, bias)
        return _Outputs(hidden, packed, weight, bias)

    return continuations
