"""One step of a stream: the way to the compiled kernels for callers to whom every microsecond counts.

A stream hands a layer one step at a time and carries the state. What the common way looks at for any call costs several
times what one step computes; so layers ask here first, and take the common way if the answer is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, get_num_threads, is_autocast_enabled, is_grad_enabled, nn

from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell
from throughtime.kernels import current
from throughtime.kernels.calls import compiled
from throughtime.kernels.fused import selected
from throughtime.kernels.memory import watched
from throughtime.kernels.naming import kernel_of


def _open() -> Any:
    """The compiled module's way to take a step; None without kernels, or with a torch that does not tell it enough."""
    made, exchange = getattr(compiled, "Stream", None), getattr(Tensor, "__dlpack_c_exchange_api__", None)
    if not made or not exchange:
        return None
    try:
        return made(exchange, Tensor, nn.Parameter, torch.empty_strided).step
    except ValueError:  # laid out in a way of its own
        return None


_step = _open()


class Stage(NamedTuple):
    """One layer of a stack as its step needs it (`Stage` in kernels/cpp/stream.h).

    Args:
        kernel, variant: what runs it.
        inputs, hidden: I and H.
        states: how many the cell has.
        weights: their names in the module, and how many numbers each has.
    """

    kernel: str
    variant: int
    inputs: int
    hidden: int
    states: int
    weights: tuple[tuple[str, int], ...]


def full_name(weight: str, layer: int, direction: int) -> str:
    """What a weight is called in the module, as in `torch.nn`: weight_ih_l0, weight_hh_l1_reverse."""
    return f"{weight}_l{layer}{'_reverse' if direction else ''}"


def stages(cells: Sequence[Cell]) -> tuple[Stage, ...]:
    """The layers of a stack, without noise and in one direction, as steps need them; none if its cells are special."""
    if not _step or not all(map(_plain, cells)):
        return ()
    return tuple(
        Stage(
            *kernel_of(cell),
            cell.input_size,
            cell.hidden_size,
            len(cell.state_names),
            tuple((full_name(name, layer, 0), math.prod(shape)) for name, shape in cell.shapes().items()),
        )
        for layer, cell in enumerate(cells)
    )


def _plain(cell: Cell) -> bool:
    if cell.layer_norm or type(cell) not in (RNNCell, GRUCell, LSTMCell):
        return False
    return not (isinstance(cell, LSTMCell) and (cell.peepholes or cell.proj_size))


def one_step(
    stages: tuple[Stage, ...], parameters: dict[str, Any], batch_first: bool, x: Any, hx: Any
) -> tuple[Any, ...] | None:
    """Run one step of a stream.

    Args:
        stages: the layers; not empty.
        parameters: of the module, its own dictionary.
        batch_first: whether the batch comes before time.
        x: their input: float32 on the CPU, (1, B, I) or with `batch_first` (B, 1, I), at most 4 rows, no gradients.
        hx: the initial state as they take it.

    Returns:
        What the module answers, or None if this call is something else (or wrong: then the common way says so).
    """
    if is_grad_enabled() or is_autocast_enabled("cpu") or watched():
        return None
    isa = selected()
    if not isa or current() not in ("auto", "fused"):
        return None
    answer: tuple[Any, ...] | None = _step(isa, get_num_threads(), batch_first, stages, x, hx, parameters)
    return answer
