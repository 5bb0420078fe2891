"""Second derivatives through the path that is chosen by default, in float32, against the equations in float64."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from throughtime import kernels
from throughtime.errors import KernelFallbackWarning
from throughtime.kernels import fused, notice
from throughtime.layers import GRU, LSTM, RNN, Recurrent

T, B = 11, 4
LAYERS: dict[str, Callable[..., Recurrent]] = {
    "rnn": lambda **k: RNN(3, 5, **k),
    "rnn-sigmoid": lambda **k: RNN(3, 5, nonlinearity="sigmoid", **k),
    "gru": lambda **k: GRU(3, 5, **k),
    "gru-after": lambda **k: GRU(3, 5, reset_after=True, **k),
    "gru-nobias": lambda **k: GRU(3, 5, bias=False, **k),
    "lstm": lambda **k: LSTM(3, 5, **k),
    "lstm-options": lambda **k: LSTM(3, 5, proj_size=2, peepholes=True, **k),
    "lstm-all": lambda **k: LSTM(3, 5, proj_size=2, peepholes=True, layer_norm=True, **k),
}
LENGTHS = {"all": None, "some": [T, 3, 0, 7]}
NOISE = {"zoneout": 0.3, "recurrent_dropout": 0.4}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def penalised(
    layer: Recurrent, x: Tensor, states: tuple[Tensor, ...], asked: str, linear: bool, **call: Any
) -> list[Tensor]:
    """Gradients of a penalty on first gradients, with respect to everything; and those first gradients.

    Args:
        layer: of any dtype.
        x: the input.
        states: initial ones.
        asked: what has gradients: "all", or "input" or "weights" alone.
        linear: whether the loss is linear in the outputs.
        call: what else the layer is called with.
    """
    torch.manual_seed(1)  # of the noise
    wanted = asked in ("all", "input")
    x, *states_ = (tensor.clone().requires_grad_(wanted) for tensor in (x, *states))
    weights = list(layer.parameters()) if asked in ("all", "weights") else []
    for weight in layer.parameters():
        weight.requires_grad_(bool(weights))
    output, final = layer(x, tuple(states_) if len(states_) > 1 else states_[0], **call)
    finals = final if isinstance(final, tuple) else (final,)
    parts = (output, *finals) if linear else tuple(part.tanh().pow(2) for part in (output, *finals))
    loss = sum((part * torch.linspace(-1, 1, part.numel(), dtype=x.dtype).view(part.shape)).sum() for part in parts)
    leaves = [*((x, *states_) if wanted else ()), *weights]
    first = torch.autograd.grad(loss, leaves, create_graph=True)
    penalty = sum(((gradient + 0.1) ** 2).sum() for gradient in first)
    second = torch.autograd.grad(penalty, leaves, allow_unused=True, materialize_grads=True)
    return [gradient.detach() for gradient in (*first, *second)]


def assert_second_derivatives(layer: Recurrent, asked: str = "all", linear: bool = True, **call: Any) -> None:
    x = torch.randn(T, B, 3)
    depth = layer.num_layers * layer.num_directions
    states = tuple(torch.randn(depth, B, size) for size in layer.cell.state_sizes)
    given = (asked, linear)
    ours = penalised(layer, x, states, *given, **call)
    with kernels.use("reference"):
        single = penalised(layer, x, states, *given, **call)
        exact = penalised(copy.deepcopy(layer).double(), x.double(), tuple(s.double() for s in states), *given, **call)
    for a, b, c in zip(ours, single, exact, strict=True):
        # what float32 makes of the equations themselves, which under layer normalisation is more than usual
        rounding = (b - c).norm()
        assert (a - c).norm() <= 3 * rounding + 2e-6 * c.norm() + 1e-6


@pytest.mark.parametrize("linear", [True, False], ids=["linear", "squared"])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("name", LAYERS)
def test_they_are_those_of_the_equations(name: str, lengths: str, linear: bool) -> None:
    layer = LAYERS[name](num_layers=2, bidirectional=True)
    assert_second_derivatives(layer, linear=linear, lengths=LENGTHS[lengths])


@pytest.mark.parametrize("asked", ["input", "weights"])
@pytest.mark.parametrize("name", LAYERS)
def test_of_a_part_of_what_there_is(name: str, asked: str) -> None:
    assert_second_derivatives(LAYERS[name](), asked, lengths=LENGTHS["some"])


@pytest.mark.parametrize("training", [True, False], ids=["masks", "expectation"])
@pytest.mark.parametrize("name", LAYERS)
def test_under_noise(name: str, training: bool) -> None:
    layer = LAYERS[name](bidirectional=True, **NOISE).train(training)
    assert_second_derivatives(layer, lengths=LENGTHS["some"])


@pytest.mark.parametrize("name", LAYERS)
def test_of_checkpointed_layers(name: str) -> None:
    layer = LAYERS[name](bidirectional=True, checkpoint_time=True)
    assert_second_derivatives(layer, lengths=LENGTHS["some"])


@pytest.mark.parametrize("name", ["gru", "lstm-options"])
def test_of_a_compiled_graph(name: str) -> None:
    layer = LAYERS[name](bidirectional=True)
    x, states = torch.randn(T, B, 3), tuple(torch.randn(2, B, size) for size in layer.cell.state_sizes)
    lengths = torch.tensor(LENGTHS["some"])
    eager = penalised(layer, x, states, "all", True, lengths=lengths)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    torch.testing.assert_close(
        penalised(compiled, x, states, "all", True, lengths=lengths), eager, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    ("ours", "theirs"), [(RNN, nn.RNN), (LSTM, nn.LSTM), (None, nn.GRU)], ids=["rnn", "lstm", "gru"]
)
def test_a_gradient_penalty_is_that_of_torch(ours: Any, theirs: Any) -> None:
    """The critic of a Wasserstein GAN: the output used linearly, where the penalty once vanished without a word."""
    native = theirs(3, 5, 2)
    layer = GRU(3, 5, 2, reset_after=True) if ours is None else ours(3, 5, 2)
    layer.load_state_dict(native.state_dict())
    x, gradients = torch.randn(T, B, 3), []
    for module in (layer, native):
        inputs = x.clone().requires_grad_()
        value = module(inputs)[0].mean(0).sum()
        (gradient,) = torch.autograd.grad(value, inputs, create_graph=True)
        (value + 10 * ((gradient.norm(dim=2) - 1) ** 2).mean()).backward()
        gradients.append([weight.grad for weight in module.parameters()])
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


def test_what_depends_on_each_other_is_not_counted_twice() -> None:
    """Input, state and weights of a call that are made from one another, as in a layer that feeds itself."""
    found = []
    for dtype in (torch.float32, torch.float64):
        torch.manual_seed(0)
        layer = GRU(5, 5).to(dtype)
        with torch.no_grad():
            for weight in layer.parameters():
                weight.copy_(torch.randn(weight.shape))
        x = torch.randn(T, B, 5).to(dtype).requires_grad_()
        output, state = layer(x @ layer.weight_hh_l0[:5])
        output, _ = layer(output, state)
        (gradient,) = torch.autograd.grad(output.sum(), x, create_graph=True)
        found.append(torch.autograd.grad(gradient.square().sum(), [x, *layer.parameters()]))
    for ours, exact in zip(*found, strict=True):
        assert (ours - exact).norm() <= 1e-4 * exact.norm()


def test_many_gradients_at_once() -> None:
    """Jacobians by torch.autograd.grad(is_grads_batched=True), which hands wrappers without memory to the backward."""
    for checkpoint_time in (False, True):
        layer, x = LSTM(3, 5, checkpoint_time=checkpoint_time), torch.randn(T, B, 3, requires_grad=True)
        output, _ = layer(x, lengths=LENGTHS["some"])
        many = torch.randn(3, *output.shape)
        (together,) = torch.autograd.grad(output, x, many, is_grads_batched=True, retain_graph=True)
        each = [torch.autograd.grad(output, x, one, retain_graph=True)[0] for one in many]
        torch.testing.assert_close(together, torch.stack(each), rtol=1e-5, atol=1e-6)


def test_a_gradient_that_is_a_negative_view() -> None:
    layer, x = GRU(3, 5), torch.randn(T, B, 3, requires_grad=True)
    output, _ = layer(x)
    d = torch.randn_like(output)
    expected = torch.autograd.grad(output, x, d, retain_graph=True)
    torch.testing.assert_close(torch.autograd.grad(output, x, torch._neg_view(-d)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2")
def test_that_they_are_slow_is_said_once_where_they_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "_told", set())
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for layer in (GRU(3, 5), LSTM(3, 5)):
            x = torch.randn(T, B, 3, requires_grad=True)
            layer(x)[0].sum().backward()
            torch.autograd.grad(layer(x)[0].sum(), x, create_graph=True)
    (said,) = heard
    assert (said.category, said.filename) == (KernelFallbackWarning, __file__)
    assert "second derivatives (create_graph=True) come from the reference's equations" in str(said.message)
