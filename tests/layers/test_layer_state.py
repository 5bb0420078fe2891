"""What a layer holds and shows: state_dicts, starting values, traces."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from helpers.layer_cases import equal
from throughtime.layers import GRU, LSTM, RNN

# --- state_dict -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [True, False])
def test_weights_of_one_gru_are_refused_by_the_other(strict: bool, tmp_path: Path) -> None:
    textbook, after, native = GRU(3, 4, 2), GRU(3, 4, 2, reset_after=True), nn.GRU(3, 4, 2)
    for source in (after, native):
        with pytest.raises(RuntimeError, match="reset_after=True"):
            GRU(3, 4, 2).load_state_dict(source.state_dict(), strict=strict)
    with pytest.raises(RuntimeError, match="reset_after=True"):
        GRU(3, 4, 2, reset_after=True).load_state_dict(textbook.state_dict(), strict=strict)
    # and as part of a model, through a file
    model = nn.ModuleDict({"encoder": textbook})
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    loaded = load_file(tmp_path / "model.safetensors")
    assert list(nn.ModuleDict({"encoder": GRU(3, 4, 2)}).load_state_dict(loaded, strict=strict).missing_keys) == []
    with pytest.raises(RuntimeError, match=r"encoder: .*reset_after=True"):
        nn.ModuleDict({"encoder": GRU(3, 4, 2, reset_after=True)}).load_state_dict(loaded, strict=strict)


def test_reset_after_gru_is_interchangeable_with_torch() -> None:
    after, native = GRU(3, 4, 2, reset_after=True), nn.GRU(3, 4, 2)
    after.load_state_dict(native.state_dict(), strict=True)
    native.load_state_dict(after.state_dict(), strict=True)


def test_textbook_gru_loads_its_own_and_partial_dicts() -> None:
    a, b = GRU(3, 4), GRU(3, 4)
    b.load_state_dict(a.state_dict())
    x = torch.randn(5, 2, 3)
    equal(a(x)[0], b(x)[0], 0.0)
    assert b.load_state_dict({}, strict=False).missing_keys  # nothing of a GRU in it: nothing to confuse


# --- starting values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("init", ["uniform", "orthogonal"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_forget_gate_starts_open(init: str, dtype: torch.dtype) -> None:
    layer = LSTM(3, 4, 2, bidirectional=True, init=init, dtype=dtype)
    for suffix in ("_l0", "_l0_reverse", "_l1", "_l1_reverse"):
        total = getattr(layer, "bias_ih" + suffix) + getattr(layer, "bias_hh" + suffix)
        assert torch.equal(total[4:8], torch.ones(4, dtype=dtype))


def test_orthogonal_blocks() -> None:
    layer = LSTM(3, 8, proj_size=5, init="orthogonal", dtype=torch.float64)
    for block in torch.split(layer.weight_hh_l0, 8):
        equal(block.T @ block, torch.eye(5, dtype=torch.float64))
    equal(layer.weight_hr_l0 @ layer.weight_hr_l0.T, torch.eye(5, dtype=torch.float64))


def test_identity_network_keeps_what_it_has_seen() -> None:
    layer = RNN(3, 4, nonlinearity="relu", init="identity")
    assert torch.equal(layer.weight_hh_l0, torch.eye(4))
    state = torch.rand(1, 2, 4)
    _, final = layer(torch.zeros(50, 2, 3), state)
    equal(final, state, 0.0)
    assert 0 < layer.weight_ih_l0.abs().max() < 0.01


# --- trace ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_first", [False, True])
def test_trace_shows_the_states_behind_the_outputs(batch_first: bool) -> None:
    layer = LSTM(3, 4, 2, batch_first=batch_first, bidirectional=True, dtype=torch.float64)
    x = torch.randn(5, 3, 3, dtype=torch.float64)
    given_ = x.transpose(0, 1) if batch_first else x
    out, (_, cell), trace = layer(given_, lengths=[5, 2, 0], trace=True)
    assert set(trace) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert set(trace[0, 0]) == {"input", "forget", "candidate", "output", "hidden", "cell"}
    equal(torch.cat((trace[1, 0]["hidden"], trace[1, 1]["hidden"]), dim=-1), out)
    first = {k: v.transpose(0, 1) if batch_first else v for k, v in trace[1, 0].items()}
    equal(first["cell"][4, 0], cell[2, 0])
    equal(first["cell"][1, 1], cell[2, 1])
    equal(first["output"] * torch.tanh(first["cell"]), first["hidden"])
    equal(
        first["cell"][1:2, :1],
        (first["input"] * first["candidate"])[1:2, :1] + first["forget"][1:2, :1] * first["cell"][:1, :1],
    )
    for name in first:
        assert (first[name][2:, 1] == 0).all()
        assert (first[name][:, 2] == 0).all()
    equal(trace[1, 1]["cell"].transpose(0, 1)[0, 0] if batch_first else trace[1, 1]["cell"][0, 0], cell[3, 0])


@pytest.mark.parametrize("after", [False, True])
def test_update_gate_is_the_share_of_the_candidate(after: bool) -> None:
    layer = GRU(3, 4, reset_after=after, dtype=torch.float64)
    out, _, trace = layer(torch.randn(5, 2, 3, dtype=torch.float64), trace=["update", "candidate"])
    assert set(trace[0, 0]) == {"update", "candidate"}
    u, candidate = trace[0, 0]["update"], trace[0, 0]["candidate"]
    before = torch.cat((torch.zeros(1, 2, 4, dtype=torch.float64), out[:-1]))
    equal(u * candidate + (1 - u) * before, out)


def test_trace_is_part_of_the_graph_on_both_sides() -> None:
    layer, x = RNN(2, 2, bias=False, dtype=torch.float64), torch.randn(4, 1, 2, dtype=torch.float64)
    x.requires_grad_()
    out, _, trace = layer(x, trace=["hidden"])
    assert torch.autograd.grad(trace[0, 0]["hidden"].sum(), x, retain_graph=True)[0].abs().min() > 0
    gradients = torch.autograd.grad(out[-1, 0, 0], trace.steps(0, 0, "hidden"))
    # dL<T>/da<t> by the chain rule: the product of the steps' Jacobians diag(1 - a²) W
    expected = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    for t in range(3, -1, -1):
        equal(gradients[t], expected)
        expected = (expected * (1 - out[t].detach() ** 2)) @ layer.weight_hh_l0.detach()
