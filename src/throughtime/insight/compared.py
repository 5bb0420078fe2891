"""Cells side by side, before anything is learned: which of them lets a gradient reach far back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from throughtime import kernels
from throughtime.errors import ArgumentError
from throughtime.insight.gradients import Flow, flows
from throughtime.insight.recording import recording
from throughtime.layers import GRU, LSTM, RNN, Recurrent

_FEATURES = 16
_SEQUENCES = 16

CELLS: Mapping[str, Callable[[int, int], Recurrent]] = {
    "rnn": RNN,
    "relu": lambda inputs, units: RNN(inputs, units, nonlinearity="relu"),
    "irnn": lambda inputs, units: RNN(inputs, units, nonlinearity="relu", init="identity"),
    "orthogonal": lambda inputs, units: RNN(inputs, units, init="orthogonal"),
    "gru": GRU,
    "lstm": LSTM,
}
"""What can be compared, each with the weights that it begins with: the RNN with tanh, with ReLU, with ReLU and the
identity (Le et al., 2015), with tanh and an orthogonal matrix (Saxe et al., 2014); GRU; LSTM.
"""


def compare(cells: Sequence[str], *, lags: int = 100, hidden_size: int = 100, seed: int = 0) -> dict[str, Flow]:
    """How a gradient goes back through layers of several cells that have learned nothing yet.

    Each reads the same 16 sequences of standard normal vectors; L<T> is the product of a<T> with a random vector, the
    same for all.

    Args:
        cells: keys of `CELLS`.
        lags: how far back; sequences are one step longer.
        hidden_size: units.
        seed: of inputs and weights.

    Raises:
        ArgumentError: an unknown cell, or a number below 1.

    Example:
        >>> found = compare(["rnn", "irnn"], lags=30, hidden_size=20)
        >>> found["rnn"].verdict, found["irnn"].verdict
        ('vanishing', 'healthy')
    """
    for cell in cells:
        if cell not in CELLS:
            raise ArgumentError(f"found the cell {cell!r}, expected some of {', '.join(CELLS)}")
    if not cells or lags < 1 or hidden_size < 1:
        raise ArgumentError(f"found {len(cells)} cells, {lags} lags, {hidden_size} units, expected at least 1 of each")
    found = {}
    with torch.random.fork_rng(devices=[]), torch.enable_grad(), kernels.use("reference"):
        for cell in dict.fromkeys(cells):
            torch.manual_seed(seed)
            x, towards = torch.randn(lags + 1, _SEQUENCES, _FEATURES), torch.randn(hidden_size)
            layer = CELLS[cell](_FEATURES, hidden_size)
            with recording(layer) as passages:
                output, _ = layer(x)
            (found[cell],) = flows(passages, (output[-1] @ towards).sum())
    return found
