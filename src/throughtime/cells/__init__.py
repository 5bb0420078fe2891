"""Cells: the equations of one step, one file a cell."""

from __future__ import annotations

from throughtime.cells.base import Cell, Product, State, Step, Weights, normalise, switch
from throughtime.cells.gru import GRUCell
from throughtime.cells.lstm import LSTMCell
from throughtime.cells.rnn import RNNCell

__all__ = ["Cell", "GRUCell", "LSTMCell", "Product", "RNNCell", "State", "Step", "Weights", "normalise", "switch"]
