"""Recurrent layers by the name of their cell, as settings have it."""

from __future__ import annotations

from typing import Any

from throughtime.errors import ArgumentError
from throughtime.layers import GRU, LSTM, RNN, Recurrent
from throughtime.settings import CellName


def recurrent(
    cell: CellName,
    input_size: int,
    hidden_size: int,
    *,
    dropout: float = 0.0,
    reset_after: bool = False,
    **options: Any,
) -> Recurrent:
    """Make layers of one cell and one size.

    Args:
        cell: of all layers.
        input_size, hidden_size: I and H.
        dropout: between layers; for one layer there is nothing between.
        reset_after: which GRU.
        options: what every layer takes: num_layers, batch_first, bidirectional, ...

    Raises:
        ArgumentError: `reset_after` of a cell that has no such choice.

    Example:
        >>> recurrent("gru", 4, 6, dropout=0.5, batch_first=True)
        GRU(4, 6, batch_first=True)
    """
    if options.get("num_layers", 1) > 1:
        options["dropout"] = dropout
    if reset_after and cell != "gru":
        raise ArgumentError(f"found reset_after with the cell {cell}, expected it with gru alone")
    if cell == "gru":
        return GRU(input_size, hidden_size, reset_after=reset_after, **options)
    return (LSTM if cell == "lstm" else RNN)(input_size, hidden_size, **options)
