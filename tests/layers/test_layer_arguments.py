"""What the layers say of wrong arguments, and how they are shown, copied and moved."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from throughtime.errors import ArgumentError
from throughtime.layers import GRU, LSTM, RNN

X = torch.zeros(5, 2, 3)
WRONG: list[tuple[Any, str]] = [
    (lambda: GRU(0, 4), "input_size is 0"),
    (lambda: GRU(3, 4.0), "hidden_size is 4.0"),
    (lambda: GRU(3, 4, 0), "num_layers is 0"),
    (lambda: GRU(3, 4, dropout=1.5), "dropout is 1.5"),
    (lambda: GRU(3, 4, init="identity"), "init is 'identity', expected one of uniform, torch, orthogonal for GRU"),
    (lambda: RNN(3, 4, nonlinearity="gelu"), "nonlinearity is 'gelu', expected one of tanh, relu, sigmoid"),
    (lambda: LSTM(3, 4, proj_size=4), "proj_size is 4"),
    (
        lambda: LSTM(3, 4, zoneout=(0.1, 0.2, 0.3)),
        "zoneout has 3 values, expected one, or one for each of",
    ),
    (lambda: GRU(3, 4)(X[..., :2]), "input has 2 features, expected input_size: 3"),
    (lambda: GRU(3, 4)(X[:0]), "input has 0 steps"),
    (lambda: GRU(3, 4)(X[None]), r"input has shape \(1, 5, 2, 3\)"),
    (lambda: GRU(3, 4)(X.double()), "input has dtype torch.float64, expected that of the weights: torch.float32"),
    (lambda: GRU(3, 4)(X, torch.zeros(1, 1, 4)), r"hx \(hidden\) has shape \(1, 1, 4\), expected \(1, 2, 4\)"),
    (lambda: GRU(3, 4)(X, torch.zeros(1, 2, 4).double()), r"hx \(hidden\) has dtype torch.float64"),
    (lambda: LSTM(3, 4)(X, torch.zeros(1, 2, 4)), "hx has 1 tensors, expected 2: hidden, cell"),
    (lambda: GRU(3, 4)(X, lengths=[1, 6]), "lengths has the value 6, expected 0 to 5"),
    (lambda: GRU(3, 4)(X, lengths=[1, -1]), "lengths has the value -1"),
    (lambda: GRU(3, 4)(X, lengths=[1]), r"lengths has shape \(1,\), expected one per row: \(2,\)"),
    (lambda: GRU(3, 4)(X, lengths=[]), r"lengths has shape \(0,\)"),
    (lambda: GRU(3, 4)(X, lengths=torch.tensor([1.0, 2.0])), "lengths has dtype torch.float32, expected integers"),
    (lambda: GRU(3, 4)(X, lengths=torch.tensor([True, False])), "lengths has dtype torch.bool"),
    (lambda: GRU(3, 4)(X, trace=["forget"]), "trace names 'forget', expected some of reset, update, candidate, hidden"),
    (lambda: GRU(3, 4)(pack_sequence([X[:, 0]]), lengths=[5]), "lengths were given with a PackedSequence"),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_wrong_arguments_are_one_clear_sentence(call: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


def test_misspelt_options_are_refused() -> None:
    with pytest.raises(TypeError, match="zonout"):
        GRU(3, 4, zonout=0.1)  # type: ignore[call-arg]


def test_repr_shows_what_was_asked_for() -> None:
    assert repr(GRU(3, 4)) == "GRU(3, 4)"
    shown = repr(LSTM(3, 4, 2, peepholes=True, zoneout=(0.1, 0.2), bidirectional=True))
    assert shown == "LSTM(3, 4, peepholes=True, num_layers=2, bidirectional=True, zoneout=(0.1, 0.2))"


def test_weights_can_be_parametrised_copied_and_moved() -> None:
    layer = GRU(3, 4)
    nn.utils.parametrizations.weight_norm(layer, "weight_hh_l0")
    out, _ = layer(X + 1)
    out.sum().backward()
    gradient = layer.parametrizations.weight_hh_l0.original1.grad
    assert gradient is not None
    assert gradient.abs().max() > 0
    twin = copy.deepcopy(GRU(3, 4, 2)).double().to("meta")
    assert twin(torch.zeros(5, 2, 3, dtype=torch.float64, device="meta"))[0].shape == (5, 2, 4)
