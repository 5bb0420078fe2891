"""The layers' interface: drop-in for torch.nn, forms of input, lengths, carried state."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from helpers.layer_cases import OURS, PAIRS, equal, states
from throughtime import kernels
from throughtime.layers import GRU, LSTM, Recurrent

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
            equal(x.grad[:n, b], row.grad, 1e-10)  # layer normalisation of little variance makes rounding larger
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
