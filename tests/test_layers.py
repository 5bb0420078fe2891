"""The layers' interface: drop-in for torch.nn, lengths, forms of input, state_dicts, choice of kernel, errors."""

from __future__ import annotations

import copy
import inspect
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from throughtime import kernels
from throughtime.errors import ArgumentError, KernelUnavailableError, ThroughtimeError
from throughtime.kernels import Kernel, dispatch, reference
from throughtime.layers import GRU, LSTM, RNN, Recurrent

PAIRS: dict[str, tuple[Any, Any]] = {
    "rnn": (RNN, nn.RNN),
    "gru": (lambda *a, **k: GRU(*a, reset_after=True, **k), nn.GRU),
    "lstm": (LSTM, nn.LSTM),
}
OURS: dict[str, Any] = {
    "rnn": RNN,
    "gru": GRU,
    "gru-after": PAIRS["gru"][0],
    "lstm": LSTM,
    "lstm-all": lambda *a, **k: LSTM(*a, proj_size=2, peepholes=True, layer_norm=True, **k),
}


def states(final: Any) -> tuple[Tensor, ...]:
    return final if isinstance(final, tuple) else (final,)


def equal(ours: Any, theirs: Any, tolerance: float = 1e-12) -> None:
    for a, b in zip(states(ours), states(theirs), strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


# --- drop-in for torch.nn -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_changing_the_import_keeps_the_program_working(name: str) -> None:
    ours, theirs = PAIRS[name]
    options = {"bidirectional": True, "batch_first": True, "dtype": torch.float64}
    torch.manual_seed(3)
    mine = ours(5, 4, 2, **options)
    torch.manual_seed(3)
    native = theirs(5, 4, 2, **options)
    assert list(mine.state_dict()) == list(native.state_dict())
    for key, value in native.state_dict().items():
        if name == "lstm" and "bias" in key:
            continue  # the forget gate's bias is 1 here
        assert torch.equal(mine.state_dict()[key], value), key
    mine.load_state_dict(native.state_dict())
    copy.deepcopy(native).load_state_dict(mine.state_dict())
    x = torch.randn(3, 6, 5, dtype=torch.float64)
    h = torch.randn(4, 3, 4, dtype=torch.float64)
    hx = (h, 2 * h) if name == "lstm" else h
    for arguments in ((x,), (x, hx)):
        (out, final), (out_, final_) = mine(*arguments), native(*arguments)
        equal(out, out_)
        equal(final, final_)
    mine.flatten_parameters()
    assert [len(group) for group in mine.all_weights] == [4, 4, 4, 4]


@pytest.mark.parametrize("name", PAIRS)
def test_positional_arguments_mean_the_same(name: str) -> None:
    ours, theirs = PAIRS[name]
    nonlinearity = ["relu"] if name == "rnn" else []
    positional = [3, 4, 2, *nonlinearity, False, True, 0.25, True]
    mine, native = ours(*positional), theirs(*positional)
    for attribute in ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"):
        assert getattr(mine, attribute) == getattr(native, attribute)
    assert list(inspect.signature(mine.forward).parameters)[:2] == ["input", "hx"]
    if name == "lstm":
        assert list(LSTM(3, 4, 1, True, False, 0.0, False, 2).state_dict()) == list(
            nn.LSTM(3, 4, 1, True, False, 0.0, False, 2).state_dict()
        )


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_one_sequence_without_a_batch(name: str, batch_first: bool) -> None:
    ours, theirs = PAIRS[name]
    options = {"bidirectional": True, "batch_first": batch_first, "dtype": torch.float64}
    mine, native = ours(5, 4, **options), theirs(5, 4, **options)
    mine.load_state_dict(native.state_dict())
    x, h = torch.randn(6, 5, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    hx = (h, -h) if name == "lstm" else h
    for arguments in ((x,), (x, hx)):
        for a, b in zip(mine(*arguments), native(*arguments), strict=True):
            equal(a, b)
    out, _, trace = OURS["gru"](5, 4, batch_first=batch_first, dtype=torch.float64)(x, trace=True)
    assert trace[0, 0]["update"].shape == out.shape == (6, 4)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("path", ["torch", "reference"])
@pytest.mark.parametrize("order", ["sorted", "unsorted", "full"])
def test_packed_sequences(name: str, path: str, order: str) -> None:
    ours, theirs = PAIRS[name]
    mine, native = (c(5, 4, 2, bidirectional=True, dtype=torch.float64) for c in (ours, theirs))
    mine.load_state_dict(native.state_dict())
    lengths = {"sorted": (6, 4, 1), "unsorted": (2, 6, 3), "full": (6, 6, 6)}[order]
    rows = [torch.randn(n, 5, dtype=torch.float64) for n in lengths]
    packed = pack_sequence(rows, enforce_sorted=order == "sorted")
    h = torch.randn(4, 3, 4, dtype=torch.float64)
    hx = (h, 2 * h) if name == "lstm" else h
    with kernels.use(path):
        out, final = mine(packed, hx)
    expected, final_ = native(packed, hx)
    assert isinstance(out, PackedSequence)
    equal(out.data, expected.data)
    equal(final, final_)
    assert torch.equal(out.batch_sizes, expected.batch_sizes)
    for a, b in ((out.sorted_indices, packed.sorted_indices), (out.unsorted_indices, packed.unsorted_indices)):
        assert (a is None and b is None) or torch.equal(a, b)


def test_packed_sequence_is_the_same_as_lengths() -> None:
    layer, x = GRU(5, 4, bidirectional=True, dtype=torch.float64), torch.randn(6, 3, 5, dtype=torch.float64)
    packed = pack_padded_sequence(x, torch.tensor([2, 6, 3]), enforce_sorted=False)
    (a, final), (b, final_) = layer(packed), layer(x, lengths=[2, 6, 3])
    equal(nn.utils.rnn.pad_packed_sequence(a)[0], b)
    equal(final, final_)


# --- lengths --------------------------------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=12, deadline=None)
@pytest.mark.parametrize("path", ["auto", "reference"])
@pytest.mark.parametrize("name", OURS)
def test_a_padded_batch_is_its_rows_run_alone(name: str, path: str, data: st.DataObject) -> None:
    """Two layers, both directions, any lengths; what stands in the padding (here NaN) must not matter."""
    T = data.draw(st.integers(1, 7), label="T")
    lengths = data.draw(st.lists(st.integers(0, T), min_size=1, max_size=5), label="lengths")
    torch.manual_seed(data.draw(st.integers(0, 9), label="seed"))
    layer = OURS[name](3, 4, 2, bidirectional=True, dtype=torch.float64)
    x = torch.randn(T, len(lengths), 3, dtype=torch.float64)
    for b, n in enumerate(lengths):
        x[n:, b] = float("nan")
    x.requires_grad_()
    initial = [torch.randn(4, len(lengths), s, dtype=torch.float64) for s in layer.cell.state_sizes]
    with kernels.use(path):
        out, final = layer(x, tuple(initial) if len(initial) > 1 else initial[0], lengths=torch.tensor(lengths))
        out.pow(2).sum().backward()
        gradients = {key: weight.grad for key, weight in layer.named_parameters()}
        layer.zero_grad()
        for b, n in enumerate(lengths):
            hx = tuple(state[:, b] for state in initial)
            assert torch.equal(out[n:, b], torch.zeros_like(out[n:, b]))
            assert x.grad is not None
            assert torch.equal(x.grad[n:, b], torch.zeros_like(x[n:, b]))
            if n == 0:
                equal(tuple(state[:, b] for state in states(final)), hx)
                continue
            row = x.detach()[:n, b].requires_grad_()
            alone, last = layer(row, hx if len(hx) > 1 else hx[0])
            alone.pow(2).sum().backward()
            equal(out[:n, b], alone)
            equal(tuple(state[:, b] for state in states(final)), last)
            equal(x.grad[:n, b], row.grad)
    for key, weight in layer.named_parameters():
        expected = torch.zeros_like(weight) if weight.grad is None else weight.grad
        ours = gradients[key]
        equal(torch.zeros_like(weight) if ours is None else ours, expected, 1e-10)


@pytest.mark.parametrize("lengths", [[2, 0, 4], (2, 0, 4), torch.tensor([2, 0, 4], dtype=torch.int32)])
def test_lengths_come_as_any_integers(lengths: Any) -> None:
    layer, x = GRU(3, 4), torch.randn(4, 3, 3)
    equal(layer(x, lengths=lengths)[0], layer(x, lengths=torch.tensor([2, 0, 4]))[0], 0.0)


@pytest.mark.parametrize("name", OURS)
def test_carried_state_continues_the_sequence(name: str) -> None:
    layer, x = OURS[name](3, 4, 2, dtype=torch.float64), torch.randn(7, 2, 3, dtype=torch.float64)
    whole, final = layer(x)
    first, hx = layer(x[:3])
    second, last = layer(x[3:], hx)
    equal(torch.cat((first, second)), whole)
    equal(last, final)


@pytest.mark.parametrize("path", ["auto", "reference"])
@pytest.mark.parametrize("name", OURS)
def test_an_empty_batch_has_an_empty_answer(name: str, path: str) -> None:
    layer = OURS[name](3, 4, bidirectional=True)
    with kernels.use(path):
        out, final = layer(torch.zeros(5, 0, 3), lengths=[])
    assert out.shape == (5, 0, 2 * layer.cell.state_sizes[0])
    assert [tuple(s.shape) for s in states(final)] == [(2, 0, size) for size in layer.cell.state_sizes]


def long_case(layer: Recurrent, path: str) -> None:
    """A gradient comes back through 70,000 steps: from the last output to the last input."""
    x = torch.randn(70_000, 1, 2, requires_grad=True)
    with kernels.use(path):
        out, _ = layer(x, lengths=[69_999])
    out.sum().backward()
    assert out.shape[0] == 70_000
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert x.grad[69_998].abs().max() > 0
    assert x.grad[69_999].abs().max() == 0


def test_seventy_thousand_steps() -> None:
    long_case(LSTM(2, 3), "torch")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "path"),
    [(name, "reference") for name in OURS] + [(name, "torch") for name in ("rnn", "gru-after", "lstm")],
)
def test_seventy_thousand_steps_of_every_cell(name: str, path: str) -> None:
    long_case(OURS[name](2, 3), path)


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


@pytest.mark.parametrize("init", ["torch", "orthogonal"])
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


# --- which kernel ---------------------------------------------------------------------------------------------------


def test_asking_for_a_kernel_that_is_not_there() -> None:
    x = torch.zeros(2, 1, 3)
    with kernels.use("fused"), pytest.raises(KernelUnavailableError, match=r"fused: .*compiled kernels"):
        LSTM(3, 4, dtype=torch.float64)(x.double())
    with kernels.use("torch"):
        LSTM(3, 4)(x, lengths=[1])
        for layer, call, reason in (
            (GRU(3, 4), {}, "reset_after=True"),
            (LSTM(3, 4, zoneout=0.1), {}, "zoneout"),
            (LSTM(3, 4, recurrent_dropout=0.1), {}, "recurrent dropout"),
            (LSTM(3, 4), {"trace": True}, "trace"),
        ):
            with pytest.raises(KernelUnavailableError, match=reason):
                layer(x, **call)
    assert kernels.current() == "auto"
    with pytest.raises(ArgumentError, match="fastest"):
        kernels.use("fastest")


def test_unknown_environment_variable_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "_choice", "quick")
    with pytest.raises(ThroughtimeError, match="THROUGHTIME_KERNELS is 'quick', expected one of auto, fused"):
        RNN(3, 4)(torch.zeros(2, 1, 3))


def test_a_registered_kernel_is_taken_unless_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def run(request: kernels.Request) -> kernels.Result:
        calls.append(request.cell.name)
        return reference.run(request)

    monkeypatch.setattr(dispatch, "_fused", [])
    kernels.register(Kernel("mine", lambda r: "only without lengths" if r.lengths is not None else None, run))
    layer, x = GRU(3, 4, 2), torch.zeros(2, 1, 3)
    layer(x)
    layer(x, lengths=[1])
    assert calls == ["GRU", "GRU"]
    with kernels.use("fused"), pytest.raises(KernelUnavailableError, match="mine: only without lengths"):
        layer(x, lengths=[1])


def test_the_choice_ends_with_the_block_even_after_an_error() -> None:
    with pytest.raises(ArgumentError), kernels.use("reference"):
        RNN(3, 4)(torch.zeros(2, 1, 5))
    assert kernels.current() == "auto"


# --- errors and the rest --------------------------------------------------------------------------------------------

X = torch.zeros(5, 2, 3)
WRONG: list[tuple[Any, str]] = [
    (lambda: GRU(0, 4), "input_size is 0"),
    (lambda: GRU(3, 4.0), "hidden_size is 4.0"),
    (lambda: GRU(3, 4, 0), "num_layers is 0"),
    (lambda: GRU(3, 4, dropout=1.5), "dropout is 1.5"),
    (lambda: GRU(3, 4, init="identity"), "init is 'identity', expected one of torch, orthogonal for GRU"),
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
