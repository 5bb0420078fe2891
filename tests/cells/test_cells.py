"""The conformance table: every cell, on every path, against torch.nn and against plain NumPy in float64."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from helpers.conformance import BY_NAME, PATHS, SITUATIONS, TOLERANCE, VARIANTS, path_in_force, problem, states_of
from helpers.reference_numpy import run_batch
from throughtime import kernels
from throughtime.cells import GRUCell, LSTMCell, RNNCell
from throughtime.errors import KernelUnavailableError
from throughtime.layers import GRU, LSTM, RNN, Recurrent


@cache
def from_numpy(name: str, situation: int, bidirectional: bool) -> tuple[Any, Any, dict[str, Any]]:
    """Output, final states, and for each leaf two random directions with the loss's derivative along them."""
    p = problem(name, situation, bidirectional)
    T, B, _ = p.x.shape
    cell = BY_NAME[name].rendering(p.layer.hidden_size)
    arrays = {"input": p.x.numpy()} | dict(zip(p.layer.cell.state_names, map(Tensor.numpy, p.initial), strict=True))
    arrays |= {key: value.detach().numpy() for key, value in p.layer.named_parameters()}

    def run(values: dict[str, Any]) -> tuple[Any, Any]:
        directions = [
            {weight: values[f"{weight}_l0{suffix}"] for weight in p.layer.cell.shapes()}
            for suffix in ("", "_reverse")[: p.layer.num_directions]
        ]
        states = [values[state] for state in p.layer.cell.state_names]
        return run_batch(cell, directions, values["input"], states, p.lengths or (T,) * B)

    output, final = run(arrays)
    random = np.random.default_rng(0)
    derivatives: dict[str, Any] = {}
    for key, value in arrays.items():
        derivatives[key] = []
        for _ in range(2):
            direction = random.standard_normal(value.shape)
            moved, states = run({k: v + (1e-30j * direction if k == key else 0j) for k, v in arrays.items()})
            parts = zip((moved, *states), p.coefficients, strict=True)
            slope = sum((part.imag / 1e-30 * c.numpy()).sum() for part, c in parts)
            derivatives[key].append((direction, slope))
    return output, final, derivatives


def assert_close(ours: Any, theirs: Any, dtype: torch.dtype, what: str, scale: float = 1.0) -> None:
    """Compare, relative to the largest of: the values, 1, and the scale of what they were computed from."""
    ours, theirs = (torch.as_tensor(v).detach().double() for v in (ours, theirs))
    assert ours.shape == theirs.shape, what
    scale = max(scale, 1.0, theirs.abs().max().item() if theirs.numel() else 0.0)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=TOLERANCE[dtype] * scale, msg=lambda m: f"{what}: {m}")


TABLE = [
    (v.name, path, dtype)
    for v in VARIANTS
    for path, covers in PATHS.items()
    if covers(v)
    for dtype in (torch.float64, torch.float32)
    if dtype == torch.float32 or not path.startswith("fused")
]


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
@pytest.mark.parametrize(("name", "path", "dtype"), TABLE)
def test_numpy(name: str, path: str, dtype: torch.dtype, bidirectional: bool) -> None:
    for situation in range(len(SITUATIONS)):
        p = problem(name, situation, bidirectional)
        layer, leaves = p.named(dtype)
        with path_in_force(path):
            output, final = layer(leaves["input"], p.states(leaves), lengths=p.lengths)
        ours = torch.autograd.grad(p.loss(output, final), leaves.values(), materialize_grads=True)
        expected, states, derivatives = from_numpy(name, situation, bidirectional)
        assert output.dtype == dtype
        assert_close(output, expected, dtype, f"{situation} output")
        for state, value, name_ in zip(states_of(final), states, layer.cell.state_names, strict=True):
            assert_close(state, value, dtype, f"{situation} final {name_}")
        for key, gradient in zip(leaves, ours, strict=True):
            for direction, slope in derivatives[key]:
                along = (gradient.double() * torch.as_tensor(direction)).sum()
                assert_close(along, slope, dtype, f"{situation} gradient of {key}", gradient.norm().item())


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
@pytest.mark.parametrize(("name", "path", "dtype"), [row for row in TABLE if BY_NAME[row[0]].native])
def test_torch_nn(name: str, path: str, dtype: torch.dtype, bidirectional: bool) -> None:
    native = BY_NAME[name].native
    assert native is not None
    for situation, ((_, _, inputs, hidden), lengths, _) in enumerate(SITUATIONS):
        p = problem(name, situation, bidirectional)
        layer, leaves = p.named(dtype)
        with path_in_force(path):
            output, final = layer(leaves["input"], p.states(leaves), lengths=lengths)
        ours = torch.autograd.grad(p.loss(output, final), leaves.values(), materialize_grads=True)

        extra = {"proj_size": p.layer.cell.state_sizes[0]} if BY_NAME[name].projected else {}
        module = native(inputs, hidden, bias=p.layer.bias, bidirectional=bidirectional, dtype=torch.float64, **extra)
        module.load_state_dict(p.layer.state_dict())
        x = p.x.clone().requires_grad_()
        initial = tuple(state.clone().requires_grad_(p.given) for state in p.initial)
        expected, states = torch_nn(module, x, initial, lengths)
        wanted = [x, *(initial if p.given else ()), *module.parameters()]
        theirs = torch.autograd.grad(p.loss(expected, states), wanted, materialize_grads=True)
        assert_close(output, expected, dtype, f"{situation} output")
        for a, b in zip(states_of(final), states_of(states), strict=True):
            assert_close(a, b, dtype, f"{situation} final")
        for key, a, b in zip(leaves, ours, theirs, strict=True):
            assert_close(a, b, dtype, f"{situation} gradient of {key}")


def torch_nn(module: nn.RNNBase, x: Tensor, initial: tuple[Tensor, ...], lengths: Any) -> tuple[Tensor, Any]:
    """Run torch.nn on a batch; with lengths as a PackedSequence of the rows that are not empty."""
    hx: Any = initial if len(initial) > 1 else initial[0]
    if lengths is None:
        return module(x, hx)
    T, B, _ = x.shape
    rows = [b for b in range(B) if lengths[b]]
    outputs = x.new_zeros(T, B, (2 if module.bidirectional else 1) * initial[0].shape[-1])
    if not rows:
        return outputs, hx
    packed = nn.utils.rnn.pack_padded_sequence(
        x[:, rows], torch.tensor([lengths[b] for b in rows]), enforce_sorted=False
    )
    some = tuple(state[:, rows] for state in initial)
    out, final = module(packed, some if len(some) > 1 else some[0])
    padded, _ = nn.utils.rnn.pad_packed_sequence(out, total_length=T)
    index = torch.tensor(rows)
    whole = tuple(old.index_copy(1, index, new) for old, new in zip(initial, states_of(final), strict=True))
    return outputs.index_copy(1, index, padded), whole if len(whole) > 1 else whole[0]


@pytest.mark.parametrize("name", [v.name for v in VARIANTS if v.native is None])
def test_torch_path_refuses_what_it_cannot_compute(name: str) -> None:
    layer = Recurrent(BY_NAME[name].make(3, 4))
    with kernels.use("torch"), pytest.raises(KernelUnavailableError, match="torch's"):
        layer(torch.zeros(2, 1, 3))


@pytest.mark.parametrize("name", [v.name for v in VARIANTS])
@pytest.mark.parametrize("noisy", [False, True], ids=["plain", "zoneout"])
def test_first_and_second_derivatives(name: str, noisy: bool) -> None:
    """Gradcheck and gradgradcheck of the reference; zoneout as at evaluation, with lengths."""
    torch.manual_seed(0)
    # relu has no second derivative at 0; this seed stays away from it.
    layer = Recurrent(BY_NAME[name].make(2, 3), zoneout=0.2 if noisy else 0.0, dtype=torch.float64).eval()
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    weights = {key: value.detach().clone().requires_grad_() for key, value in layer.named_parameters()}
    states = tuple(torch.randn(1, 2, s, dtype=torch.float64, requires_grad=True) for s in layer.cell.state_sizes)

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        hx, values = rest[: len(states)], rest[len(states) :]
        arguments = (x, hx if len(hx) > 1 else hx[0])
        output, final = torch.func.functional_call(
            layer, dict(zip(weights, values, strict=True)), arguments, {"lengths": [3, 1]}
        )
        return (output, *states_of(final))

    leaves = (x, *states, *weights.values())
    with kernels.use("reference"):
        assert torch.autograd.gradcheck(run, leaves, fast_mode=True)
        assert torch.autograd.gradgradcheck(run, leaves, fast_mode=True)


@pytest.mark.parametrize("native", ["rnn-tanh", "gru-after", "lstm", "lstm-proj"])
def test_torch_path_has_second_derivatives(native: str) -> None:
    torch.manual_seed(0)
    layer = Recurrent(BY_NAME[native].make(2, 3), bidirectional=True, dtype=torch.float64)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    with kernels.use("torch"):
        assert torch.autograd.gradgradcheck(lambda x: layer(x, lengths=[3, 1])[0], (x,), fast_mode=True)


def test_public_layers_are_the_cells_of_the_table() -> None:
    """The table drives `Recurrent`; RNN, GRU and LSTM pass their options to the same cells."""
    assert RNN(3, 4, nonlinearity="relu", layer_norm=True).cell == RNNCell(3, 4, True, True, "relu")
    assert GRU(3, 4, bias=False).cell == GRUCell(3, 4, bias=False)
    assert GRU(3, 4, reset_after=True).cell == GRUCell(3, 4, reset_after=True)
    expected = LSTMCell(3, 4, peepholes=True, proj_size=2)
    assert LSTM(3, 4, proj_size=2, peepholes=True, num_layers=2).cells == (
        expected,
        LSTMCell(2, 4, peepholes=True, proj_size=2),
    )
