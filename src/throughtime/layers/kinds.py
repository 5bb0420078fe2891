"""Layers that stand beside each other where cells are compared, each with the weights that it begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from throughtime.layers.named import GRU, LSTM, RNN
from throughtime.layers.recurrent import Recurrent

KINDS: Mapping[str, Callable[..., Recurrent]] = {
    "rnn": RNN,
    "relu": partial(RNN, nonlinearity="relu"),
    "irnn": partial(RNN, nonlinearity="relu", init="identity"),
    "orthogonal": partial(RNN, init="orthogonal"),
    "gru": GRU,
    "reset_after": partial(GRU, reset_after=True),
    "lstm": LSTM,
}
"""The RNN with tanh, with ReLU, with ReLU and the identity (Le et al., 2015), with tanh and an orthogonal matrix (Saxe
et al., 2014); the textbook GRU and torch.nn's; LSTM. Each takes I, H and what its class takes.
"""
