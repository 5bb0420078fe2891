"""The compiled kernels beyond the conformance table: choice, determinism, long sums, the registration with torch."""

from __future__ import annotations

import copy
import ctypes
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.parametrizations import spectral_norm

from helpers.layer_cases import OURS, assert_nan_spoils_its_own_row_alone
from throughtime import kernels
from throughtime.errors import ArgumentError, KernelUnavailableError
from throughtime.kernels import fused, sweep
from throughtime.kernels.calls import WEIGHTS
from throughtime.layers import GRU, LSTM, RNN

pytestmark = pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2")

LAYERS: dict[str, Callable[..., Any]] = {
    "rnn": RNN,
    "gru": GRU,
    "gru-after": lambda *a, **k: GRU(*a, reset_after=True, **k),
    "lstm": LSTM,
}


class Marked(Tensor):
    """A tensor that may mean something else by its memory."""


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
def test_without_gradients_no_thread_writes_over_what_another_still_reads(name: str) -> None:
    """Gates are kept for a chunk of steps at a time then, in the same memory; with such lengths threads meet there."""
    torch.manual_seed(0)
    layer, x = LAYERS[name](21, 40, bidirectional=True), torch.randn(60, 37, 21)
    lengths = torch.arange(37) % 31 + 30
    with torch.no_grad():
        with kernels.use("reference"):
            expected, _ = layer(x, lengths=lengths)
        with kernels.use("fused"):
            for _ in range(5):
                torch.testing.assert_close(layer(x, lengths=lengths)[0], expected, rtol=0, atol=1e-5)


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


@pytest.mark.parametrize("isa", fused.instruction_sets())
@pytest.mark.parametrize(("nonlinearity", "function"), [("tanh", torch.tanh), ("sigmoid", torch.sigmoid)])
def test_the_functions_are_exact_over_their_whole_range(nonlinearity: Any, function: Any, isa: str) -> None:
    """A layer of one unit without a past is its activation."""
    layer = RNN(1, 1, nonlinearity=nonlinearity, bias=False)
    x = torch.cat((torch.linspace(-12, 12, 200_001), torch.logspace(-30, 38, 2_001), -torch.logspace(-30, 38, 2_001)))
    with torch.no_grad(), kernels.use("fused", isa):
        layer.weight_ih_l0.fill_(1.0)
        output, _ = layer(x.view(1, -1, 1))
    error = (output.flatten().double() - function(x.double())).abs()
    assert error.max() < 2e-7


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
@pytest.mark.parametrize("noisy", [False, True], ids=["plain", "noisy"])
def test_the_registration_with_torch_is_sound(name: str, noisy: bool) -> None:
    layer = LAYERS[name](3, 5)
    weights = [getattr(layer, f"{weight}_l0", None) for weight in WEIGHTS]
    x, h0 = torch.randn(6, 3, requires_grad=True), torch.randn(2, 5, requires_grad=True)
    c0 = torch.randn(2, 5, requires_grad=True) if name == "lstm" else None
    mask = torch.rand(2, 5) if noisy else None
    zones = (torch.rand(6, 5) < 0.5 if noisy else None, None)
    sizes = torch.tensor([2, 2, 1, 1])
    which = (fused.selected(), *fused.kernel_of(layer.cell), True, 0.0, 0.0)
    arguments = (x, *weights, h0, c0, mask, *zones, sizes, *which, True, False)
    torch.library.opcheck(sweep.forward, arguments, test_utils=("test_schema", "test_faketensor"))


def test_what_is_kept_for_the_way_back_is_not_shared() -> None:
    """Large enough to come from the pool: two sweeps whose ways back are still to come, and memory that returns."""
    torch.manual_seed(0)
    layer, first, second = LSTM(8, 512), torch.randn(40, 16, 8), torch.randn(40, 16, 8)
    with kernels.use("fused"):
        for x in (first, second):
            x.requires_grad_()
        (one, _), (two, _) = layer(first), layer(second)
        ours = torch.autograd.grad(one.sum(), first) + torch.autograd.grad(two.pow(2).sum(), second)
    with kernels.use("torch"):
        (one, _), (two, _) = layer(first), layer(second)
        theirs = torch.autograd.grad(one.sum(), first) + torch.autograd.grad(two.pow(2).sum(), second)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_pool_hands_out_again_what_came_back() -> None:
    take = fused.compiled.pooled
    one, other = take(1000, 4000).fill_(1.0), take(1000, 4000).fill_(2.0)
    assert one.unique().tolist() == [1.0]
    place = other.data_ptr()
    view = other[5:]
    del other
    assert take(1000, 4000).data_ptr() != place  # the view still holds it
    del view
    assert take(900, 4000).data_ptr() == place
    assert take(100, 4000).data_ptr() != place  # too small to waste it on


def test_what_a_kernel_does_not_cover_says_why() -> None:
    x = torch.zeros(2, 1, 3)
    with kernels.use("fused"):
        with pytest.raises(KernelUnavailableError, match=r"trace.* under torch\.no_grad"):
            GRU(3, 4)(x, trace=True)
        with pytest.raises(KernelUnavailableError, match=r"float32 on the CPU, not torch\.float64"):
            GRU(3, 4, dtype=torch.float64)(x.double())
    with pytest.raises(ArgumentError, match="instruction set is 'neon', expected one of"), kernels.use("fused", "neon"):
        pass


@pytest.mark.parametrize("name", [*LAYERS, "lstm-all"])
@pytest.mark.parametrize("lengths", [None, [5, 0, 3]], ids=["whole", "lengths"])
def test_a_trace_is_the_references(name: str, lengths: list[int] | None) -> None:
    torch.manual_seed(0)
    layer, x = OURS[name](3, 19, num_layers=2, bidirectional=True), torch.randn(5, 3, 3)
    with torch.no_grad():
        with kernels.use("fused"):
            _, _, ours = layer(x, lengths=lengths, trace=True)
        with kernels.use("reference"):
            _, _, plain = layer(x, lengths=lengths, trace=True)
            _, _, theirs = copy.deepcopy(layer).double()(x.double(), lengths=lengths, trace=True)
    for place in theirs:
        assert ours[place].keys() == theirs[place].keys()
        for gate, values in theirs[place].items():
            # a row that hardly varies makes much of its rounding when it is normalised, whoever does it
            most = max(1e-5, 3 * (plain[place][gate].double() - values).abs().max().item())
            torch.testing.assert_close(ours[place][gate].double(), values, rtol=1e-5, atol=most)
        for step, state in zip(ours.steps(*place, "hidden"), theirs.steps(*place, "hidden"), strict=True):
            torch.testing.assert_close(step.double(), state, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 5, 37), (4, 300, 260)], ids=["exact", "odd", "shared"])
@pytest.mark.usefixtures("two_threads")
def test_a_stream_is_the_sequence_step_by_step(name: str, shape: tuple[int, int, int]) -> None:
    """One step at a time, the state carried, by the short way; the whole sequence by the reference."""
    B, inputs, hidden = shape
    torch.manual_seed(0)
    layer, x = LAYERS[name](inputs, hidden, num_layers=2), torch.randn(6, B, inputs)
    with torch.no_grad():
        with kernels.use("reference"):
            expected, final = layer(x)
        state, outputs = None, []
        for step in x.split(1):
            output, state = layer(step, state)
            outputs.append(output)
        first = LAYERS[name](inputs, hidden, num_layers=2, batch_first=True)
        first.load_state_dict(layer.state_dict())
        again, _ = first(x[:1].transpose(0, 1))
    assert layer.stages  # the short way was open
    torch.testing.assert_close(torch.cat(outputs), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(again.transpose(0, 1), expected[:1], rtol=1e-5, atol=1e-5)
    for one, other in zip(state if name == "lstm" else [state], final if name == "lstm" else [final], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_a_step_sees_weights_that_were_changed_in_place() -> None:
    layer, x = GRU(4, 6), torch.randn(1, 1, 4)
    with torch.no_grad():
        before, _ = layer(x)
        layer.weight_ih_l0.mul_(2.0)
        after, _ = layer(x)
        layer.double()
        exact, _ = layer(x.double())
    assert not torch.equal(before, after)
    torch.testing.assert_close(after.double(), exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        lambda layer, x, state: (layer, x.expand(2, 2, 4).transpose(0, 2)[:1, :, :1].expand(1, 2, 4), state),
        lambda layer, x, state: (layer, x, list(state)),
        lambda layer, x, state: (layer, x, tuple(one.mT.contiguous().mT for one in state)),
        lambda layer, x, state: (layer, x.as_subclass(Marked), state),
        lambda layer, x, state: (spectral_norm(layer, "weight_hh_l0"), x, state),
        lambda layer, x, state: (layer, x.repeat(1, 4, 1), tuple(one.repeat(1, 4, 1) for one in state)),
    ],
    ids=["input spread", "states in a list", "states spread", "subclass", "parametrized", "many rows"],
)
def test_a_step_that_is_not_as_usual_is_answered_all_the_same(change: Any) -> None:
    torch.manual_seed(0)
    layer, x, state = change(LSTM(4, 5).eval(), torch.randn(1, 2, 4), (torch.randn(1, 2, 5), torch.randn(1, 2, 5)))
    with torch.no_grad():
        ours = layer(x, state)
        with kernels.use("reference"):
            theirs = layer(x, state)
    for one, other in zip((ours[0], *ours[1]), (theirs[0], *theirs[1]), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_weights_of_another_size_are_refused() -> None:
    for steps in (1, 9):
        call = (GRU(4, 5), {"weight_ih_l0": torch.zeros(15, 3)}, (torch.zeros(steps, 1, 4),))
        with (
            torch.no_grad(),
            pytest.raises(ArgumentError, match=r"weight_ih_l0 has shape \(15, 3\), expected \(15, 4\)"),
        ):
            torch.func.functional_call(*call)


def test_a_table_of_another_layout_is_refused() -> None:
    """What torch tells of its tensors: DLPack's table, whose major version says how it is laid out."""
    table, make = (ctypes.c_uint32 * 24)(2, 0), ctypes.pythonapi.PyCapsule_New
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    capsule = make(ctypes.addressof(table), b"dlpack_exchange_api", None)
    stream: Any = fused.compiled
    with pytest.raises(ValueError, match="another way"):
        stream.Stream(capsule, Tensor, torch.nn.Parameter, torch.empty_strided)


@pytest.mark.parametrize("name", LAYERS)
def test_not_a_number_comes_through(name: str) -> None:
    """A NaN in one row spoils that row from its step on, and no other."""
    with kernels.use("fused"), torch.no_grad():
        assert_nan_spoils_its_own_row_alone(LAYERS[name](3, 5))


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
