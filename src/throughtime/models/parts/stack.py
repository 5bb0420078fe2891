"""Recurrent layers of different sizes on top of each other, as AWD-LSTM has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.errors import ArgumentError
from throughtime.models.parts.recurrent import recurrent
from throughtime.settings import CellName


def locked_dropout(x: Tensor, probability: float, *, time: int, training: bool) -> Tensor:
    """Dropout of the same features at every step of a sequence (Gal and Ghahramani 2016).

    Args:
        x: three dimensions, features last.
        probability: of dropping a feature.
        time: which dimension is time, 0 or 1.
        training: False changes nothing.
    """
    if not (training and probability):
        return x
    return x * F.dropout(torch.ones_like(x.narrow(time, 0, 1)), probability)


class Stack(nn.Module):
    """Recurrent modules in a row, with locked dropout between them.

    Args:
        layers: modules of throughtime.layers, time first, each reading what the one before puts out.
        dropout: probability of dropping a feature between two of them.

    Example:
        >>> from throughtime.layers import LSTM
        >>> hidden, state = Stack([LSTM(4, 6), LSTM(6, 3)])(torch.zeros(5, 2, 4))
        >>> hidden.shape, len(state)
        (torch.Size([5, 2, 3]), 2)
    """

    batch_first = False

    def __init__(self, layers: Sequence[nn.Module], dropout: float = 0.0) -> None:
        super().__init__()
        if not layers or any(getattr(layer, "batch_first", False) for layer in layers):
            raise ArgumentError("expected at least one recurrent layer, all of them time first (batch_first=False)")
        self.layers = nn.ModuleList(layers)
        self.dropout = dropout

    def forward(
        self, x: Tensor, state: Sequence[Any] | None = None, *, lengths: Tensor | None = None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Run all layers: (T, B, I) -> the last one's output (T, B, H) and the final state of each."""
        states = (None,) * len(self.layers) if state is None else state
        finals = []
        for index, (layer, initial) in enumerate(zip(self.layers, states, strict=True)):
            if index:
                x = locked_dropout(x, self.dropout, time=0, training=self.training)
            x, final = layer(x, initial, lengths=lengths)
            finals.append(final)
        return x, tuple(finals)


def stack(
    cell: CellName,
    input_size: int,
    sizes: Sequence[int],
    *,
    dropout: float = 0.0,
    weight_dropout: float = 0.0,
    reset_after: bool = False,
) -> nn.Module:
    """Recurrent layers, time first: one module where all have the same size, else a `Stack`.

    Args:
        cell: of all layers.
        input_size: I.
        sizes: units of each layer, from the input up.
        dropout: locked dropout between layers.
        weight_dropout: dropout of recurrent weights.
        reset_after: which GRU.

    Example:
        >>> stack("gru", 4, [6, 6])
        GRU(4, 6, num_layers=2, locked_dropout=True)
    """

    def layers(inputs: int, units: int, depth: int) -> nn.Module:
        options: dict[str, Any] = {"num_layers": depth, "weight_dropout": weight_dropout}
        if depth > 1:
            options |= {"dropout": dropout, "locked_dropout": True}
        return recurrent(cell, inputs, units, reset_after=reset_after, **options)

    if len(set(sizes)) == 1:
        return layers(input_size, sizes[0], len(sizes))
    return Stack(
        [layers(inputs, units, 1) for inputs, units in zip((input_size, *sizes), sizes, strict=False)], dropout
    )
