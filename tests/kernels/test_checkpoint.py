"""Layers that compute their gates anew in the backward: the same numbers from less memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from throughtime import kernels
from throughtime.kernels.checkpoint import segment_length
from throughtime.layers import GRU, LSTM, RNN, Recurrent

T, B = 31, 4
LAYERS: dict[str, Callable[..., Recurrent]] = {
    "rnn": lambda **options: RNN(3, 5, nonlinearity="relu", **options),
    "gru": lambda **options: GRU(3, 5, num_layers=2, bidirectional=True, **options),
    "gru-after": lambda **options: GRU(3, 5, reset_after=True, batch_first=True, **options),
    "lstm": lambda **options: LSTM(3, 5, bidirectional=True, zoneout=0.2, recurrent_dropout=0.3, **options),
    "lstm-all": lambda **options: LSTM(3, 5, 2, proj_size=2, peepholes=True, layer_norm=True, dropout=0.5, **options),
}
LENGTHS = {"whole": None, "some": [T, 1, 0, 12], "short": [3, 0, 1, 2]}


def pair(name: str, dtype: torch.dtype = torch.float32) -> tuple[Recurrent, Recurrent]:
    torch.manual_seed(0)
    plain = LAYERS[name](dtype=dtype)
    saving = LAYERS[name](dtype=dtype, checkpoint_time=True)
    saving.load_state_dict(plain.state_dict())
    return plain, saving


def learned(layer: Recurrent, lengths: list[int] | None, **call: Any) -> list[Tensor]:
    """Output, final states, and all gradients, of a random but given problem."""
    torch.manual_seed(1)
    dtype = next(layer.parameters()).dtype
    x = torch.randn(*((B, T) if layer.batch_first else (T, B)), 3, dtype=dtype, requires_grad=True)
    depth = layer.num_layers * layer.num_directions
    states = tuple(torch.randn(depth, B, size, dtype=dtype, requires_grad=True) for size in layer.cell.state_sizes)
    output, final, *_ = layer(x, states if len(states) > 1 else states[0], lengths=lengths, **call)
    finals = final if isinstance(final, tuple) else (final,)
    loss = sum((part * torch.randn_like(part)).sum() for part in (output, *finals))
    return [output, *finals, *torch.autograd.grad(loss, [x, *states, *layer.parameters()])]


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kernel", ["auto", "reference"])
@pytest.mark.parametrize("name", LAYERS)
def test_the_same_values_and_gradients(name: str, kernel: str, lengths: str) -> None:
    """In float64 the reference's differ by the order of a sum alone; noise is drawn once, not twice."""
    plain, saving = pair(name, torch.float64 if kernel == "reference" else torch.float32)
    near = {"rtol": 1e-12, "atol": 1e-12} if kernel == "reference" else {"rtol": 1e-5, "atol": 1e-5}
    with kernels.use(kernel):
        expected, found = learned(plain, LENGTHS[lengths]), learned(saving, LENGTHS[lengths])
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, **near)


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_a_trace_shows_every_step_and_has_gradients(name: str) -> None:
    plain, saving = (layer.eval() for layer in pair(name, torch.float64))
    x = torch.randn(T, B, 3, dtype=torch.float64)
    lengths = LENGTHS["some"]
    (_, _, expected), (_, _, found) = (layer(x, lengths=lengths, trace=True) for layer in (plain, saving))
    for place in expected:
        for gate, values in expected[place].items():
            torch.testing.assert_close(found[place][gate], values, rtol=1e-12, atol=1e-12)
    first = saving.weight_hh_l0
    sums = [sum(gate.sum() for gate in trace[place].values()) for trace in (expected, found) for place in trace]
    half = len(sums) // 2
    (theirs,) = torch.autograd.grad(sum(sums[:half]), plain.weight_hh_l0)
    (ours,) = torch.autograd.grad(sum(sums[half:]), first)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def kept_bytes(layer: Recurrent, steps: int) -> int:
    """Of what stands in memory between forward and backward, beyond inputs, outputs and weights."""
    x = torch.randn(steps, B, 3, requires_grad=True)
    seen: dict[int, int] = {}

    def see(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(see, lambda tensor: tensor):
        output, _ = layer(x)
    for known in (x, output, *layer.parameters()):
        seen.pop(known.untyped_storage().data_ptr(), None)
    return sum(seen.values())


@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_gates_are_not_kept(make: Callable[..., Recurrent]) -> None:
    """What is kept grows with T in the plain layer; in the other nothing of it is seen to be kept."""
    plain, saving = make(3, 16), make(3, 16, checkpoint_time=True)
    assert kept_bytes(plain, 400) > 400 * B * 16 * 4
    assert kept_bytes(saving, 400) < 400 * B * 16 * 4 / 10


def test_segments_grow_with_the_root_of_time() -> None:
    for steps in (9, 100, 2000, 70_000):
        size = segment_length(steps)
        assert size is not None
        assert 2 * steps**0.5 <= size <= 2 * steps**0.5 + 2
    assert segment_length(1) is segment_length(4) is None


def test_second_derivatives_through_the_reference() -> None:
    plain, saving = pair("gru", torch.float64)
    x = torch.randn(T, 2, 3, dtype=torch.float64)
    penalties = []
    for layer in (plain, saving):
        given = x.clone().requires_grad_()
        (first,) = torch.autograd.grad(layer(given)[0].square().sum(), given, create_graph=True)
        penalties.append(torch.autograd.grad(first.square().sum(), list(layer.parameters())))
    for one, other in zip(*penalties, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_one_graph_for_torch_compile() -> None:
    plain, saving = pair("gru")
    compiled = torch.compile(saving, fullgraph=True, backend="aot_eager")
    for steps in (T, T + 9, 2 * T):  # from the second on, the compiler takes the length for a variable
        x = torch.randn(steps, B, 3)
        torch.testing.assert_close(compiled(x)[0], plain(x)[0])


def test_without_gradients_nothing_is_cut_into_segments() -> None:
    plain, saving = pair("lstm-all")
    x = torch.randn(T, B, 3)
    with torch.no_grad():
        assert torch.equal(saving.eval()(x)[0], plain.eval()(x)[0])
