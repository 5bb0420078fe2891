"""A layer as an ONNX file: any number of steps and rows, their lengths, states in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from throughtime.errors import ArgumentError, MissingExtraError, ThroughtimeError
from throughtime.kernels.exported import cell_refusal, operator
from throughtime.layers import Recurrent
from throughtime.storage.atomic import write_atomically

OPSET = 17


def write(module: Recurrent, file: str | Path) -> None:
    """Write a layer, as it is at evaluation, for ONNX Runtime and others; checked with ONNX Runtime before.

    Inputs: `input` (T, B, I), or (B, T, I) with `batch_first`; `sequence_lens` (B,) int32, from 0 to T;
    `initial_hidden` (L*D, B, H), an LSTM's `initial_cell` too. Outputs: `output`, zero after a row's end;
    `final_hidden`, an LSTM's `final_cell` too. T and B are free.

    Args:
        module: an `RNN`, `GRU` (either) or `LSTM` (with peepholes too) in float32.
        file: where it is written; whole, or not at all.

    Raises:
        ArgumentError: not such a layer; the sentence says what ONNX's operators have not, and another way.
        MissingExtraError: the packages onnx and onnxruntime are not there.
        ThroughtimeError: ONNX Runtime answers otherwise than the layer, or the file cannot be written.

    Example:
        >>> import throughtime, throughtime.onnx
        >>> throughtime.onnx.write(throughtime.GRU(3, 4, bidirectional=True), "gru.onnx")  # doctest: +SKIP
    """
    _check(module)
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(str(error.name), "onnx", "writing ONNX files") from error
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            content = _model(onnx, module).SerializeToString()
            _compare(onnxruntime, module, content)
    finally:
        module.train(training)
    write_atomically(Path(file), content)


def _check(module: Any) -> None:
    """Refuse what has no such file."""
    if not isinstance(module, Recurrent):
        found = type(module).__name__
        raise ArgumentError(f"module is {found}, expected an RNN, GRU or LSTM: torch.onnx.export takes whole models")
    noisy = "ONNX's operators have no zoneout" if any(module.zoneout) else None
    if (reason := cell_refusal(module.cell) or noisy) is not None:
        raise ArgumentError(f"{reason}: torch.onnx.export(..., dynamo=False) makes a loop of this layer")
    if _dtype(module) != torch.float32:
        raise ArgumentError(
            f"the weights are {_dtype(module)}, expected float32, in which ONNX Runtime has all of them"
        )


def _dtype(module: Recurrent) -> torch.dtype:
    return next(module.parameters()).dtype


class _Graph:
    """Nodes and constants, as they are put together."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Tensor | np.ndarray[Any, Any] | None) -> str:
        """Keep an array and return its name; None is an input left out."""
        if value is None:
            return ""
        name = f"constant_{len(self.constants)}"
        array = np.ascontiguousarray(value.cpu().numpy() if isinstance(value, Tensor) else value)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, *inputs: str, count: int = 1, **attributes: Any) -> list[str]:
        """Add an operator and return the names of what it answers."""
        outputs = [f"{kind}_{len(self.nodes)}_{k}" for k in range(count)]
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), outputs, **attributes))
        return outputs


def _model(onnx: Any, module: Recurrent) -> Any:
    """The whole model."""
    graph, D, L = _Graph(onnx), module.num_directions, module.num_layers
    names = module.cell.state_names
    x = "input"
    if module.batch_first:
        (x,) = graph.node("Transpose", x, perm=[1, 0, 2])
    each = graph.constant(np.full(L, D))
    initial = [graph.node("Split", f"initial_{name}", each, count=L, axis=0) for name in names]
    finals = []
    for layer in range(L):
        weights = [module._weights(layer, direction) for direction in range(D)]
        kind, attributes, *arrays, peepholes = operator(module.cells[layer], weights)
        states = [states[layer] for states in initial]
        given = [x, *map(graph.constant, arrays), "sequence_lens", *states]
        if peepholes is not None:
            given.append(graph.constant(peepholes))
        whole, *final = graph.node(kind, *given, count=1 + len(names), **attributes)
        finals.append(final)
        (turned,) = graph.node("Transpose", whole, perm=[0, 2, 1, 3])
        (x,) = graph.node("Reshape", turned, graph.constant(np.array([0, 0, -1])))
    _finish(graph, module, x, [list(states) for states in zip(*finals, strict=True)])
    return _described(graph, module)


def _finish(graph: _Graph, module: Recurrent, x: str, finals: list[list[str]]) -> None:
    """Zeros where rows have ended, and initial states of rows without steps: of those ONNX says nothing."""
    zero, one = graph.constant(np.array(0, np.int32)), graph.constant(np.array(1, np.int32))
    axis = graph.constant(np.array([1]))
    (shape,) = graph.node("Shape", x, start=0, end=1)
    (steps,) = graph.node("Squeeze", shape)
    (steps,) = graph.node("Cast", steps, to=graph.onnx.TensorProto.INT32)
    (times,) = graph.node("Range", zero, steps, one)
    (times,) = graph.node("Unsqueeze", times, axis)
    (real,) = graph.node("Less", times, "sequence_lens")
    (real,) = graph.node("Unsqueeze", real, graph.constant(np.array([2])))
    nothing = graph.constant(torch.zeros(()))
    (x,) = graph.node("Where", real, x, nothing)
    (there,) = graph.node("Greater", "sequence_lens", zero)
    (there,) = graph.node("Unsqueeze", there, axis)
    make = graph.onnx.helper.make_node
    last = (
        make("Transpose", [x], ["output"], perm=[1, 0, 2]) if module.batch_first else make("Identity", [x], ["output"])
    )
    graph.nodes.append(last)
    for name, states in zip(module.cell.state_names, finals, strict=True):
        (whole,) = graph.node("Concat", *states, axis=0)
        graph.nodes.append(make("Where", [there, whole, f"initial_{name}"], [f"final_{name}"]))


def _described(graph: _Graph, module: Recurrent) -> Any:
    """The graph with the shapes of what goes in and comes out."""
    onnx, cell, depth = graph.onnx, module.cell, module.num_layers * module.num_directions
    order = ["B", "T"] if module.batch_first else ["T", "B"]

    def value(name: str, shape: list[Any], kind: int = onnx.TensorProto.FLOAT) -> Any:
        return onnx.helper.make_tensor_value_info(name, kind, shape)

    states = [(name, [depth, "B", size]) for name, size in zip(cell.state_names, cell.state_sizes, strict=True)]
    inputs = [value("input", [*order, module.input_size]), value("sequence_lens", ["B"], onnx.TensorProto.INT32)]
    inputs += [value(f"initial_{name}", shape) for name, shape in states]
    outputs = [value("output", [*order, module.num_directions * cell.state_sizes[0]])]
    outputs += [value(f"final_{name}", shape) for name, shape in states]
    whole = onnx.helper.make_graph(graph.nodes, cell.name, inputs, outputs, graph.constants)
    opset = onnx.helper.make_opsetid("", OPSET)
    return onnx.helper.make_model(whole, opset_imports=[opset], producer_name="throughtime", ir_version=8)


def _compare(onnxruntime: Any, module: Recurrent, content: bytes) -> None:
    """Hold the file to the layer, on rows of several lengths.

    Raises:
        ThroughtimeError: they differ by more than 1e-5, in parts of the largest value if that is above 1.
    """
    generator = torch.Generator().manual_seed(0)
    lengths = torch.tensor([7, 0, 3])

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    x = draw(3, 7, module.input_size) if module.batch_first else draw(7, 3, module.input_size)
    depth = module.num_layers * module.num_directions
    states = [draw(depth, 3, size) for size in module.cell.state_sizes]
    device = next(module.parameters()).device
    hx = tuple(state.to(device) for state in states)
    output, final = module(x.to(device), hx if len(hx) > 1 else hx[0], lengths=lengths)
    expected = [output, *(final if isinstance(final, tuple) else (final,))]
    feed = {"input": x.numpy(), "sequence_lens": lengths.to(torch.int32).numpy()}
    feed |= {f"initial_{name}": state.numpy() for name, state in zip(module.cell.state_names, states, strict=True)}
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    for name, ours, theirs in zip(
        [one.name for one in session.get_outputs()], expected, session.run(None, feed), strict=True
    ):
        exact = ours.cpu().numpy()
        difference = float(np.abs(exact - theirs).max())
        if not difference <= 1e-5 * max(1.0, float(np.abs(exact).max())):
            raise ThroughtimeError(
                f"ONNX Runtime answers otherwise than the layer: {name} differs by {difference:.2g}, expected at most "
                "1e-05; nothing is written"
            )
