"""Layers written as ONNX files, against ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import throughtime.onnx
from throughtime.errors import ArgumentError, ThroughtimeError
from throughtime.layers import GRU, LSTM, RNN

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

LAYERS: dict[str, Any] = {
    "rnn": lambda **k: RNN(3, 4, 2, **k),
    "rnn-relu": lambda **k: RNN(3, 4, nonlinearity="relu", **k),
    "rnn-sigmoid": lambda **k: RNN(3, 4, 2, nonlinearity="sigmoid", **k),
    "gru": lambda **k: GRU(3, 4, 2, **k),
    "gru-after": lambda **k: GRU(3, 4, 3, reset_after=True, **k),
    "lstm": lambda **k: LSTM(3, 4, 2, dropout=0.5, **k),
    "lstm-peepholes": lambda **k: LSTM(3, 4, peepholes=True, **k),
    "lstm-nobias": lambda **k: LSTM(3, 4, 2, bias=False, **k),
}


@pytest.mark.parametrize("batch_first", [False, True], ids=["TBI", "BTI"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_file_answers_what_the_layer_does(name: str, bidirectional: bool, batch_first: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = LAYERS[name](bidirectional=bidirectional, batch_first=batch_first)
    throughtime.onnx.write(layer, tmp_path / "layer.onnx")
    assert layer.training
    layer.eval()
    session = runtime.InferenceSession(tmp_path / "layer.onnx")
    depth = layer.num_layers * layer.num_directions
    for steps, lengths in ((1, [1]), (9, [4, 0, 9, 1]), (5, [5, 5])):
        rows = len(lengths)
        x = torch.randn(*((rows, steps) if batch_first else (steps, rows)), 3)
        states = tuple(torch.randn(depth, rows, size) for size in layer.cell.state_sizes)
        output, final = layer(x, states if len(states) > 1 else states[0], lengths=lengths)
        expected = [output, *(final if isinstance(final, tuple) else (final,))]
        given = [x.numpy(), np.array(lengths, np.int32), *(state.numpy() for state in states)]
        names = [one.name for one in session.get_inputs()]
        found = session.run(None, dict(zip(names, given, strict=True)))
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(torch.from_numpy(one), other.detach(), rtol=1e-5, atol=1e-5)


def test_what_has_no_such_file_is_refused_and_nothing_written(tmp_path: Path) -> None:
    file = tmp_path / "layer.onnx"
    wrong: list[tuple[Any, str]] = [
        (LSTM(3, 4, proj_size=2), r"ONNX's LSTM has no projection: torch\.onnx\.export\(\.\.\., dynamo=False\)"),
        (GRU(3, 4, layer_norm=True), "no layer normalisation"),
        (GRU(3, 4, zoneout=0.1), "no zoneout"),
        (GRU(3, 4).double(), r"weights are torch\.float64, expected float32"),
        (nn.Sequential(GRU(3, 4)), "module is Sequential, expected an RNN, GRU or LSTM"),
    ]
    for layer, sentence in wrong:
        with pytest.raises(ArgumentError, match=sentence):
            throughtime.onnx.write(layer, file)
    broken = GRU(3, 4)
    nn.init.constant_(broken.weight_hh_l0, torch.nan)
    with pytest.raises(ThroughtimeError, match="ONNX Runtime answers otherwise than the layer: output differs by nan"):
        throughtime.onnx.write(broken, file)
    assert list(tmp_path.iterdir()) == []
