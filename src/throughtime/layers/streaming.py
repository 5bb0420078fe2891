"""One step of a stream: the way to the compiled kernels for callers to whom every microsecond counts.

A stream hands a layer one step at a time and carries the state. What the common way looks at for any call costs several
times what one step computes; so layers ask here first, and take the common way if the answer is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from throughtime import kernels
from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell
from throughtime.kernels import fused
from throughtime.kernels.calls import compiled
from throughtime.kernels.lengths import transformed

if TYPE_CHECKING:
    from throughtime.layers.recurrent import Recurrent

_MOST_ROWS = 4  # beyond these, packing the weights for a product pays: `few_rows` in kernels/cpp/forward.h
_FLOAT = 4  # bytes


class Stage(NamedTuple):
    """One layer of a stack as its step needs it: the kernel, its sizes, its weights in the module, how many states."""

    kernel: str
    variant: int
    inputs: int
    hidden: int
    names: tuple[str, ...]
    states: int


def full_name(weight: str, layer: int, direction: int) -> str:
    """What a weight is called in the module, as in `torch.nn`: weight_ih_l0, weight_hh_l1_reverse."""
    return f"{weight}_l{layer}{'_reverse' if direction else ''}"


def stages(module: Recurrent) -> tuple[Stage, ...]:
    """The layers of a stack that can run step by step; none if it is noisy, runs both ways, or has special cells."""
    noisy = any(module.zoneout) or module.recurrent_dropout or module.weight_dropout
    if noisy or module.bidirectional or not _plain(module.cell):
        return ()
    return tuple(
        Stage(
            *fused.kernel_of(cell),
            cell.input_size,
            cell.hidden_size,
            tuple(full_name(name, layer, 0) for name in cell.shapes()),
            len(cell.state_names),
        )
        for layer, cell in enumerate(module.cells)
    )


def _plain(cell: Cell) -> bool:
    if cell.layer_norm or type(cell) not in (RNNCell, GRUCell, LSTMCell):
        return False
    return not (isinstance(cell, LSTMCell) and (cell.peepholes or cell.proj_size))


def one_step(module: Recurrent, x: Any, hx: Any) -> tuple[Any, ...] | None:
    """Run one step of a stream.

    Args:
        module: the layers.
        x: their input: float32 on the CPU, (1, B, I) or with `batch_first` (B, 1, I), at most 4 rows, no gradients.
        hx: the initial state as they take it.

    Returns:
        What the module answers, or None if this call is something else (or wrong: then the common way says so).
    """
    if torch.is_grad_enabled() or not module.stages or type(x) is not Tensor or x.dim() != 3 or not _suits(x):
        return None
    first, second, inputs = x.shape
    B, T = (first, second) if module.batch_first else (second, first)
    if T != 1 or not 0 < B <= _MOST_ROWS or inputs != module.input_size or torch.is_autocast_enabled("cpu"):
        return None
    if (module.training and module.dropout and module.num_layers > 1) or transformed():
        return None
    isa, threads = fused.selected(), torch.get_num_threads()
    if not isa or kernels.current() not in ("auto", "fused"):
        return None
    # from here on plain statements instead of the shorter expressions: those would take half the time of the step
    layers, units = module.num_layers, module.hidden_size
    shape, apart, size = (layers, B, units), (B * units, units, 1), B * units * _FLOAT
    two = module.stages[0].states == 2
    h0 = c0 = cn = 0
    final: Any
    cell: Any
    if hx is not None:
        if isinstance(hx, Tensor) is two or (two and len(hx) != 2):
            return None
        hidden, cell = hx if two else (hx, None)
        if not _fits(hidden, shape) or (two and not _fits(cell, shape)):
            return None
        h0 = hidden.data_ptr()
        if two:
            c0 = cell.data_ptr()
    final = torch.empty_strided(shape, apart)  # quicker than torch.empty
    hn = final.data_ptr()
    if two:
        final = (final, torch.empty_strided(shape, apart))
        cn = final[1].data_ptr()
    parameters, float32 = module._parameters, torch.float32
    step: Any = compiled.step
    for kernel, variant, inputs, _, names, _ in module.stages:
        pointers = []
        for name in names:
            weight = parameters.get(name)  # a parametrized weight is none: torch.nn's getattr has to make it
            if weight is None or weight.dtype is not float32 or not weight.is_cpu or not weight.is_contiguous():
                return None
            pointers.append(weight.data_ptr())
        if len(pointers) == 2:
            pointers += (0, 0)
        answer = torch.empty_strided((first, second, units), (second * units, units, 1))
        sizes = (threads, B, inputs, units, x.data_ptr())
        step(isa, kernel, variant, *sizes, *pointers, h0, c0, answer.data_ptr(), hn, cn)
        x, hn, cn = answer, hn + size, cn and cn + size
        h0, c0 = h0 and h0 + size, c0 and c0 + size
    return x, final


def _suits(tensor: Tensor) -> bool:
    return tensor.dtype is torch.float32 and tensor.is_cpu and tensor.is_contiguous()


def _fits(state: Any, shape: tuple[int, ...]) -> bool:
    return isinstance(state, Tensor) and state.shape == shape and _suits(state)
