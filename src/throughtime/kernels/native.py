"""torch's own recurrent kernels, where their equations are ours: RNN, GRU with reset_after, LSTM."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell, Weights
from throughtime.kernels import reference
from throughtime.kernels.lengths import Packing
from throughtime.kernels.memory import dual, exporting, readable, recorded, transformed
from throughtime.kernels.request import Request, Result, autocasting

ORDER = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")

BFLOAT16 = not torch._C._has_mkldnn or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
"""Whether oneDNN, if it is there, can compute in bfloat16 on this processor."""


def refusal(request: Request) -> str | None:
    """Return why torch's kernels cannot run this request; None if they can."""
    if (reason := cell_refusal(request.cell)) is not None:
        return reason
    if request.only_backward:
        return "torch's kernels run backward in time only beside forward"
    if request.traced:
        return "torch's kernels do not show their gates and states (trace)"
    if any(noise.recurrent is not None for noise in request.noise):
        return "torch's kernels have no recurrent dropout"
    if any(not noise.silent for noise in request.noise):
        return "torch's kernels have no zoneout"
    if request.lengths is not None and not readable(request.lengths.rows):
        return "rows cannot be packed by lengths whose values are not to be seen (torch.compile, a trace)"
    if isinstance(request.cell, LSTMCell) and request.cell.proj_size and exporting():
        return "ONNX has no LSTM with projection"
    if isinstance(request.cell, LSTMCell) and dual():
        return "torch's LSTM has no forward-mode derivatives"
    if _fails_under_autocast(request):
        return "torch's LSTM cannot run under autocast on this processor, which has no bfloat16 instructions"
    if transformed():
        return "torch's kernels cannot be transformed by torch.func"
    return None


def _fails_under_autocast(request: Request) -> bool:
    """Whether torch would hand the call to oneDNN in bfloat16, which it does not ask whether the processor can."""
    plain = isinstance(request.cell, LSTMCell) and not request.cell.proj_size
    return plain and not BFLOAT16 and request.input.device.type == "cpu" and autocasting(request.input)


def cell_refusal(cell: Cell) -> str | None:
    """Return why torch has no kernel with this cell's equations; None if it has."""
    if cell.layer_norm:
        return "torch's kernels have no layer normalisation"
    # A subclass may have changed the equations, so it does not count.
    if type(cell) is LSTMCell:
        return "torch's LSTM has no peepholes" if cell.peepholes else None
    if type(cell) is GRUCell:
        return None if cell.reset_after else "torch's GRU computes only the variant with reset_after=True"
    if type(cell) is RNNCell:
        return "torch's RNN has no sigmoid" if cell.nonlinearity == "sigmoid" else None
    return f"torch has no {cell.name}"


def run(request: Request) -> Result:
    """Run a layer, both directions in one call."""
    if request.lengths is not None and not len(request.lengths.packing.rows):
        # Nothing to pack. The reference leaves every state as it was and keeps the gradient's path.
        return reference.run(request)
    if request.lengths is None:
        output, final = _call(request.cell, request.input, None, request.initial, request.weights)
    else:
        output, final = _run_packed(request, request.lengths.packing)
    # Under autocast torch answers in low precision for some cells and not for others.
    dtype = request.input.dtype
    final = tuple(state.to(dtype) for state in final)
    return Result(output.to(dtype), final, tuple({} for _ in request.weights))


def _run_packed(request: Request, packing: Packing) -> tuple[Tensor, tuple[Tensor, ...]]:
    T, B, _ = request.input.shape
    size = len(request.weights) * request.cell.state_sizes[0]
    data = request.input.reshape(T * B, -1).index_select(0, packing.places)
    initial = tuple(state.index_select(1, packing.rows) for state in request.initial)
    output, final = _call(request.cell, data, packing.batch_sizes, initial, request.weights)
    padded = output.new_zeros(T * B, size).index_copy(0, packing.places, output).view(T, B, size)
    merged = (
        old.to(new.dtype).index_copy(1, packing.rows, new) for old, new in zip(request.initial, final, strict=True)
    )
    return padded, tuple(merged)


def _call(
    cell: Cell,
    x: Tensor,
    batch_sizes: Tensor | None,
    initial: tuple[Tensor, ...],
    weights: tuple[Weights, ...],
) -> tuple[Tensor, tuple[Tensor, ...]]:
    flat = [direction[name] for direction in weights for name in ORDER if name in direction]
    hx: Any = initial if len(initial) > 1 else initial[0]
    name = f"rnn_{cell.nonlinearity}" if isinstance(cell, RNNCell) else cell.name.lower()
    function: Any = getattr(torch._VF, name)
    # flat weights, has_biases, num_layers, dropout, train, bidirectional[, batch_first]; a trace may be trained later
    train = torch.is_grad_enabled() or recorded()
    options = (flat, cell.bias, 1, 0.0, train, len(weights) == 2)
    arguments = (x, hx, *options, False) if batch_sizes is None else (x, batch_sizes, hx, *options)
    if isinstance(cell, LSTMCell) and cell.proj_size and not torch.compiler.is_compiling():
        with warnings.catch_warnings():
            # Which of its implementations torch takes is nothing the user asked about.
            warnings.filterwarnings("ignore", message="LSTM with projections is not supported with oneDNN")
            output, *final = function(*arguments)
    else:
        output, *final = function(*arguments)
    return output, tuple(final)
