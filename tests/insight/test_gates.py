"""Gates and states over an input: those of the equations, in whatever model and however its layers run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from helpers.reference_numpy import Rendering
from throughtime.cells import GRUCell, LSTMCell, RNNCell
from throughtime.cells.base import Cell
from throughtime.data.batch import Batch
from throughtime.insight.gates import Gates, LayerGates, gates, openings, verdict
from throughtime.insight.recording import record
from throughtime.layers import GRU, LSTM, RNN, Recurrent
from throughtime.models.classifier import Classifier, OneHot
from throughtime.models.generator import Generator
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.embedding import Embedding
from throughtime.models.parts.stack import Stack
from throughtime.tasks.base.symbols import SymbolSequence

TOKENS = torch.tensor([[3, 1, 4, 1, 5, 2]])


def generator(layers: nn.Module) -> Generator:
    torch.manual_seed(5)
    return Generator(Embedding(6, 3), layers, Softmax(4, 6)).eval()


def sequence(each: bool = True) -> SymbolSequence:
    batch = Batch({"inputs": TOKENS, "targets": TOKENS}, sequences=1, tokens=TOKENS.shape[1])
    return SymbolSequence(tuple("caabed"), "letters", "recurrent", batch, "d", each)


def classified(layers: Recurrent) -> tuple[Classifier, SymbolSequence]:
    tensors = {"inputs": TOKENS, "targets": torch.tensor([1]), "lengths": torch.tensor([TOKENS.shape[1]])}
    batch = Batch(tensors, sequences=1, tokens=TOKENS.shape[1])
    read = SymbolSequence(tuple("caabed"), "letters", "recurrent", batch, "yes")
    torch.manual_seed(6)
    return Classifier(OneHot(6), layers, classes=2, pooling="max").eval(), read


@pytest.mark.parametrize("batch_first", [False, True])
def test_they_are_those_of_the_equations(batch_first: bool) -> None:
    torch.manual_seed(1)
    layers = LSTM(3, 4, batch_first=batch_first)
    model = generator(layers)
    (found,) = gates(model, sequence()).layers
    weights = {name.removesuffix("_l0"): weight.detach().double().numpy() for name, weight in layers.named_parameters()}
    assert isinstance(model.encoder, Embedding)
    vectors = model.encoder.weight[TOKENS[0]].detach().double().numpy()
    cell = Rendering("lstm", 4)
    hidden, memory = np.zeros(4), np.zeros(4)
    for t, x in enumerate(vectors):
        values = {
            name: 1 / (1 + np.exp(-cell.gate(weights, k, x, hidden))) for k, name in enumerate(("input", "forget"))
        }
        candidate = np.tanh(cell.gate(weights, 2, x, hidden))
        output = 1 / (1 + np.exp(-cell.gate(weights, 3, x, hidden)))
        memory = values["input"] * candidate + values["forget"] * memory
        hidden = output * np.tanh(memory)
        for name, expected in {**values, "candidate": candidate, "output": output}.items():
            np.testing.assert_allclose(found.gates[name][t], expected, atol=2e-6)
        np.testing.assert_allclose(found.states["cell"][t], memory, atol=2e-6)
        np.testing.assert_allclose(found.states["hidden"][t], hidden, atol=2e-6)


def test_layers_are_counted_from_the_input_up_also_where_they_are_several_modules() -> None:
    torch.manual_seed(2)
    model = generator(Stack([GRU(3, 5, num_layers=2), GRU(5, 4)]))
    found = gates(model, sequence())
    assert [(layer.layer, layer.states["hidden"].shape) for layer in found.layers] == [
        (1, (6, 5)),
        (2, (6, 5)),
        (3, (6, 4)),
    ]
    hidden, _ = model(TOKENS)
    np.testing.assert_allclose(found.layers[-1].states["hidden"], hidden[0].detach().numpy(), atol=1e-6)


def test_the_backward_direction_counts_from_the_input_s_beginning_too() -> None:
    torch.manual_seed(3)
    model, read = classified(GRU(6, 4, batch_first=True, bidirectional=True))
    forward, backward = gates(model, read).layers
    assert (forward.direction, backward.direction) == ("forward", "backward")
    output, _ = model.recurrent(model.encoder(TOKENS), lengths=torch.tensor([6]))
    both = np.concatenate([forward.states["hidden"], backward.states["hidden"]], axis=1)
    np.testing.assert_allclose(both, output[0].detach().numpy(), atol=1e-6)


def test_whoever_is_recorded_does_not_notice() -> None:
    model = generator(LSTM(3, 4))
    before = model.loss(sequence().batch).total
    _, while_recorded = record(model, sequence())
    after = model.loss(sequence().batch).total
    assert before == while_recorded == after
    model.output.bias = None  # type: ignore[assignment]  # so that the loss fails after the layers have run
    model.output.total = _fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="on purpose"):
        record(model, sequence())
    answer = model.recurrent(torch.zeros(2, 1, 3))
    assert len(answer) == 2  # no trace is asked for any more


def _fail(*_: Any) -> Tensor:
    raise RuntimeError("on purpose")


# -- what a unit carries on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "state"),
    [
        *((RNN(3, 4, nonlinearity=g, dtype=torch.float64), 0) for g in ("tanh", "relu", "sigmoid")),
        (GRU(3, 4, dtype=torch.float64), 0),
        (GRU(3, 4, reset_after=True, dtype=torch.float64), 0),
        (LSTM(3, 4, dtype=torch.float64), 1),
    ],
)
def test_what_a_unit_carries_on_is_the_derivative_by_its_own_old_value(layer: Recurrent, state: int) -> None:
    torch.manual_seed(4)
    layer.reset_parameters()
    gated = not isinstance(layer, RNN)
    with torch.no_grad():
        if gated:  # without recurrent products the gates do not depend on the state: they are what they are
            layer.get_parameter("weight_hh_l0").zero_()
    x = torch.randn(1, 1, 3, dtype=torch.float64)
    before = tuple(torch.rand(1, 1, 4, dtype=torch.float64) for _ in layer.cell.state_sizes)

    def after(old: Tensor) -> Tensor:
        states = [*before]
        states[state] = old
        _, final = layer(x, tuple(states) if len(states) > 1 else states[0])
        new: Tensor = final[state] if len(states) > 1 else final
        return new.flatten()

    jacobian = torch.autograd.functional.jacobian(after, before[state]).reshape(4, 4)
    _, _, trace = layer(x, before if len(before) > 1 else before[0], trace=True)
    weights = {name: layer.get_parameter(f"{name}_l0") for name in layer.cell.shapes()}
    carried = layer.cell.carried({name: steps[0, 0] for name, steps in trace[0, 0].items()}, weights)
    assert carried is not None
    torch.testing.assert_close(carried, jacobian.diagonal(), rtol=0, atol=1e-12)


def test_units_are_ordered_by_how_long_they_remember() -> None:
    layer = LSTM(3, 4)
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0").zero_()
        layer.get_parameter("weight_hh_l0").zero_()
        layer.get_parameter("bias_hh_l0").zero_()
        # of a forget gate f the half-life is ln 2 / -ln f
        layer.get_parameter("bias_ih_l0")[4:8] = torch.logit(torch.tensor([0.5, 0.25, 2**-0.125, 2**-0.5]))
    (found,) = gates(generator(layer), sequence()).layers
    assert found.memory is not None
    np.testing.assert_allclose(found.memory, [1.0, 0.5, 8.0, 2.0], rtol=1e-5)
    assert found.order.tolist() == [2, 3, 0, 1]


def test_a_cell_that_does_not_say_what_it_carries_on_is_shown_unordered() -> None:
    (found,) = gates(generator(RNN(3, 4, layer_norm=True)), sequence()).layers
    assert found.memory is None
    assert found.order.tolist() == [0, 1, 2, 3]


def test_switches_are_gates_of_the_cell_between_closed_and_open() -> None:
    cells: list[Cell] = [RNNCell(2, 3), GRUCell(2, 3), LSTMCell(2, 3)]
    assert [set(cell.gates) - set(cell.switches) for cell in cells] == [set(), {"candidate"}, {"candidate"}]


# -- on or off ----------------------------------------------------------------------------------------------------


def shown(**values: list[float]) -> Gates:
    arrays = {name: np.array(value, dtype=np.float32)[:, None] for name, value in values.items()}
    layer = LayerGates(1, "forward", "LSTM", tuple(values), arrays, {"hidden": np.zeros((4, 1), np.float32)}, None)
    return Gates(tuple("abcd"), "letters", "d", (layer,))


def test_openings_are_counted_over_all_inputs() -> None:
    one, other = shown(forget=[0.0, 0.05, 0.5, 1.0]), shown(forget=[0.95, 0.97, 0.999, 0.3])
    (found,) = openings([one, other])
    assert (found.where, found.gate, found.count) == ("layer 1 forward", "forget", 8)
    assert (found.off, found.on) == (2 / 8, 4 / 8)
    assert found.mean == pytest.approx((1.55 + 3.219) / 8)
    expected = np.zeros(20)
    expected[[0, 1, 6, 10, 19]] = [1, 1, 1, 1, 4]
    np.testing.assert_array_equal(found.histogram * 8, expected)


@pytest.mark.parametrize(
    ("values", "judged"),
    [([0.0, 1.0, 0.01, 0.99], "100%"), ([0.0, 1.0, 0.5, 0.5], ": mostly on or off"), ([0.5] * 4, "not nearly always")],
)
def test_the_verdict_is_about_the_share_that_is_on_or_off(values: list[float], judged: str) -> None:
    assert judged in verdict(openings([shown(forget=values)]))


def test_it_names_the_gate_that_is_least_on_or_off() -> None:
    said = verdict(openings([shown(forget=[1.0] * 4, output=[0.5, 0.5, 1.0, 0.5])]))
    assert "least so the output gate of layer 1 forward: 25%" in said
    assert verdict([]) == "This cell has no gates."
