"""Gradients through time against closed forms, and against derivatives that know nothing of the trace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime.errors import ArgumentError
from throughtime.insight.compared import compare
from throughtime.insight.gradients import Flow, flows, memory_length, together
from throughtime.insight.recording import recording
from throughtime.layers import GRU, LSTM, RNN, Recurrent
from throughtime.layers.kinds import KINDS

T = 9


def flows_of(layer: Recurrent, x: Tensor, weights: Tensor, most: int = 8) -> list[Flow]:
    """Of L = Σ_t weights<t> · y<t>, of which L<T> is the last term (backward: the first)."""
    with recording(layer) as passages:
        output, _ = layer(x)
    return list(flows(passages, (output * weights).sum(), most=most))


def linear(matrix: Tensor) -> RNN:
    """a<t> = W a<t-1> + x<t>, as long as nothing is negative."""
    size = len(matrix)
    layer = RNN(size, size, nonlinearity="relu", bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").copy_(matrix)
        layer.get_parameter("weight_ih_l0").copy_(torch.eye(size))
    return layer


def test_of_a_linear_network_they_are_powers_of_its_matrix() -> None:
    torch.manual_seed(0)
    matrix = torch.rand(5, 5, dtype=torch.float64)
    x, weights = torch.rand(T, 1, 5, dtype=torch.float64), torch.rand(T, 1, 5, dtype=torch.float64)
    (found,) = flows_of(linear(matrix), x, weights, most=3)
    gradient = weights[-1, 0].numpy()
    for lag in range(T):
        expected = np.linalg.norm(np.linalg.matrix_power(matrix.T.numpy(), lag) @ gradient)
        assert found.norms["hidden"][lag] == pytest.approx(expected, rel=1e-12)
    values = np.linalg.svd(matrix.numpy(), compute_uv=False)
    np.testing.assert_allclose(found.jacobians, [values] * 3, rtol=1e-12)


@pytest.mark.parametrize(
    ("size", "verdict"), [(0.5, "vanishing"), (0.95, "healthy"), (1.0, "healthy"), (2.0, "exploding")]
)
def test_the_verdict_follows_from_what_a_step_multiplies_by(size: float, verdict: str) -> None:
    x, weights = torch.ones(T, 2, 3, dtype=torch.float64), torch.ones(T, 2, 3, dtype=torch.float64)
    (found,) = flows_of(linear(size * torch.eye(3, dtype=torch.float64)), x, weights)
    assert found.verdict == verdict
    assert found.factor == pytest.approx(size, rel=1e-12)
    assert found.left == pytest.approx(size ** (T - 1), rel=1e-12)
    if size == 0.5:
        assert found.memory == pytest.approx(1.0)
    else:
        assert found.memory is None


def test_half_is_gone_where_it_never_comes_back() -> None:
    fading = 0.9 ** np.arange(30)
    assert memory_length(fading) == pytest.approx(np.log(0.5) / np.log(0.9))
    assert memory_length(np.array([1.0, 0.1, 2.0, 0.5, 0.0])) == pytest.approx(3.0)
    assert memory_length(np.array([1.0, 1.0, 0.0])) == 2.0
    assert memory_length(np.array([1.0, 0.1, 0.6])) is None
    assert memory_length(np.array([0.0, 0.0])) == 0.0


@pytest.mark.parametrize("layers", [1, 2])
def test_they_are_what_a_changed_state_changes(layers: int) -> None:
    """The network is run on from a state that stands by itself: the trace has no part in that."""
    torch.manual_seed(1)
    layer = LSTM(3, 4, num_layers=layers, dtype=torch.float64)
    x, weights = torch.randn(T, 1, 3, dtype=torch.float64), torch.randn(T, 1, 4, dtype=torch.float64)
    found = flows_of(layer, x, weights)[-1]
    for lag in (1, 4, T - 1):
        until = T - lag
        _, (hidden, cell) = layer(x[:until])

        def loss(a: Tensor, c: Tensor, rest: Tensor = x[until:], h: Tensor = hidden, m: Tensor = cell) -> Tensor:
            states = torch.cat([h[:-1], a[None]]), torch.cat([m[:-1], c[None]])
            output, _ = layer(rest, states)
            return (output[-1] * weights[-1]).sum()

        a, c = hidden[-1].detach().requires_grad_(), cell[-1].detach().requires_grad_()
        by_hidden, by_cell = torch.autograd.grad(loss(a, c), (a, c))
        assert found.norms["hidden"][lag] == pytest.approx(by_hidden.norm().item(), rel=1e-10)
        # the cell state reaches what comes through the hidden state too: a = o * tanh(c)
        output_gate = hidden[-1].detach() / torch.tanh(cell[-1].detach())
        whole = by_cell + by_hidden * output_gate * (1 - torch.tanh(cell[-1].detach()) ** 2)
        assert found.norms["cell"][lag] == pytest.approx(whole.norm().item(), rel=1e-10)


def test_a_layer_below_reaches_the_loss_through_those_above() -> None:
    torch.manual_seed(2)
    layer, x = GRU(3, 4, num_layers=2, dtype=torch.float64), torch.randn(T, 1, 3, dtype=torch.float64)
    weights = torch.randn(T, 1, 4, dtype=torch.float64)
    below, _ = flows_of(layer, x, weights)
    first, second = GRU(3, 4, dtype=torch.float64), GRU(4, 4, dtype=torch.float64)
    for number, alone in enumerate((first, second)):
        for name in alone.cell.shapes():
            alone.get_parameter(f"{name}_l0").data.copy_(layer.get_parameter(f"{name}_l{number}"))
    states, _ = first(x)
    for lag in (0, 1, 5, T - 1):
        at = T - 1 - lag
        state = states[at].detach().requires_grad_()
        rest = [first(x[at + 1 :], state[None])[0]] if lag else []
        output, _ = second(torch.cat([states[:at].detach(), state[None], *rest]))
        (gradient,) = torch.autograd.grad((output[-1] * weights[-1]).sum(), state)
        assert below.norms["hidden"][lag] == pytest.approx(float(gradient.norm()), rel=1e-10)


def test_backward_it_is_the_mirror_of_forward() -> None:
    torch.manual_seed(3)
    layer = GRU(3, 4, bidirectional=True, dtype=torch.float64)
    mirrored = GRU(3, 4, bidirectional=True, dtype=torch.float64)
    for name in layer.cell.shapes():
        for one, other in ((f"{name}_l0", f"{name}_l0_reverse"), (f"{name}_l0_reverse", f"{name}_l0")):
            mirrored.get_parameter(one).data.copy_(layer.get_parameter(other))
    x, weights = torch.randn(T, 1, 3, dtype=torch.float64), torch.randn(T, 1, 8, dtype=torch.float64)
    _, backward = flows_of(layer, x, weights)
    forward, _ = flows_of(mirrored, x.flip(0), torch.cat([weights[..., 4:], weights[..., :4]], dim=-1).flip(0))
    np.testing.assert_allclose(backward.norms["hidden"], forward.norms["hidden"], rtol=1e-10)
    np.testing.assert_allclose(backward.jacobians, forward.jacobians[::-1], rtol=1e-9)


def test_a_step_s_jacobian_is_that_of_the_whole_state() -> None:
    torch.manual_seed(4)
    layer, x = LSTM(3, 4, zoneout=0.3, dtype=torch.float64).eval(), torch.randn(T, 1, 3, dtype=torch.float64)
    (found,) = flows_of(layer, x, torch.ones(T, 1, 4, dtype=torch.float64), most=2)
    _, (hidden, cell) = layer(x[:-1])

    def step(state: Tensor) -> Tensor:
        _, after = layer(x[-1:], tuple(part[None, None] for part in state.split(4)))
        return torch.cat(after, dim=-1).flatten()

    jacobian = torch.autograd.functional.jacobian(step, torch.cat([hidden, cell], dim=-1).flatten().detach())
    np.testing.assert_allclose(found.jacobians[-1], torch.linalg.svdvals(jacobian).numpy(), rtol=1e-9)
    assert found.jacobians.shape == (2, 8)


def test_an_answer_to_the_whole_is_taken_as_if_it_were_read_off_the_last_step() -> None:
    torch.manual_seed(5)
    layer, x = linear(torch.rand(3, 3, dtype=torch.float64)), torch.rand(T, 1, 3, dtype=torch.float64)
    weights = torch.zeros(T, 1, 3, dtype=torch.float64)
    weights[2, 0, 0], weights[5, 0, 2] = 1.0, 2.0  # what a maximum over time may look at
    with recording(layer) as passages:
        output, _ = layer(x)
    (found,) = flows(passages, (output * weights).sum(), each=False)
    last = torch.zeros(T, 1, 3, dtype=torch.float64)
    last[-1, 0] = torch.tensor([1.0, 0.0, 2.0])
    (expected,) = flows_of(layer, x, last)
    np.testing.assert_allclose(found.carried, expected.carried, rtol=1e-12)


def test_several_inputs_count_alike_at_each_lag_that_they_have() -> None:
    def flow(*norms: float) -> tuple[Flow, ...]:
        return (Flow(1, "forward", "RNN", {"hidden": np.array(norms)}, np.ones((1, 1))),)

    (found,) = together([flow(10.0, 5.0), flow(1.0, 1.0, 0.5), flow(0.0, 0.0)])
    np.testing.assert_allclose(found.norms["hidden"], [1.0, 0.75, 0.5])
    assert found.jacobians.shape == (3, 1)


def test_what_the_loss_does_not_depend_on_has_no_verdict() -> None:
    (found,) = flows_of(RNN(2, 3), torch.ones(T, 1, 2), torch.zeros(T, 1, 3))
    assert found.verdict == "none"


def test_the_tanh_rnn_vanishes_and_the_identity_relu_does_not() -> None:
    found = compare(["rnn", "irnn", "relu", "gru", "lstm"], lags=60, hidden_size=40)
    assert found["rnn"].verdict == found["relu"].verdict == "vanishing"
    assert found["irnn"].verdict == "healthy"
    memory = {name: 60.0 if flow.memory is None else flow.memory for name, flow in found.items()}
    assert memory["irnn"] > 20 > memory["lstm"] > memory["rnn"]
    again = compare(["rnn"], lags=60, hidden_size=40)
    np.testing.assert_array_equal(again["rnn"].carried, found["rnn"].carried)


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(ArgumentError, match=f"found the cell 'elman', expected some of {', '.join(KINDS)}"):
        compare(["rnn", "elman"])
    with pytest.raises(ArgumentError, match="found 1 cells, 0 lags, 100 units, expected at least 1 of each"):
        compare(["rnn"], lags=0)
