"""The two calls into the compiled module: one layer, one direction, forward and back, on tensors that are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

try:
    from throughtime.kernels import _fused
except ImportError:
    _fused = None  # type: ignore[assignment]

_POOLED = 1 << 20
"""Numbers from which a tensor comes from the pool (cpp/pool.h): glibc takes smaller blocks up again by itself."""

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


class Given(NamedTuple):
    """What both calls read, as `sweep` (sweep.py) explains it."""

    x: Tensor
    weights: Sequence[Tensor | None]
    h0: Tensor
    c0: Tensor | None
    mask: Tensor | None
    zones: Sequence[Tensor | None]
    sizes: Tensor

    @property
    def contiguous(self) -> list[Tensor | None]:
        """In the order of the compiled module, sizes first."""
        return _contiguous(self.sizes, self.x, *self.weights, self.h0, self.c0, self.mask, *self.zones)

    def numbers(self, variant: int, reverse: bool) -> list[int]:
        """T, I, H, S, variant, direction and threads, as `make_call` in cpp/module.cpp reads them."""
        weight_hh, weight_hr = self.weights[1], self.weights[7]
        assert weight_hh is not None
        state = weight_hh.shape[1]
        hidden = state if weight_hr is None else weight_hr.shape[1]
        threads = torch.get_num_threads()
        return [len(self.sizes), self.x.shape[1], hidden, state, variant, int(reverse), threads]


def forward_into(results: Sequence[Tensor | None], given: Given, choice: Choice) -> None:
    """Sweep forward into tensors that are there: contiguous, in the order of `Swept`; None for what is not wanted."""
    isa, cell, variant, reverse, *shares = choice
    output, hidden, final_cell, cells, gates, trace = results
    read = given.contiguous
    addresses = _addresses(*read, output, cells, gates, trace, hidden, final_cell, *(None,) * 16)
    _fused.forward(isa or _fused.instruction_sets()[0], cell, addresses, given.numbers(variant, reverse), shares)


def backward_into(
    results: Sequence[Tensor],
    incoming: Sequence[Tensor | None],
    kept: Sequence[Tensor],
    given: Given,
    choice: Choice,
) -> None:
    """Sweep back into gradients that are there.

    Args:
        results: contiguous, in the order of `empty_gradients`.
        incoming: gradients of output, hidden and cell state; None for none.
        kept: output, cells and gates of the sweep forward.
        given: to the sweep forward.
        choice: the sweep forward's.
    """
    isa, cell, variant, reverse, *shares = choice
    read, arrived = given.contiguous, _contiguous(*incoming)
    addresses = _addresses(*read, *kept, None, None, None, *arrived, *results)
    _fused.backward(isa, cell, addresses, given.numbers(variant, reverse), shares)


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
    gates = _empty_gates(x, rows, _fused.kept(isa, cell, hidden, norm_hh is not None)) if keep else x.new_empty(0, 0)
    trace = x.new_empty(rows if traced else 0, _fused.traced(isa, cell) if traced else 0, hidden)
    return x.new_empty(rows, weight_hh.shape[1]), x.new_empty(h0.shape), final_cell, cells, gates, trace


def _empty_gates(x: Tensor, rows: int, columns: int) -> Tensor:
    """Large ones come from a pool, since the next step of a training will ask for them again."""
    pooled = type(x) is Tensor and rows * columns >= _POOLED and not torch.are_deterministic_algorithms_enabled()
    return _fused.pooled(rows, columns) if pooled else x.new_empty(rows, columns)


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


class Watch:
    """Tells whether a tensor is changed in place later, without holding on to its memory.

    Args:
        tensor: the one to watch, as a forward returns it.
    """

    def __init__(self, tensor: Tensor) -> None:
        self._alias = tensor.detach()  # has torch's count of changes in common with it ...
        self._alias.data = tensor.new_empty(0)  # ... and keeps that when it is given other memory
        self._count = self._alias._version

    @property
    def changed(self) -> bool:
        """Whether it has been changed, or a view of it."""
        return self._alias._version != self._count


def unchanged(ctx: Any) -> tuple[Any, ...]:
    """The tensors that a forward has saved for its backward.

    Raises:
        RuntimeError: one of them has been changed in place since.
    """
    try:
        saved: tuple[Any, ...] = ctx.saved_tensors
    except RuntimeError as error:
        if "inplace operation" not in str(error):
            raise
        raise RuntimeError(
            "an input, a state or a weight of a recurrent layer was changed in place (relu_, inplace=True, a step of "
            "an optimiser), and its backward needs it as it was: change a copy, as in input.relu()"
        ) from error
    return saved


def _contiguous(*tensors: Tensor | None) -> list[Tensor | None]:
    """The same numbers one after another; whoever takes their addresses must hold on to them."""
    return [None if tensor is None else tensor.contiguous() for tensor in tensors]


def _addresses(*tensors: Tensor | None) -> list[int]:
    """Where they lie; an absent or empty tensor is address 0."""
    return [0 if tensor is None or tensor.numel() == 0 else tensor.data_ptr() for tensor in tensors]
