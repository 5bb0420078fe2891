"""What programs written for torch.nn look for in a recurrent layer."""

from __future__ import annotations

import pickle
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import nn

from throughtime import GRU, LSTM, RNN

PAIRS: list[tuple[Any, Any, dict[str, Any]]] = [
    (RNN, nn.RNN, {"num_layers": 2, "nonlinearity": "relu"}),
    (LSTM, nn.LSTM, {"bidirectional": True}),
    (LSTM, nn.LSTM, {"proj_size": 3, "bias": False}),
    (GRU, nn.GRU, {"num_layers": 2, "bidirectional": True}),
]


def pair(ours: Any, theirs: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    own = {"reset_after": True} if ours is GRU else {}
    return ours(4, 5, **options, **own), theirs(4, 5, **options)


@pytest.mark.parametrize(("ours", "theirs", "options"), PAIRS)
def test_what_torchs_layers_tell_of_themselves_ours_tell_too(ours: Any, theirs: Any, options: dict[str, Any]) -> None:
    mine, other = pair(ours, theirs, options)
    for name in ("mode", "proj_size", "num_layers", "bidirectional", "_flat_weights_names", "_all_weights"):
        assert getattr(mine, name) == getattr(other, name), name
    mine.load_state_dict(other.state_dict())
    for one, two in zip(mine._flat_weights, other._flat_weights, strict=True):
        torch.testing.assert_close(one, two)
    x = torch.zeros(7, 2, 4)
    expected = [other.get_expected_hidden_size(x, None)]
    assert mine.get_expected_hidden_size(x, None) == expected[0]
    if ours is LSTM:
        expected.append(other.get_expected_cell_size(x, None))
        assert mine.get_expected_cell_size(x, None) == expected[1]
    states = [torch.zeros(*shape) for shape in expected]
    state = tuple(states) if len(states) > 1 else states[0]
    mine.check_forward_args(x, state, None)
    order = torch.tensor([1, 0])
    torch.testing.assert_close(mine.permute_hidden(state, order), other.permute_hidden(state, order))
    wrong = torch.zeros(9, 2, 5)
    with pytest.raises(RuntimeError, match="Expected hidden"):
        mine.check_forward_args(x, (wrong, wrong) if isinstance(state, tuple) else wrong, None)


def test_initialisers_by_type_find_them() -> None:
    def constant(module: nn.Module) -> None:
        if isinstance(module, nn.RNNBase):
            for weight in module.parameters():
                nn.init.constant_(weight, 0.5)

    model = nn.Sequential(LSTM(4, 5), GRU(4, 5))
    model.apply(constant)
    assert all((weight == 0.5).all() for weight in model.parameters())


def test_no_layer_passes_for_one_whose_equations_others_compute() -> None:
    layers: list[Any] = [GRU(4, 5), LSTM(4, 5, peepholes=True), RNN(4, 5, nonlinearity="sigmoid"), LSTM(4, 5)]
    assert [layer.mode for layer in layers] == ["throughtime.GRU", "throughtime.LSTM", "throughtime.RNN", "LSTM"]
    assert not any(isinstance(layer, nn.GRU | nn.LSTM | nn.RNN) for layer in layers)


def test_copies_and_moved_layers_have_weights_of_their_own() -> None:
    layer = GRU(4, 5)
    x = torch.randn(3, 2, 4)
    for copy in (deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        torch.testing.assert_close(copy(x)[0], layer(x)[0])
        nn.init.zeros_(copy.weight_hh_l0)
        assert copy._flat_weights[1] is copy.weight_hh_l0
        assert layer.weight_hh_l0.abs().sum() > 0
    moved = layer.double()
    assert moved._flat_weights[0].dtype is torch.float64
    assert moved(x.double())[0].dtype is torch.float64


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_quantisation_that_passes_by_says_so() -> None:
    model = nn.Sequential(LSTM(4, 5, bias=False))
    with pytest.warns(UserWarning, match=r"throughtime.LSTM is left as it is: .* load the state_dict into a torch.nn"):
        torch.ao.quantization.quantize_dynamic(model, {nn.LSTM}, dtype=torch.qint8)
    with pytest.warns(UserWarning, match=r"throughtime.GRU is left as it is: torch.ao quantises .* torch.nn alone$"):
        torch.ao.quantization.quantize_dynamic(nn.Sequential(GRU(4, 5)), {nn.GRU}, dtype=torch.qint8)
