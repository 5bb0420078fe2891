"""Recurrent layers that are told a code, from which their state begins and which they read at each step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from throughtime.errors import ArgumentError
from throughtime.models.parts.stack import Stack


class Conditioned(nn.Module):
    """Layers that write what a code stands for; to a generator they are layers as any others.

    Their state is the code and the state of the layers themselves, so that what is carried on knows the code too.

    Args:
        layers: a layer of throughtime.layers or a `Stack`, reading I + L features.
        code_size: L.
        word_dropout: probability of hiding all features of an input while training, so that the code has to tell what
            came (Bowman et al. 2016).

    Example:
        >>> from throughtime.layers import GRU
        >>> layers = Conditioned(GRU(3 + 2, 4), code_size=2)
        >>> hidden, (codes, state) = layers(torch.zeros(5, 1, 3), layers.begin(torch.ones(1, 2)))
        >>> hidden.shape, codes.tolist()
        (torch.Size([5, 1, 4]), [[1.0, 1.0]])
    """

    def __init__(self, layers: nn.Module, code_size: int, word_dropout: float = 0.0) -> None:
        super().__init__()
        self.layers, self.code_size, self.word_dropout = layers, code_size, word_dropout
        self.batch_first = bool(getattr(layers, "batch_first", False))
        self._parts: list[Any] = list(layers.layers) if isinstance(layers, Stack) else [layers]
        sizes = (part.num_layers * sum(part.cell.state_sizes) for part in self._parts)
        self.first = nn.ModuleList(nn.Linear(code_size, size) for size in sizes)

    def begin(self, codes: Tensor) -> tuple[Tensor, Any]:
        """The state before the first step, of codes (B, L)."""
        states = [_state(linear(codes).tanh(), part) for linear, part in zip(self.first, self._parts, strict=True)]
        return codes, tuple(states) if isinstance(self.layers, Stack) else states[0]

    def forward(self, x: Tensor, state: Any, *, lengths: Tensor | None = None) -> tuple[Tensor, tuple[Tensor, Any]]:
        """Run the layers: inputs and outputs in their own order of dimensions, state as `begin` gives it.

        Raises:
            ArgumentError: no state, and so no code.
        """
        if state is None:
            raise ArgumentError("found no state, expected the one that `begin` makes of a code")
        codes, inner = state
        if self.training and self.word_dropout:
            x = x * (torch.rand(*x.shape[:2], 1, device=x.device) >= self.word_dropout)
        told = codes.unsqueeze(1 if self.batch_first else 0).expand(*x.shape[:2], self.code_size)
        output, inner = self.layers(torch.cat([x, told], dim=-1), inner, lengths=lengths)
        return output, (codes, inner)


def _state(numbers: Tensor, layer: Any) -> Any:
    """Numbers (B, ...) as the initial state of one layer of throughtime.layers: (depth, B, H), or one of each kind."""
    sizes = layer.cell.state_sizes
    kinds = torch.split(numbers, [layer.num_layers * size for size in sizes], dim=1)
    states = [
        kind.view(len(numbers), layer.num_layers, size).transpose(0, 1).contiguous()
        for kind, size in zip(kinds, sizes, strict=True)
    ]
    return states[0] if len(states) == 1 else tuple(states)
