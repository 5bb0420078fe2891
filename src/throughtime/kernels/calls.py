"""The two calls into the compiled module: one layer, one direction, forward and back, on tensors that are there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

try:
    from throughtime.kernels import _fused
except ImportError:
    _fused = None  # type: ignore[assignment]

compiled = _fused
"""The compiled module; None where it is not installed."""

WEIGHTS = (
    "weight_ih",
    "weight_hh",
    "bias_ih",
    "bias_hh",
    "norm_ih",
    "norm_hh",
    "weight_peephole",
    "weight_hr",
    "norm_cell",
    "norm_cell_bias",
)
"""A cell's weights in the order of the compiled module (`Weights` in cpp/call.h)."""


Choice = tuple[str, str, int, bool, float, float]
"""Instruction set, name of the kernel, its variant, whether it runs backward in time, zoneout's two shares."""


def forward_into(
    results: Sequence[Tensor | None],
    x: Tensor,
    weights: Sequence[Tensor | None],
    h0: Tensor,
    c0: Tensor | None,
    mask: Tensor | None,
    zones: Sequence[Tensor | None],
    sizes: Tensor,
    choice: Choice,
) -> None:
    """Sweep forward into tensors that are there: contiguous, in the order of `Swept`; None for what is not wanted."""
    isa, cell, variant, reverse, share_hidden, share_cell = choice
    output, hidden, final_cell, cells, gates, trace = results
    given = _contiguous(x, *weights, h0, c0, mask, *zones)
    weight_hh, weight_hr = weights[1], weights[7]
    assert weight_hh is not None
    _fused.forward(
        isa or _fused.instruction_sets()[0],
        cell,
        _addresses(sizes, *given, output, cells, gates, trace, hidden, final_cell, *(None,) * 16),
        _numbers(x, weight_hh, weight_hr, sizes, variant, reverse),
        [share_hidden, share_cell],
    )


def backward_into(
    results: Sequence[Tensor],
    incoming: Sequence[Tensor | None],
    kept: Sequence[Tensor],
    x: Tensor,
    weights: Sequence[Tensor | None],
    h0: Tensor,
    c0: Tensor | None,
    mask: Tensor | None,
    zones: Sequence[Tensor | None],
    sizes: Tensor,
    choice: Choice,
) -> None:
    """Sweep back into gradients that are there: contiguous, in the order of `empty_gradients`."""
    isa, cell, variant, reverse, share_hidden, share_cell = choice
    given, arrived = _contiguous(x, *weights, h0, c0, mask, *zones), _contiguous(*incoming)
    weight_hh, weight_hr = weights[1], weights[7]
    assert weight_hh is not None
    _fused.backward(
        isa,
        cell,
        _addresses(sizes, *given, *kept, None, None, None, *arrived, *results),
        _numbers(x, weight_hh, weight_hr, sizes, variant, reverse),
        [share_hidden, share_cell],
    )


def empty_results(
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    norm_hh: Tensor | None,
    h0: Tensor,
    c0: Tensor | None,
    isa: str,
    cell: str,
    keep: bool,
    traced: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Tensors for all that a sweep forward returns, in the order of `Swept`; empty what is not wanted."""
    rows = x.shape[0]
    hidden = weight_ih.shape[0] // BLOCKS[cell]
    final_cell = x.new_empty((0,) if c0 is None else c0.shape)
    cells = x.new_empty(rows if c0 is not None and (keep or traced) else 0, hidden)
    gates = x.new_empty(rows if keep else 0, _fused.kept(isa, cell, hidden, norm_hh is not None) if keep else 0)
    trace = x.new_empty(rows if traced else 0, _fused.traced(isa, cell) if traced else 0, hidden)
    return x.new_empty(rows, weight_hh.shape[1]), x.new_empty(h0.shape), final_cell, cells, gates, trace


BLOCKS = {"RNN": 1, "GRU": 3, "GRU reset_after": 3, "LSTM": 4, "LSTM with options": 4}


def empty_gradients(
    x: Tensor, weights: Sequence[Tensor | None], h0: Tensor, c0: Tensor | None, biased: bool, into_x: bool
) -> list[Tensor]:
    """Tensors for the gradients of x, the weights in the order of `WEIGHTS`, h0, c0; empty for what is not there."""
    weight_ih = weights[0]
    assert weight_ih is not None
    bias = weight_ih.shape[0] if biased else 0
    d_weights = [
        x.new_empty(0) if w is None else torch.empty_like(w, memory_format=torch.contiguous_format) for w in weights
    ]
    d_weights[2:4] = x.new_empty(bias), x.new_empty(bias)
    d_x = torch.empty_like(x, memory_format=torch.contiguous_format) if into_x else x.new_empty(0)
    return [d_x, *d_weights, torch.empty_like(h0), x.new_empty(0) if c0 is None else torch.empty_like(c0)]


def _contiguous(*tensors: Tensor | None) -> list[Tensor | None]:
    """The same numbers one after another; whoever takes their addresses must hold on to them."""
    return [None if tensor is None else tensor.contiguous() for tensor in tensors]


def _addresses(*tensors: Tensor | None) -> list[int]:
    """Where they lie; an absent or empty tensor is address 0."""
    return [0 if tensor is None or tensor.numel() == 0 else tensor.data_ptr() for tensor in tensors]


def _numbers(
    x: Tensor, weight_hh: Tensor, weight_hr: Tensor | None, sizes: Tensor, variant: int, reverse: bool
) -> list[int]:
    """Return T, I, H, S, variant, direction and threads, as `make_call` in cpp/module.cpp reads them."""
    state = weight_hh.shape[1]
    hidden = state if weight_hr is None else weight_hr.shape[1]
    return [len(sizes), x.shape[1], hidden, state, variant, int(reverse), torch.get_num_threads()]
