"""What is measured: our layers and torch.nn's, each in training, in inference, and at one streaming step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from throughtime import kernels
from throughtime.bench.clock import Way
from throughtime.cells import Cell
from throughtime.kernels import Lengths, Noise, Request
from throughtime.layers import GRU, LSTM, RNN, Recurrent


@dataclass(frozen=True)
class Subject:
    """A cell and its peer in torch.nn.

    Args:
        name: shown in tables.
        ours, torch: make a layer of I inputs and H units.
        gates: blocks of H rows in the weights.
        equal: whether both compute the same; torch.nn has no textbook GRU, so its own GRU stands in, which does the
            same number of products.
    """

    name: str
    ours: Callable[..., Recurrent]
    torch: Callable[..., nn.RNNBase]
    gates: int
    equal: bool = True

    def operations(self, T: int, B: int, inputs: int, hidden: int, *, training: bool) -> int:
        """Floating-point operations of all products of one call: training has three of each."""
        return (3 if training else 1) * 2 * T * B * self.gates * hidden * (inputs + hidden)


def _reset_after(inputs: int, hidden: int, **options: Any) -> GRU:
    return GRU(inputs, hidden, reset_after=True, **options)


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("RNN", RNN, nn.RNN, 1),
        Subject("GRU", GRU, nn.GRU, 3, equal=False),
        Subject("GRU reset_after", _reset_after, nn.GRU, 3),
        Subject("LSTM", LSTM, nn.LSTM, 4),
    )
}


def training(module: nn.Module, x: Tensor, **call: Any) -> Way:
    """Forward and backward: gradients of the input and of every weight, of a loss that depends on every output.

    The gradient of the outputs is drawn once: a loss of its own would be timed with the layer.
    """
    x = x.detach().requires_grad_()
    gradient = torch.randn_like(module(x, **call)[0])

    def run() -> None:
        module.zero_grad(set_to_none=True)
        x.grad = None
        output, _ = module(x, **call)
        output.backward(gradient)

    return run


def inference(module: nn.Module, x: Tensor, **call: Any) -> Way:
    """Forward alone, without what a backward pass would need."""

    def run() -> None:
        with torch.inference_mode():
            module(x, **call)

    return run


def streaming(module: nn.Module, x: Tensor) -> Way:
    """One step after the other, as they come: the state is carried on from call to call.

    To be run under `torch.inference_mode()`: a stream enters that once, and not at every step.
    """
    state: Any = None

    def run() -> None:
        nonlocal state
        _, state = module(x, state)

    return run


def request(
    cell: Cell,
    steps: int = 4,
    batch: int = 2,
    *,
    dtype: torch.dtype = torch.float32,
    noise: str = "",
    lengths: Sequence[int] | None = None,
    traced: Sequence[str] = (),
) -> Request:
    """What a layer of this cell would ask of the kernels; for questions about them, so the numbers are zeros.

    Args:
        cell: its equations.
        steps, batch: T and B.
        dtype: of everything.
        noise: "zoneout" or "recurrent_dropout", as in training.
        lengths: of the rows.
        traced: names of gates and states.
    """
    x = torch.zeros(steps, batch, cell.input_size, dtype=dtype)
    initial = tuple(x.new_zeros(1, batch, size) for size in cell.state_sizes)
    weights = {name: x.new_zeros(shape) for name, shape in cell.shapes().items()}
    masks = tuple(
        torch.zeros(steps, batch, size, dtype=torch.bool) if noise == "zoneout" else None for size in cell.state_sizes
    )
    recurrent = torch.ones_like(initial[0][0]) if noise == "recurrent_dropout" else None
    rows = Lengths.of(lengths, steps, batch, x.device)
    return Request(cell, x, rows, initial, (weights,), (Noise(recurrent, masks),), tuple(traced))


def kernel_for(cell: Cell, steps: int, batch: int) -> str:
    """Name of the kernel that runs a plain call of this shape."""
    return kernels.choose(request(cell, steps, batch)).name
