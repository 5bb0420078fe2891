"""Gates that begin shut: what a gated layer is given to start from where much time passes between two events."""

from __future__ import annotations

import torch

from throughtime.cells import GRUCell, LSTMCell
from throughtime.layers import Recurrent


@torch.no_grad()
def chrono(layer: Recurrent, longest: int) -> None:
    """Draw the biases of the gates that keep what is remembered, so that units begin with memories of all lengths.

    log(τ - 1), τ uniform from 2 to the longest time, so that a unit keeps its value for τ steps (Tallec and Ollivier,
    2018): of an LSTM's forget gate, and less that of its input gate; of a GRU less that of its update gate, which takes
    the new (where the reset gate acts after the product, it keeps the old). Layers without gates stay as they are.

    Args:
        layer: changed in place.
        longest: steps between two events, at least 3.

    Example:
        >>> from throughtime.layers import GRU
        >>> gru = GRU(1, 200)
        >>> chrono(gru, longest=100)
        >>> bool((gru.bias_ih_l0[200:400] <= 0).all())
        True
    """
    H = layer.hidden_size
    for number, cell in enumerate(layer.cells):
        first, second = (getattr(layer, f"{name}_l{number}") for name in ("bias_ih", "bias_hh"))
        times = first.new_empty(H).uniform_(1, longest - 1).log()
        if isinstance(cell, LSTMCell):
            first[:H], first[H : 2 * H] = -times, times
            second[: 2 * H] = 0
        elif isinstance(cell, GRUCell):
            first[H : 2 * H] = times if cell.reset_after else -times
            second[H : 2 * H] = 0
