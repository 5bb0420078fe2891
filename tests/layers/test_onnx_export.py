"""Models with a layer in them, exported to ONNX by both of torch's exporters, against ONNX Runtime."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from throughtime.layers import GRU, LSTM, RNN, Recurrent

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:torch.*"),
    pytest.mark.filterwarnings("ignore:Exporting a model to ONNX with a batch_size other than 1:UserWarning"),
]
LAYERS: dict[str, Callable[..., Recurrent]] = {
    "rnn": lambda **k: RNN(3, 4, 2, **k),
    "rnn-relu": lambda **k: RNN(3, 4, nonlinearity="relu", **k),
    "rnn-sigmoid": lambda **k: RNN(3, 4, nonlinearity="sigmoid", **k),
    "gru": lambda **k: GRU(3, 4, 2, **k),
    "gru-after": lambda **k: GRU(3, 4, 2, reset_after=True, **k),
    "lstm": lambda **k: LSTM(3, 4, 2, **k),
    "lstm-nobias": lambda **k: LSTM(3, 4, bias=False, **k),
    "lstm-peepholes": lambda **k: LSTM(3, 4, 2, peepholes=True, **k),
    "lstm-projected": lambda **k: LSTM(3, 4, proj_size=2, **k),
    "lstm-norm": lambda **k: LSTM(3, 4, layer_norm=True, **k),
    "gru-zoneout": lambda **k: GRU(3, 4, zoneout=0.2, **k),
}
OPERATORS = {name: name.split("-")[0].upper() for name in list(LAYERS)[:8]}
"""ONNX's own operator, where it has the equations."""


class Model(nn.Module):
    """A layer in a model of a user's."""

    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Any:
        return self.layer(x, lengths=lengths)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    torch.manual_seed(0)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def exported(model: nn.Module, given: tuple[Tensor, ...], dynamo: bool) -> bytes:
    file, names = io.BytesIO(), ["x", "lengths"][: len(given)]
    if dynamo:
        T, B = torch.export.Dim("T"), torch.export.Dim("B")
        free = dict(zip(names, ({0: T, 1: B}, {0: B}), strict=False))
        program = torch.onnx.export(
            model, given, dynamo=True, dynamic_shapes=free, input_names=names, verbose=False, optimize=False
        )
        assert program is not None
        program.save(file)
    else:
        axes = {"x": {0: "T", 1: "B"}, "lengths": {0: "B"}}
        torch.onnx.export(model, given, file, dynamo=False, input_names=names, dynamic_axes=axes)
    return file.getvalue()


def check(name: str, bidirectional: bool, with_lengths: bool, dynamo: bool) -> None:
    model = Model(LAYERS[name](bidirectional=bidirectional)).eval()
    example = (torch.randn(5, 3, 3), torch.tensor([5, 2, 4]))[: 1 + with_lengths]
    content = exported(model, example, dynamo)
    kinds = {node.op_type for node in onnx.load_from_string(content).graph.node}
    assert name not in OPERATORS or OPERATORS[name] in kinds
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(content, options)
    for steps, rows, lengths in ((5, 3, [5, 0, 2]), (8, 2, [3, 8]), (1, 4, [1, 1, 0, 1])):
        given = (torch.randn(steps, rows, 3), torch.tensor(lengths))[: 1 + with_lengths]
        feed = {one.name: value.numpy() for one, value in zip(session.get_inputs(), given, strict=True)}
        output, final = model(*given)
        expected = [output, *(final if isinstance(final, tuple) else (final,))]
        found = [torch.from_numpy(value) for value in session.run(None, feed)]
        torch.testing.assert_close(found, [one.detach() for one in expected], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("with_lengths", [False, True], ids=["all", "lengths"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("name", LAYERS)
def test_the_older_exporter(name: str, bidirectional: bool, with_lengths: bool) -> None:
    check(name, bidirectional, with_lengths, dynamo=False)


EXPORTS = [("gru", True, True), ("gru-after", False, False), ("lstm", False, False), ("rnn-relu", True, True)]
MORE = [("lstm-peepholes", True, True), ("lstm", True, True), ("rnn-sigmoid", True, False), ("gru-zoneout", True, True)]


@pytest.mark.parametrize(
    ("name", "bidirectional", "with_lengths"), [*EXPORTS, *(pytest.param(*one, marks=pytest.mark.slow) for one in MORE)]
)
def test_the_newer_exporter(name: str, bidirectional: bool, with_lengths: bool) -> None:
    pytest.importorskip("onnxscript")
    check(name, bidirectional, with_lengths, dynamo=True)
