"""Recurrent layers: depth, two directions, lengths, dropout, carried state, trace."""

from __future__ import annotations

from throughtime.layers.named import GRU, LSTM, RNN
from throughtime.layers.recurrent import Options, Recurrent
from throughtime.layers.trace import Trace

__all__ = ["GRU", "LSTM", "RNN", "Options", "Recurrent", "Trace"]
