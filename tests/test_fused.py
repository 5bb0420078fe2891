"""The compiled kernels beyond the conformance table: choice, determinism, long sums, the registration with torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from throughtime import kernels
from throughtime.errors import ArgumentError, KernelUnavailableError
from throughtime.kernels import fused
from throughtime.layers import GRU, LSTM, RNN

pytestmark = pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2")

LAYERS: dict[str, Callable[..., Any]] = {
    "rnn": RNN,
    "gru": GRU,
    "gru-after": lambda *a, **k: GRU(*a, reset_after=True, **k),
    "lstm": LSTM,
}


def gradients(layer: torch.nn.Module, x: Tensor, **call: Any) -> list[Tensor]:
    """Output and the gradients of input and weights."""
    x = x.detach().clone().requires_grad_()
    output, _ = layer(x, **call)
    weights = list(layer.parameters())
    torch.manual_seed(1)
    loss = (output * torch.randn(output.shape, dtype=torch.float32)).sum()  # the same numbers for every dtype
    return [output.detach(), *torch.autograd.grad(loss, [x, *weights])]


@pytest.fixture
def two_threads() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.usefixtures("two_threads")
def test_the_same_threads_give_the_same_bits(name: str) -> None:
    torch.manual_seed(0)
    layer, x = LAYERS[name](21, 40, bidirectional=True), torch.randn(37, 19, 21)
    lengths = torch.randint(0, 38, (19,))
    with kernels.use("fused"):
        first = gradients(layer, x, lengths=lengths)
        for _ in range(5):
            for a, b in zip(first, gradients(layer, x, lengths=lengths), strict=True):
                assert torch.equal(a, b)


@pytest.mark.parametrize("isa", fused.instruction_sets())
@pytest.mark.parametrize("name", LAYERS)
def test_long_sums_stay_accurate(name: str, isa: str) -> None:
    """The weights' gradients are sums over T * B = 64,000 products; float64 is the judge."""
    torch.manual_seed(0)
    layer, x = LAYERS[name](8, 24), torch.randn(2000, 32, 8)
    with kernels.use("fused", isa):
        ours = gradients(layer, x)
    with kernels.use("reference"):
        exact = gradients(layer.double(), x.double())
    for a, b in zip(ours[2:], exact[2:], strict=True):
        assert (a.double() - b).norm() <= 5e-6 * b.norm()


def test_a_gradient_finds_its_instruction_set_again() -> None:
    """What the forward sweep keeps is laid out for its own set, whichever is in force on the way back."""
    torch.manual_seed(0)
    layer, x = GRU(3, 5), torch.randn(4, 2, 3, requires_grad=True)
    results = []
    for isa in fused.instruction_sets():
        with kernels.use("fused", isa):
            output, _ = layer(x)
        results.append(torch.autograd.grad(output.sum(), x)[0])
    for result in results[1:]:
        torch.testing.assert_close(result, results[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_the_registration_with_torch_is_sound(name: str) -> None:
    layer = LAYERS[name](3, 5)
    weights = [getattr(layer, f"{w}_l0") for w in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    x, h0 = torch.randn(6, 3, requires_grad=True), torch.randn(2, 5, requires_grad=True)
    c0 = torch.randn(2, 5, requires_grad=True) if name == "lstm" else None
    cell, variant = fused.kernel_of(layer.cell)
    sizes = torch.tensor([2, 2, 1, 1])
    arguments = (x, *weights, h0, c0, sizes, fused.selected(), cell, variant, True, True)
    torch.library.opcheck(fused.forward, arguments, test_utils=("test_schema", "test_faketensor"))


def test_a_second_derivative_is_refused_not_wrong() -> None:
    layer, x = GRU(3, 4), torch.randn(5, 2, 3, requires_grad=True)
    with kernels.use("fused"):
        output, _ = layer(x)
    (first,) = torch.autograd.grad(output.sum(), x, create_graph=True)
    with pytest.raises(RuntimeError):
        torch.autograd.grad(first.sum(), x)


def test_what_a_kernel_does_not_cover_says_why() -> None:
    x = torch.zeros(2, 1, 3)
    for layer, call, reason in (
        (LSTM(3, 4, peepholes=True), {}, "peepholes"),
        (LSTM(3, 4, proj_size=2), {}, "projection"),
        (GRU(3, 4, layer_norm=True), {}, "layer normalisation"),
        (GRU(3, 4, zoneout=0.1), {}, "zoneout"),
        (GRU(3, 4), {"trace": True}, "trace"),
    ):
        with kernels.use("fused"), pytest.raises(KernelUnavailableError, match=reason):
            layer(x, **call)
    with pytest.raises(ArgumentError, match="instruction set is 'neon', expected one of"), kernels.use("fused", "neon"):
        pass


@pytest.mark.parametrize("name", LAYERS)
def test_not_a_number_comes_through(name: str) -> None:
    """A NaN in one row spoils that row from its step on, and no other."""
    layer, x = LAYERS[name](3, 5), torch.randn(6, 4, 3)
    x[2, 1, 0] = torch.nan
    with kernels.use("fused"), torch.no_grad():
        output, _ = layer(x)
    spoilt = output.isnan().any(-1)
    assert spoilt[2:, 1].all()
    assert not spoilt[:2].any()
    assert not spoilt[:, [0, 2, 3]].any()


@pytest.mark.parametrize("name", LAYERS)
def test_seventy_thousand_steps_are_two_halves_in_a_row(name: str) -> None:
    """Beyond 65,535 steps, where other kernels end: the whole equals its halves with the state carried between them."""
    torch.manual_seed(0)
    layer, x = LAYERS[name](3, 5), torch.randn(70_000, 2, 3, requires_grad=True)
    with kernels.use("fused"):
        whole, _ = layer(x, lengths=[70_000, 66_000])
        first, state = layer(x[:35_000])
        second, _ = layer(x[35_000:], state, lengths=[35_000, 31_000])
    halves = torch.cat((first, second))
    torch.testing.assert_close(whole, halves, rtol=1e-5, atol=1e-6)
    coefficients = torch.randn(whole.shape)
    (ours,) = torch.autograd.grad((whole * coefficients).sum(), x)
    (theirs,) = torch.autograd.grad((halves * coefficients).sum(), x)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert ours[66_000:, 1].abs().max() == 0
