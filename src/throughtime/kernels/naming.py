"""Under which names the compiled module knows the cells."""

from __future__ import annotations

from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell, Weights

ACTIVATIONS = ("tanh", "relu", "sigmoid")


def kernel_of(cell: Cell) -> tuple[str, int]:
    """Name and variant of a cell."""
    if isinstance(cell, RNNCell):
        return "RNN", ACTIVATIONS.index(cell.nonlinearity)
    if isinstance(cell, GRUCell) and cell.reset_after:
        return "GRU reset_after", 0
    if isinstance(cell, LSTMCell) and (cell.peepholes or cell.proj_size or cell.layer_norm):
        return "LSTM with options", 0
    return cell.name, 0


def cell_of(kernel: str, variant: int, weights: Weights) -> Cell:
    """The cell that runs under this name and variant with these weights."""
    state = weights["weight_hh"].shape[1]
    inputs, bias, layer_norm = weights["weight_ih"].shape[1], "bias_ih" in weights, "norm_ih" in weights
    if kernel == "RNN":
        return RNNCell(inputs, state, bias, layer_norm, ACTIVATIONS[variant])
    if kernel.startswith("GRU"):
        return GRUCell(inputs, state, bias, layer_norm, kernel == "GRU reset_after")
    if "weight_hr" in weights:
        hidden, projected = weights["weight_hr"].shape[1], state
    else:
        hidden, projected = state, 0
    return LSTMCell(inputs, hidden, bias, layer_norm, "weight_peephole" in weights, projected)
