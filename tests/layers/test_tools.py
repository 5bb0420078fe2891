"""The layers under the tools of the ecosystem: traced, exported, wrapped, with the dispatcher watched."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import grimp
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.flop_counter import FlopCounterMode

from throughtime import kernels
from throughtime.errors import ArgumentError, KernelFallbackWarning, KernelUnavailableError
from throughtime.kernels import notice
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.* is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*legacy TorchScript-based:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning"),
]

LAYERS: dict[str, Callable[..., Recurrent]] = {
    "rnn": lambda **k: RNN(3, 4, 2, **k),
    "rnn-relu": lambda **k: RNN(3, 4, 2, nonlinearity="relu", **k),
    "gru": lambda **k: GRU(3, 4, 2, **k),
    "gru-after": lambda **k: GRU(3, 4, 2, reset_after=True, **k),
    "lstm": lambda **k: LSTM(3, 4, 2, **k),
    "lstm-projected": lambda **k: LSTM(3, 4, 2, proj_size=2, **k),
    "lstm-all": lambda **k: LSTM(3, 4, 2, proj_size=2, peepholes=True, layer_norm=True, **k),
}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def flat(answer: Any) -> list[Tensor]:
    output, final = answer
    return [output, *(final if isinstance(final, tuple) else (final,))]


def assert_same(ours: Any, expected: Any) -> None:
    torch.testing.assert_close(flat(ours), flat(expected), rtol=1e-5, atol=1e-5)


def stored(traced: Any) -> Any:
    """What a traced module is after it has been saved and loaded."""
    file = io.BytesIO()
    torch.jit.save(traced, file)
    file.seek(0)
    return torch.jit.load(file)


# --- torch.jit.trace ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grad", [False, True], ids=["no_grad", "grad"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_trace_is_right_for_other_inputs(name: str, bidirectional: bool, grad: bool) -> None:
    """Also of other batch sizes and other lengths."""
    layer = LAYERS[name](bidirectional=bidirectional).eval()
    for steps in (5, 1):  # a single step of a stream has a way of its own
        with torch.set_grad_enabled(grad):
            loaded = stored(torch.jit.trace(layer, torch.randn(steps, 3, 3)))
        for shape in ((steps, 3, 3), (steps, 2, 3), (8, 4, 3)):
            x = torch.randn(shape)
            assert_same(loaded(x), layer(x))


def test_a_traced_stream_carries_its_state() -> None:
    layer, state = LSTM(3, 4).eval(), (torch.randn(1, 1, 4), torch.randn(1, 1, 4))
    with torch.no_grad():
        traced = stored(torch.jit.trace(layer, (torch.randn(1, 1, 3), state)))
        x, other = torch.randn(1, 1, 3), (torch.randn(1, 1, 4), torch.randn(1, 1, 4))
        assert_same(traced(x, other), layer(x, other))


class WithLengths(nn.Module):
    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, lengths: Tensor) -> Any:
        return self.layer(x, lengths=lengths)


@pytest.mark.parametrize("name", LAYERS)
def test_a_trace_follows_the_lengths_it_is_given(name: str) -> None:
    """Traced with rows that are all full, where an eager call would leave the lengths out."""
    model = WithLengths(LAYERS[name](bidirectional=True).eval())
    traced = stored(torch.jit.trace(model, (torch.randn(5, 3, 3), torch.tensor([5, 5, 5]))))
    for steps, lengths in ((5, [2, 0, 5]), (5, [5, 5, 5]), (7, [1, 7, 3, 0])):
        x = torch.randn(steps, len(lengths), 3)
        assert_same(traced(x, torch.tensor(lengths)), model(x, torch.tensor(lengths)))


@pytest.mark.parametrize("make", [LSTM, GRU])
def test_a_trace_can_be_trained(make: Any) -> None:
    layer, x = make(3, 4), torch.randn(5, 2, 3)
    with torch.no_grad():
        traced = stored(torch.jit.trace(layer, x))
    for model in (traced, layer):
        model(x)[0].pow(2).sum().backward()
    for (name, ours), (_, expected) in zip(traced.named_parameters(), layer.named_parameters(), strict=True):
        torch.testing.assert_close(ours.grad, expected.grad, rtol=1e-5, atol=1e-6, msg=name)


def test_a_trace_of_checkpointed_layers() -> None:
    layer, x = LSTM(3, 4, checkpoint_time=True), torch.randn(40, 2, 3)
    assert_same(stored(torch.jit.trace(layer, torch.randn(40, 2, 3)))(x), layer(x))


@pytest.mark.parametrize("options", [{"zoneout": 0.3}, {"zoneout": (0.1, 0.0), "bidirectional": True}], ids=str)
def test_a_trace_of_zoneout(options: dict[str, Any]) -> None:
    layer = LSTM(3, 4, **options).eval()
    traced, x = stored(torch.jit.trace(layer, torch.randn(5, 3, 3))), torch.randn(7, 2, 3)
    assert_same(traced(x), layer(x))


def test_that_a_trace_which_shows_gates_is_bound_to_its_length_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = GRU(3, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x, trace=["update"])[2][0, 0]["update"]

    monkeypatch.setattr(notice, "_told", set())
    model, x = Gate(), torch.randn(7, 2, 3)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        traced = [torch.jit.trace(model, x) for _ in range(2)]
    (said,) = [str(one.message) for one in heard if one.category is KernelFallbackWarning]
    assert "traced as a loop of 7 steps and takes inputs of that length alone" in said
    torch.testing.assert_close(traced[0](x + 1), model(x + 1), rtol=1e-5, atol=1e-6)


def test_what_cannot_be_traced_says_so() -> None:
    packed = pack_padded_sequence(torch.randn(5, 2, 3), torch.tensor([5, 2]))

    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = GRU(3, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(packed)[1]  # type: ignore[no-any-return]

    with pytest.raises(ArgumentError, match="PackedSequence, which cannot be traced: give the padded batch"):
        torch.jit.trace(Packed(), torch.zeros(1))
    with kernels.use("fused"), pytest.raises(KernelUnavailableError, match="compiled kernels"):
        torch.jit.trace(LSTM(3, 4), torch.randn(5, 2, 3))


# --- tensors that are no memory -------------------------------------------------------------------------------------


class Marked(Tensor):
    """A subclass, which may mean something else by its memory."""


class Halved(Tensor):
    """A wrapper whose numbers are half of those that it holds."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> Halved:
        made: Halved = Tensor._make_wrapper_subclass(cls, held.shape, dtype=held.dtype, device=held.device)  # type: ignore[attr-defined]
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        def plain(value: Any) -> Any:
            return value.held / 2 if isinstance(value, cls) else value

        return function(*torch.utils._pytree.tree_map(plain, args), **(kwargs or {}))


def negative(x: Tensor) -> Tensor:
    """The same numbers as a view of a conjugate's imaginary part, whose memory has the other sign."""
    return torch.complex(torch.zeros_like(x), -x).conj().imag


SHAPES = [(5, 3, 3), (1, 1, 3)]  # a sequence, and a step of a stream
NUMBERS: dict[str, Callable[[Tensor], Tensor]] = {
    "subclass": lambda x: x.as_subclass(Marked),
    "wrapper": lambda x: Halved(x * 2),
    "negative": negative,
    "negative and contiguous": lambda x: torch._neg_view(-x) if x.numel() > 3 else negative(x),
    "inference": lambda x: inferred(x),
    "parameter": lambda x: nn.Parameter(x, requires_grad=False),
    "spread": lambda x: torch.stack((x, x), -1)[..., 0],
}


@torch.inference_mode()
def inferred(x: Tensor) -> Tensor:
    return x.clone()


@pytest.mark.parametrize("grad", [False, True], ids=["no_grad", "grad"])
@pytest.mark.parametrize("shape", SHAPES, ids=["sequence", "step"])
@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_whatever_holds_the_numbers_the_answer_is_theirs(
    make: Any, kind: str, shape: tuple[int, ...], grad: bool
) -> None:
    layer, x = make(3, 4), torch.randn(shape)
    with torch.set_grad_enabled(grad and kind != "inference"):
        answer = flat(layer(NUMBERS[kind](x)))
        torch.testing.assert_close([one.as_subclass(Tensor) for one in answer], flat(layer(x)), rtol=1e-5, atol=1e-6)


def test_a_single_number_that_is_a_negative_view() -> None:
    """The one such view that lies in memory like any other tensor."""
    layer, x, state = GRU(1, 1), torch.ones(1, 1, 1), torch.ones(1, 1, 1)
    with torch.no_grad():
        assert_same(layer(negative(x), negative(state)), layer(x, state))


def test_weights_and_states_are_asked_too() -> None:
    layer, x, state = GRU(3, 4), torch.randn(5, 2, 3), torch.randn(1, 2, 4)
    expected = layer(x, state)
    assert_same(layer(x, negative(state)), expected)
    weights = {name: negative(weight) for name, weight in layer.named_parameters()}
    assert_same(torch.func.functional_call(layer, weights, (x, state)), expected)
    layer.weight_hh_l0 = nn.Parameter(layer.weight_hh_l0.detach().double())
    with pytest.raises(RuntimeError, match="same dtype"):
        layer(x, state)


@pytest.mark.filterwarnings("ignore:.*nested tensors is in prototype stage:UserWarning")
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state:UserWarning")
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda x: x.to_sparse(), "sparse_coo"),
        (lambda x: x.to_mkldnn(), "_mkldnn"),
        (lambda x: torch.nested.nested_tensor(list(x)), "a nested tensor"),
        (lambda x: torch.nested.nested_tensor(list(x), layout=torch.jagged), "a nested tensor"),
    ],
    ids=["sparse", "mkldnn", "nested", "jagged"],
)
@pytest.mark.parametrize("shape", SHAPES, ids=["sequence", "step"])
def test_an_input_that_is_not_dense_is_refused_in_a_sentence(shape: tuple[int, ...], change: Any, found: str) -> None:
    with torch.no_grad(), pytest.raises(ArgumentError, match=f"input is .*{found}.*, expected a dense one"):
        GRU(3, 4)(change(torch.randn(shape)))


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_a_quantised_input_is_refused_in_a_sentence() -> None:
    with pytest.raises(ArgumentError, match=r"dtype torch\.qint8, expected that of the weights"):
        GRU(3, 4)(torch.quantize_per_tensor(torch.randn(5, 2, 3), 0.1, 0, torch.qint8))


@pytest.mark.parametrize("lengths", [None, [5, 2, 0]], ids=["all", "lengths"])
@pytest.mark.parametrize("name", LAYERS)
def test_without_memory_there_are_shapes(name: str, lengths: list[int] | None) -> None:
    """On the meta device, and in FakeTensorMode, which ended the process."""
    expected = [one.shape for one in flat(LAYERS[name](bidirectional=True)(torch.zeros(5, 3, 3), lengths=lengths))]
    layer = LAYERS[name](bidirectional=True, device="meta")
    given = None if lengths is None else torch.tensor(lengths, device="meta")
    assert [one.shape for one in flat(layer(torch.zeros(5, 3, 3, device="meta"), lengths=given))] == expected
    with FakeTensorMode():
        layer = LAYERS[name](bidirectional=True)
        given = None if lengths is None else torch.tensor(lengths)
        output, final = layer(torch.zeros(5, 3, 3), lengths=given)
        output.sum().backward()
    assert [one.shape for one in flat((output, final))] == expected
    assert {type(one).__name__ for one in flat((output, final))} == {"FakeTensor"}
    assert all(weight.grad is not None and weight.grad.shape == weight.shape for weight in layer.parameters())


@pytest.mark.parametrize("shape", SHAPES, ids=["sequence", "step"])
def test_a_fake_tensor_outside_its_mode(shape: tuple[int, ...]) -> None:
    with FakeTensorMode() as mode:
        layer, x = GRU(3, 4), torch.zeros(shape)
    with torch.no_grad():
        assert layer(x)[0].shape == (*shape[:2], 4)
        with mode:
            assert layer(x)[0].shape == (*shape[:2], 4)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", SHAPES, ids=["sequence", "step"])
def test_whoever_watches_the_operations_sees_them(name: str, shape: tuple[int, ...]) -> None:
    """make_fx writes them down, a mode counts them, forward-mode derivatives pass through them."""
    layer, x, other = LAYERS[name]().eval(), torch.randn(shape), torch.randn(shape)
    with torch.no_grad():
        assert_same(make_fx(layer)(x)(other), layer(other))
        with FlopCounterMode(display=False) as counter:
            assert_same(layer(x), layer(x))
        with forward_ad.dual_level():
            output, _ = layer(forward_ad.make_dual(x, other))
            tangent = forward_ad.unpack_dual(output).tangent
    x.requires_grad_()
    coefficients = torch.randn_like(tangent)
    (gradient,) = torch.autograd.grad((layer(x)[0] * coefficients).sum(), x)
    torch.testing.assert_close((tangent * coefficients).sum(), (gradient * other).sum(), rtol=1e-4, atol=1e-5)
    if name in ("gru", "lstm-all"):  # the others are operations of torch's, which it may count or not
        assert counter.get_total_flops() > 0


@pytest.fixture
def other_defaults() -> Iterator[None]:
    """Defaults of the process by which torch makes new tensors, and which have nothing to do with a layer's."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("shape", SHAPES, ids=["sequence", "step"])
@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_what_torch_makes_by_default_does_not_matter(make: Any, shape: tuple[int, ...], other_defaults: None) -> None:
    layer, x = make(3, 4, dtype=torch.float32), torch.randn(shape, dtype=torch.float32)
    with kernels.use("reference"):
        expected = layer(x)
    with torch.no_grad():
        ours = layer(x)
        assert all(one.dtype == torch.float32 for one in flat(ours))
        assert_same(ours, expected)
        with torch.device("meta"):
            assert_same(layer(x), expected)
            assert_same(layer(x, lengths=[shape[0]] * shape[1]), expected)
            lengths = [1, *[shape[0]] * (shape[1] - 1)]
            assert_same(layer(x, lengths=lengths), layer(x, lengths=torch.tensor(lengths, device="cpu")))


def test_streams_know_nothing_of_the_layers() -> None:
    """Not even their types: layers import streams, and there is no way back."""
    graph = grimp.build_graph("throughtime", exclude_type_checking_imports=False, cache_dir=None)
    assert graph.direct_import_exists(importer="throughtime.layers.recurrent", imported="throughtime.layers.streaming")
    assert graph.find_shortest_chain("throughtime.layers.streaming", "throughtime.layers.recurrent") is None
