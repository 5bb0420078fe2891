"""Our compiled kernels for the CPU: a whole sweep through time in one call, forward and backward, float32."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell
from throughtime.errors import ArgumentError
from throughtime.kernels import reference
from throughtime.kernels.lengths import Packing, transformed
from throughtime.kernels.request import Request, Result

try:
    from throughtime.kernels import _fused
except ImportError:
    _fused = None  # type: ignore[assignment]

MISSING = "the compiled kernels are not there: install throughtime where a C++ compiler is"
ACTIVATIONS = ("tanh", "relu", "sigmoid")


def instruction_sets() -> list[str]:
    """Return the instruction sets that this processor has kernels for, best first."""
    return [] if _fused is None else list(_fused.instruction_sets())


def select(instruction_set: str | None) -> str:
    """Take the kernels of that instruction set from now on (None: the best there is) and return its name.

    Raises:
        ArgumentError: this processor or this installation has no such kernels.
    """
    global _isa
    available = instruction_sets()
    if instruction_set is not None and instruction_set not in available:
        there = ", ".join(available) or "none: " + MISSING
        raise ArgumentError(f"instruction set is {instruction_set!r}, expected one of those at hand ({there})")
    _isa = instruction_set or next(iter(available), "")
    return _isa


def selected() -> str:
    """Return the instruction set in use; empty if there is none."""
    return _isa


_isa = ""
select(os.environ.get("THROUGHTIME_ISA") if instruction_sets() else None)


def refusal(request: Request) -> str | None:
    """Return why the compiled kernels cannot run this request; None if they can."""
    if not _isa:
        return MISSING if _fused is None else "the compiled kernels need a processor with AVX2"
    if (reason := _cell_refusal(request.cell)) is not None:
        return reason
    x = request.input
    if x.device.type != "cpu" or x.dtype != torch.float32:
        return f"the compiled kernels run float32 on the CPU, not {x.dtype} on {x.device.type}"
    if request.traced:
        return "the compiled kernels do not show their gates and states (trace)"
    if any(not noise.silent for noise in request.noise):
        return "the compiled kernels have no zoneout and no recurrent dropout"
    if request.lengths is not None and torch.compiler.is_compiling():
        return "torch.compile cannot pack rows by their lengths"
    if transformed():
        return "the compiled kernels cannot be transformed by torch.func"
    return None


def _cell_refusal(cell: Cell) -> str | None:
    if cell.layer_norm:
        return "the compiled kernels have no layer normalisation"
    # a subclass may have changed the equations, so it does not count
    if type(cell) is LSTMCell:
        if cell.peepholes or cell.proj_size:
            return f"the compiled LSTM has no {'peepholes' if cell.peepholes else 'projection'}"
        return None
    return None if type(cell) in (RNNCell, GRUCell) else f"there is no compiled {cell.name}"


def yields(request: Request) -> bool:
    """Return whether torch's own kernel is quicker: a plain LSTM on small batches (benchmarks/recurrent.py)."""
    T, B, _ = request.input.shape
    return type(request.cell) is LSTMCell and request.lengths is None and (B < 16 or T * B < 1024)


def run(request: Request) -> Result:
    """Run a layer, one direction after the other."""
    packing = None if request.lengths is None else request.lengths.packing
    T, B, _ = request.input.shape
    if not B or (packing is not None and not len(packing.rows)):
        # nothing to sweep; the reference leaves every state as it was and keeps the gradient's path
        return reference.run(request)
    if packing is None:
        x, sizes = request.input.flatten(0, 1), torch.full((T,), B, dtype=torch.int64)
    else:
        x, sizes = request.input.flatten(0, 1).index_select(0, packing.places), packing.batch_sizes
    swept = [_sweep(request, direction, x, sizes, packing) for direction in range(len(request.weights))]
    outputs, finals = zip(*swept, strict=True)
    output = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)
    if packing is not None:
        output = output.new_zeros(T * B, output.shape[-1]).index_copy(0, packing.places, output)
    final = tuple(torch.stack(states) for states in zip(*finals, strict=True))
    return Result(output.view(T, B, -1), final, tuple({} for _ in swept))


def _sweep(
    request: Request, direction: int, x: Tensor, sizes: Tensor, packing: Packing | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    initial = tuple(states[direction] for states in request.initial)
    packed = initial if packing is None else tuple(state.index_select(0, packing.rows) for state in initial)
    weights = request.weights[direction]
    name, variant = _kernel(request.cell)
    output, hidden, cell, _, _ = forward(
        x,
        weights["weight_ih"],
        weights["weight_hh"],
        weights.get("bias_ih"),
        weights.get("bias_hh"),
        packed[0],
        packed[1] if len(packed) > 1 else None,
        sizes,
        _isa,
        name,
        variant,
        direction == 1,
        torch.is_grad_enabled(),
    )
    final = (hidden, cell)[: len(packed)]
    if packing is not None:
        final = tuple(old.index_copy(0, packing.rows, new) for old, new in zip(initial, final, strict=True))
    return output, final


def _kernel(cell: Cell) -> tuple[str, int]:
    """Name and variant under which the compiled module knows a cell."""
    if isinstance(cell, RNNCell):
        return "RNN", ACTIVATIONS.index(cell.nonlinearity)
    if isinstance(cell, GRUCell) and cell.reset_after:
        return "GRU reset_after", 0
    return cell.name, 0


@torch.library.custom_op("throughtime::sweep", mutates_args=(), device_types="cpu")
def forward(
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None,
    bias_hh: Tensor | None,
    h0: Tensor,
    c0: Tensor | None,
    sizes: Tensor,
    isa: str,
    cell: str,
    variant: int,
    reverse: bool,
    keep: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Sweep once through time.

    Args:
        x: (N, I), the real steps of all rows, time after time, longest row first.
        weight_ih, weight_hh, bias_ih, bias_hh: as in torch.nn.
        h0, c0: (B, H), initial states.
        sizes: (T,) int64, rows that go on at each step.
        isa: instruction set; the layout of what is kept depends on it, so the backward sweep takes the same.
        cell: name of the compiled kernel.
        variant: which activation (RNN).
        reverse: from the last step to the first.
        keep: keep what the backward pass needs.

    Returns:
        Output (N, H), final hidden and cell state (B, H), cell states (N, H) and gates (N, ...); what is not
        there is empty.
    """
    x, weight_ih, weight_hh, h0 = (tensor.contiguous() for tensor in (x, weight_ih, weight_hh, h0))
    c0, bias_ih, bias_hh = (None if tensor is None else tensor.contiguous() for tensor in (c0, bias_ih, bias_hh))
    results = _empty_results(x, weight_hh, h0, c0, isa, cell, keep)
    output, hidden, final_cell, cells, gates = results
    tensors = (x, weight_ih, weight_hh, bias_ih, bias_hh, h0, c0, output, cells, gates, hidden, final_cell)
    _call(_fused.forward, isa, cell, variant, reverse, sizes, x, h0, tensors)
    return results


@forward.register_fake
def _(x: Tensor, _w: Tensor, weight_hh: Tensor, _b: Any, _c: Any, h0: Tensor, c0: Tensor | None, *rest: Any) -> Any:
    _, isa, cell, _, _, keep = rest
    return _empty_results(x, weight_hh, h0, c0, isa, cell, keep)


@torch.library.custom_op("throughtime::sweep_backward", mutates_args=(), device_types="cpu")
def backward(
    d_output: Tensor,
    d_hidden: Tensor,
    d_cell: Tensor | None,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    h0: Tensor,
    c0: Tensor | None,
    sizes: Tensor,
    output: Tensor,
    cells: Tensor,
    gates: Tensor,
    isa: str,
    cell: str,
    variant: int,
    reverse: bool,
    biased: bool,
    into_x: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Sweep back: gradients of x, weights, biases and initial states; what is not wanted is empty."""
    given = (d_output, d_hidden, x, weight_ih, weight_hh, h0)
    d_output, d_hidden, x, weight_ih, weight_hh, h0 = (tensor.contiguous() for tensor in given)
    c0, d_cell = (None if tensor is None else tensor.contiguous() for tensor in (c0, d_cell))
    results = _empty_gradients(x, weight_ih, weight_hh, h0, c0, biased, into_x)
    tensors = (x, weight_ih, weight_hh, h0, c0, output, cells, gates, d_output, d_hidden, d_cell, *results)
    _call(_fused.backward, isa, cell, variant, reverse, sizes, x, h0, tensors)
    return results


@backward.register_fake
def _(_o: Tensor, _h: Tensor, _c: Tensor | None, *rest: Any) -> Any:
    x, weight_ih, weight_hh, h0, c0, *_, biased, into_x = rest
    return _empty_gradients(x, weight_ih, weight_hh, h0, c0, biased, into_x)


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, weight_ih, weight_hh, bias_ih, _, h0, c0, sizes, *ctx.choice, _ = inputs
    result, _, _, cells, gates = output
    ctx.save_for_backward(x, weight_ih, weight_hh, h0, c0, sizes, result, cells, gates)
    ctx.biased = bias_ih is not None
    ctx.set_materialize_grads(True)


def _differentiate(
    context: Any, d_output: Tensor, d_hidden: Tensor, d_cell: Tensor, *_: Tensor
) -> tuple[Tensor | None, ...]:
    x, weight_ih, weight_hh, h0, c0, sizes, output, cells, gates = context.saved_tensors
    into_x = context.needs_input_grad[0]
    recurrent = c0 is not None
    d_x, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh, d_h0, d_c0 = backward(
        d_output,
        d_hidden,
        d_cell if recurrent else None,
        x,
        weight_ih,
        weight_hh,
        h0,
        c0,
        sizes,
        output,
        cells,
        gates,
        *context.choice,
        context.biased,
        into_x,
    )
    biases = (d_bias_ih, d_bias_hh) if context.biased else (None, None)
    initial = (d_h0, d_c0 if recurrent else None)
    return (d_x if into_x else None, d_weight_ih, d_weight_hh, *biases, *initial, *(None,) * 6)


forward.register_autograd(_differentiate, setup_context=_setup)


def _empty_results(
    x: Tensor, weight_hh: Tensor, h0: Tensor, c0: Tensor | None, isa: str, cell: str, keep: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    hidden = weight_hh.shape[1]
    saved = int(_fused.saved(isa, cell, hidden)) if keep else 0
    cells = x.new_empty(x.shape[0] if keep and c0 is not None else 0, hidden)
    final_cell = h0.new_empty(0) if c0 is None else torch.empty_like(h0)
    gates = x.new_empty(x.shape[0] if keep else 0, saved)
    return x.new_empty(x.shape[0], hidden), torch.empty_like(h0), final_cell, cells, gates


def _empty_gradients(
    x: Tensor, weight_ih: Tensor, weight_hh: Tensor, h0: Tensor, c0: Tensor | None, biased: bool, into_x: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    bias = weight_ih.shape[0] if biased else 0
    return (
        torch.empty_like(x) if into_x else x.new_empty(0),
        torch.empty_like(weight_ih),
        torch.empty_like(weight_hh),
        x.new_empty(bias),
        x.new_empty(bias),
        torch.empty_like(h0),
        h0.new_empty(0) if c0 is None else torch.empty_like(h0),
    )


def _call(
    function: Any,
    isa: str,
    cell: str,
    variant: int,
    reverse: bool,
    sizes: Tensor,
    x: Tensor,
    h0: Tensor,
    tensors: Sequence[Tensor | None],
) -> None:
    """Hand the addresses over; an absent or empty tensor is address 0."""
    addresses = [0 if tensor is None or tensor.numel() == 0 else tensor.data_ptr() for tensor in tensors]
    threads = torch.get_num_threads()
    shape = (len(sizes), x.shape[1], h0.shape[1])
    function(isa, cell, variant, threads, reverse, *shape, sizes.data_ptr(), addresses)
