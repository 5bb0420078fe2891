"""A layer in a model that is exported to ONNX: ONNX's own RNN, GRU and LSTM, which take inputs of any length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from throughtime.cells import Cell, GRUCell, LSTMCell, RNNCell, Weights
from throughtime.kernels import reference
from throughtime.kernels.loops import not_traced
from throughtime.kernels.memory import exporting, recorded
from throughtime.kernels.request import Request, Result


class Operator(NamedTuple):
    """One of ONNX's recurrent operators, as it computes a layer.

    Args:
        name: RNN, GRU or LSTM.
        attributes: by their names in ONNX.
        W, R: (D, G*H, I) and (D, G*H, H), weights of inputs and states, gates in ONNX's order.
        B: (D, 2*G*H), biases of both; None for none.
        P: (D, 3*H), peepholes; None for none.
    """

    name: str
    attributes: dict[str, Any]
    W: Tensor
    R: Tensor
    B: Tensor | None
    P: Tensor | None


ORDER = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 3, 1, 2)}
"""Where each of ONNX's gates stands among ours: z, r, h in its GRU; i, o, f, c in its LSTM, with peepholes i, o, f."""


def cell_refusal(cell: Cell) -> str | None:
    """Return why ONNX has no operator with this cell's equations; None if it has."""
    if cell.layer_norm:
        return "ONNX's operators have no layer normalisation"
    if isinstance(cell, LSTMCell) and cell.proj_size:
        return "ONNX's LSTM has no projection"
    # a subclass may have changed the equations, so it does not count
    return None if type(cell) in (RNNCell, GRUCell, LSTMCell) else f"ONNX has no {cell.name}"


def refusal(request: Request) -> str | None:
    """Return why this is no request for ONNX's operators; None if it is."""
    if not exporting():
        return "no model is being exported to ONNX"
    if request.traced:
        return "ONNX's operators do not show their gates and states (trace)"
    if any(not noise.silent for noise in request.noise):
        return "ONNX's operators have neither zoneout nor recurrent dropout"
    return cell_refusal(request.cell)


def operator(cell: Cell, weights: Sequence[Weights], backward: bool = False) -> Operator:
    """Return ONNX's operator with a cell's equations, which `cell_refusal` has not refused.

    Args:
        cell: the equations.
        weights: of one direction, or of both.
        backward: the one direction there is runs from the last step to the first.
    """
    direction = "bidirectional" if len(weights) == 2 else "reverse" if backward else "forward"
    attributes: dict[str, Any] = {"hidden_size": cell.hidden_size, "direction": direction}
    if isinstance(cell, RNNCell):
        attributes["activations"] = [cell.nonlinearity.capitalize()] * len(weights)
    if isinstance(cell, GRUCell):
        attributes["linear_before_reset"] = int(cell.reset_after)

    def stacked(name: str) -> Tensor:
        return torch.stack([_in_order(cell, one[name]) for one in weights])

    biases = torch.cat((stacked("bias_ih"), stacked("bias_hh")), dim=1) if cell.bias else None
    peepholes = None
    if isinstance(cell, LSTMCell) and cell.peepholes:
        peepholes = torch.stack([one["weight_peephole"][[0, 2, 1]].flatten() for one in weights])
    return Operator(cell.name, attributes, stacked("weight_ih"), stacked("weight_hh"), biases, peepholes)


def _in_order(cell: Cell, rows: Tensor) -> Tensor:
    """Put blocks of rows into ONNX's order, whose z multiplies the old state, as the textbook's 1 - u does."""
    blocks = list(rows.split(cell.hidden_size))  # type: ignore[no-untyped-call]
    if isinstance(cell, GRUCell) and not cell.reset_after:
        blocks[1] = -blocks[1]  # 1 - σ(a) = σ(-a)
    return torch.cat([blocks[place] for place in ORDER[cell.name]])


def run(request: Request) -> Result:
    """Put the operator of a layer into the model, both directions in one."""
    name, attributes, *weights, peepholes = operator(request.cell, request.weights, request.only_backward)
    lengths = request.lengths
    rows = None if lengths is None else lengths.rows.to(torch.int32)
    inputs = [request.input, *weights, rows, *request.initial]
    if peepholes is not None:
        inputs.append(peepholes)
    place: Any = _Recorded.apply if recorded() else _placed
    whole, *final = place(lambda: reference.run(request), name, attributes, *inputs)
    output = whole.transpose(1, 2).flatten(2)
    if lengths is not None:
        # of rows without steps ONNX Runtime says nothing
        there = (lengths.rows > 0).unsqueeze(1)
        output = lengths.blank(output)
        final = [torch.where(there, new, old) for new, old in zip(final, request.initial, strict=True)]
    return Result(output, tuple(final), tuple({} for _ in request.weights))


def _placed(_example: Any, name: str, attributes: dict[str, Any], *inputs: Tensor | None) -> Sequence[Tensor]:
    """By the exporter of torch.export."""
    x, W, R = inputs[:3]
    assert x is not None
    assert W is not None
    assert R is not None
    state = (W.shape[0], x.shape[1], R.shape[-1])
    count = 2 if name == "LSTM" else 1
    shapes = [(x.shape[0], *state[:2], state[2]), *[state] * count]
    return torch.onnx.ops.symbolic_multi_out(name, inputs, attributes, dtypes=[x.dtype] * (1 + count), shapes=shapes)


class _Recorded(torch.autograd.Function):
    """By the older exporter, which follows an example."""

    @staticmethod
    def forward(_ctx: Any, example: Callable[[], Result], _name: str, _attributes: Any, *inputs: Any) -> Any:
        x, W = inputs[:2]
        with not_traced():
            result = example()
            whole = result.output.view(*x.shape[:2], len(W), -1).transpose(1, 2).contiguous()
        return tuple(value.clone() for value in (whole, *result.final))  # clones, for the exporter must see them made

    @staticmethod
    def symbolic(g: Any, _example: Any, name: str, attributes: dict[str, Any], *inputs: Any) -> Any:
        kinds = {int: "i", str: "s", list: "s"}
        named = {f"{key}_{kinds[type(value)]}": value for key, value in attributes.items()}
        given = [_absent(g) if value is None else value for value in inputs]
        return g.op(name, *given, outputs=3 if name == "LSTM" else 2, **named)


def _absent(g: Any) -> Any:
    """An input that is left out."""
    nothing = g.op("prim::Constant")
    nothing.setType(torch._C.OptionalType.ofTensor())
    return nothing
