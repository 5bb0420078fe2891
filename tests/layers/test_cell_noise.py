"""Zoneout and the dropouts: exact for given masks, and the masks themselves by their statistics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from helpers.conformance import BY_NAME, VARIANTS, problem, under_noise
from helpers.reference_numpy import Disturbance, run_row
from throughtime.kernels import Lengths, Noise, Request, fused, reference
from throughtime.kernels.request import drawn
from throughtime.layers import GRU, LSTM, RNN, Recurrent


@pytest.mark.parametrize("training", [True, False], ids=["masks", "expectation"])
@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS])
def test_given_masks_against_numpy(name: str, training: bool) -> None:
    """Zoneout of every state, dropout of the recurrent input, rows of unequal length, backward in time."""
    p = problem(name, 3, True)
    cell, (T, B, _), lengths = p.layer.cell, p.x.shape, p.lengths
    assert lengths is not None
    generator = torch.Generator().manual_seed(1)

    def noise() -> Noise:
        if not training:
            return Noise(None, tuple(0.1 + 0.2 * k for k in range(len(cell.state_sizes))))
        masks = tuple(torch.rand(T, B, size, generator=generator) < 0.4 for size in cell.state_sizes)
        keep = torch.rand(B, cell.state_sizes[0], generator=generator) < 0.6
        return Noise(keep / 0.6 + torch.zeros((), dtype=torch.float64), masks)

    weights = tuple(
        {key: getattr(p.layer, f"{key}_l0{suffix}") for key in cell.shapes()} for suffix in ("", "_reverse")
    )
    rows = Lengths.of(lengths, T, B, p.x.device)
    request = Request(cell, p.x, rows, p.initial, weights, (noise(), noise()))
    result = reference.run(request)
    size = cell.state_sizes[0]
    for b, n in enumerate(lengths):
        for d in range(2):
            given = request.noise[d]
            zoneout: list[Any] = [
                share if isinstance(share, float) else share[:n, b].double().numpy()  # type: ignore[union-attr]
                for share in given.zoneout
            ]
            mask = 1.0 if given.recurrent is None else given.recurrent[b].numpy()
            out, final, _ = run_row(
                BY_NAME[name].rendering(p.layer.hidden_size),
                {key: value.detach().numpy() for key, value in weights[d].items()},
                p.x[:n, b].numpy(),
                [state[d, b].numpy() for state in p.initial],
                d == 1,
                Disturbance(zoneout, mask),
            )
            ours = result.output[:n, b, d * size : (d + 1) * size].detach().numpy()
            np.testing.assert_allclose(ours, out, rtol=0, atol=1e-12)
            for state, expected in zip(result.final, final, strict=True):
                np.testing.assert_allclose(state[d, b].detach().numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.skipif(not fused.instruction_sets(), reason="no compiled kernels: no compiler, or no AVX2")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("situation", [3, 7, 8], ids=["small", "few rows of many units", "many rows"])
@pytest.mark.parametrize("training", [True, False], ids=["masks", "expectation"])
@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS])
def test_compiled_kernelsunder_noise(name: str, training: bool, situation: int, threads: int) -> None:
    """Values and all gradients in float32 against the reference in float64, with the same masks."""
    p = problem(name, situation, True)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        exact, close = (under_noise(p, training, dtype) for dtype in (torch.float64, torch.float32))
    finally:
        torch.set_num_threads(before)
    for what, ours, theirs in zip(exact[0], close[1], exact[1], strict=True):
        scale = max(1.0, theirs.abs().max().item())
        torch.testing.assert_close(ours.double(), theirs, rtol=0, atol=2e-5 * scale, msg=lambda m, w=what: f"{w}: {m}")


def within(count: float, trials: int, probability: float) -> bool:
    """Whether a share lies within 4.5 standard deviations of a binomial's: wrong once in 150,000 runs."""
    return abs(count - probability) < 4.5 * (probability * (1 - probability) / trials) ** 0.5


def test_zoneout_keeps_each_state_at_its_own_rate() -> None:
    torch.manual_seed(0)
    layer = LSTM(3, 20, zoneout=(0.1, 0.3))
    _, _, trace = layer(torch.randn(60, 10, 3), trace=["hidden", "cell"])
    for name, probability in (("hidden", 0.1), ("cell", 0.3)):
        states = trace[0, 0][name]
        kept = (states[1:] == states[:-1]).double()
        assert within(kept.mean().item(), kept.numel(), probability)
        # every step draws anew: keeping twice running is as rare as independence says
        twice = kept[1:] * kept[:-1]
        assert within(twice.mean().item(), twice.numel(), probability**2)


@pytest.mark.parametrize("probability", [0.003, 0.25, 0.9])
def test_what_is_drawn_happens_as_often_as_asked_and_independently(probability: float) -> None:
    torch.manual_seed(0)
    happened = drawn(probability, (401, 997), torch.device("cpu")).double()
    variance, count = probability * (1 - probability), happened.numel()
    assert abs(happened.mean().item() - probability) < 4 * math.sqrt(variance / count)
    centred = happened.flatten() - probability
    for apart in range(1, 9):  # four draws share a number
        together = (centred[apart:] * centred[:-apart]).mean().item()
        assert abs(together) < 4 * variance / math.sqrt(count), apart


def test_the_ends_of_what_is_drawn() -> None:
    torch.manual_seed(0)
    assert drawn(1.0, (333, 777), torch.device("cpu")).all()
    assert drawn(1e-9, (2**22,), torch.device("cpu")).sum().item() == pytest.approx(64, abs=32)
    assert drawn(0.5, (0, 3), torch.device("cpu")).shape == (0, 3)


def test_zoneout_at_evaluation_is_the_expectation_of_training() -> None:
    torch.manual_seed(0)
    layer = GRU(3, 4, zoneout=0.3)
    x, state = torch.randn(1, 1, 3), torch.randn(1, 1, 4)
    many, old = x.expand(1, 40_000, 3), state.expand(1, 40_000, 4).contiguous()
    with torch.no_grad():
        draws = layer(many, old)[0][0]
        layer.eval()
        expected = layer(x, state)[0][0]
        new = GRU(3, 4)
        new.load_state_dict(layer.state_dict())
        torch.testing.assert_close(expected, 0.3 * state[0] + 0.7 * new(x, state)[0][0])
    deviation = draws.std(dim=0) / 40_000**0.5
    assert ((draws.mean(dim=0) - expected[0]).abs() < 4.5 * deviation + 1e-6).all()


def test_zoneout_of_everything_changes_nothing() -> None:
    state = torch.randn(1, 2, 4)
    for layer in (GRU(3, 4, zoneout=1.0), GRU(3, 4, zoneout=1.0).eval()):
        assert torch.equal(layer(torch.randn(5, 2, 3), state)[1], state)


def counter(size: int, **options: Any) -> RNN:
    """A network whose state is multiplied at each step by the recurrent mask alone: a<t> = relu(a<t-1> * mask)."""
    layer = RNN(1, size, nonlinearity="relu", bias=False, init="identity", **options)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
    return layer


def test_recurrent_dropout_is_one_mask_a_sequence() -> None:
    torch.manual_seed(0)
    layer, ones = counter(40, recurrent_dropout=0.25), torch.ones(1, 50, 40)
    out, _ = layer(torch.zeros(6, 50, 1), ones)
    kept = out[0] > 0
    for t in range(6):
        torch.testing.assert_close(out[t], kept * (1 / 0.75) ** (t + 1))
    assert within(kept.double().mean().item(), kept.numel(), 0.75)
    assert len({tuple(row.tolist()) for row in kept}) == 50  # each sequence has its own
    again, _ = layer(torch.zeros(6, 50, 1), ones)
    assert not torch.equal(again[0] > 0, kept)
    assert torch.equal(layer.eval()(torch.zeros(6, 50, 1), ones)[1], ones)


@pytest.mark.parametrize("make", [GRU, LSTM, RNN])
def test_directions_and_layers_draw_their_own_masks(make: Any) -> None:
    torch.manual_seed(0)
    layer = make(3, 30, 2, bidirectional=True, recurrent_dropout=0.5)
    noise = [
        one.recurrent
        for number in range(2)
        for one in layer._request(
            number, torch.zeros(2, 3, 3), None, tuple(torch.zeros(2, 3, s) for s in layer.cell.state_sizes), ()
        ).noise
    ]
    assert len({tuple(mask.flatten().tolist()) for mask in noise}) == 4


def test_weight_dropout_drops_entries_of_the_matrix_for_the_whole_call() -> None:
    torch.manual_seed(0)
    layer = RNN(1, 60, nonlinearity="relu", bias=False, weight_dropout=0.4)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
        layer.weight_hh_l0.fill_(1.0)
    unit = torch.zeros(1, 2, 60)
    unit[..., 7] = 1.0
    out, _ = layer(torch.zeros(2, 2, 1), unit)
    column = out[0, 0]
    assert set(column.tolist()) <= {0.0, float(torch.tensor(1.0) / 0.6)}
    assert torch.equal(out[:, 0], out[:, 1])  # the same matrix for all rows
    out.sum().backward()
    gradient = layer.weight_hh_l0.grad
    assert gradient is not None
    assert torch.equal(gradient[column == 0, 7], torch.zeros_like(gradient[column == 0, 7]))
    assert (gradient[column > 0, 7] > 0).all()
    zeros = (gradient == 0).double()  # every entry that survived has a gradient: all states are positive
    assert within(zeros[:, 7].mean().item(), 60, 0.4)
    layer.eval()
    torch.testing.assert_close(layer(torch.zeros(1, 1, 1), unit[:, :1])[0], torch.ones(1, 1, 60))


def passing(**options: Any) -> Recurrent:
    """Two layers: the first answers 1 at every step, the second shows what reaches it."""
    layer = RNN(1, 50, 2, nonlinearity="relu", **options)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
        layer.bias_ih_l0.fill_(1.0)
        layer.weight_ih_l1.copy_(torch.eye(50))
    return layer


def test_dropout_between_layers() -> None:
    torch.manual_seed(0)
    x = torch.zeros(20, 30, 1)
    free, locked = passing(dropout=0.2)(x)[0], passing(dropout=0.2, locked_dropout=True)(x)[0]
    for out in (free, locked):
        assert set(out.flatten().tolist()) == {0.0, 1.25}
    assert within((free == 0).double().mean().item(), free.numel(), 0.2)
    assert within((locked[0] == 0).double().mean().item(), locked[0].numel(), 0.2)
    assert torch.equal(locked, locked[:1].expand_as(locked))
    assert not torch.equal(free[0], free[1])
    for options in ({"dropout": 0.2}, {"dropout": 0.2, "locked_dropout": True}):
        assert torch.equal(passing(**options).eval()(x)[0], torch.ones(20, 30, 50))


def test_the_seed_decides() -> None:
    layer = LSTM(3, 4, 2, dropout=0.3, zoneout=0.2, recurrent_dropout=0.2, weight_dropout=0.2, bidirectional=True)

    def run(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return layer(torch.ones(5, 2, 3), lengths=[5, 3])[0]

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
