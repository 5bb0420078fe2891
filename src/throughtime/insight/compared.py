"""Cells side by side, before anything is learned: which of them lets a gradient reach far back."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from throughtime import kernels
from throughtime.errors import ArgumentError
from throughtime.insight.gradients import Flow, flows
from throughtime.insight.recording import recording
from throughtime.layers.kinds import KINDS

_FEATURES = 16
_SEQUENCES = 16


def compare(cells: Sequence[str], *, lags: int = 100, hidden_size: int = 100, seed: int = 0) -> dict[str, Flow]:
    """How a gradient goes back through layers of several cells that have learned nothing yet.

    Each reads the same 16 sequences of standard normal vectors; L<T> is the product of a<T> with a random vector, the
    same for all.

    Args:
        cells: keys of `KINDS`.
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
        if cell not in KINDS:
            raise ArgumentError(f"found the cell {cell!r}, expected some of {', '.join(KINDS)}")
    if not cells or lags < 1 or hidden_size < 1:
        raise ArgumentError(f"found {len(cells)} cells, {lags} lags, {hidden_size} units, expected at least 1 of each")
    found = {}
    with torch.random.fork_rng(devices=[]), torch.enable_grad(), kernels.use("reference"):
        for cell in dict.fromkeys(cells):
            torch.manual_seed(seed)
            x, towards = torch.randn(lags + 1, _SEQUENCES, _FEATURES), torch.randn(hidden_size)
            layer = KINDS[cell](_FEATURES, hidden_size)
            with recording(layer) as passages:
                output, _ = layer(x)
            (found[cell],) = flows(passages, (output[-1] @ towards).sum())
    return found
