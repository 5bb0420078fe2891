"""Programs written for torch.nn's layers, which go on working when the import is changed, or are told why not."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from helpers.layer_cases import PAIRS
from throughtime.errors import ArgumentError, ArgumentShapeError, ArgumentTypeError
from throughtime.layers import GRU, LSTM, RNN

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.* is deprecated:DeprecationWarning")


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"num_layers": 2, "bidirectional": True}], ids=str)
@pytest.mark.parametrize("name", PAIRS)
def test_the_same_seed_starts_as_torch_does(name: str, options: dict[str, Any]) -> None:
    started = []
    for make, own in zip(PAIRS[name], ({"init": "torch"}, {}), strict=True):
        torch.manual_seed(3)
        started.append(make(4, 5, **options, **own).state_dict())
    ours, theirs = started
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_a_projection_starts_as_torchs_does() -> None:
    started = []
    for make, own in ((LSTM, {"init": "torch"}), (nn.LSTM, {})):
        torch.manual_seed(3)
        started.append(list(make(4, 5, 2, proj_size=3, **own).parameters()))
    assert all(torch.equal(*pair) for pair in zip(*started, strict=True))


@pytest.mark.parametrize("init", ["uniform", "orthogonal"])
def test_every_other_start_opens_the_forget_gate(init: str) -> None:
    layer = LSTM(4, 5, init=init)
    assert (layer.bias_ih_l0 + layer.bias_hh_l0)[5:10].tolist() == [1.0] * 5


class Tagger(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x)[0])  # type: ignore[no-any-return]


@pytest.mark.parametrize("grad", [True, False], ids=["grad", "no_grad"])
def test_a_symbolic_trace_keeps_the_layer_as_a_module(grad: bool) -> None:
    model = Tagger(GRU(4, 5, 2))
    with torch.set_grad_enabled(grad):
        traced = torch.fx.symbolic_trace(model)
        assert [node.op for node in traced.graph.nodes].count("call_module") == 2
        for shape in ((7, 3, 4), (1, 1, 4)):
            x = torch.randn(shape)
            torch.testing.assert_close(traced(x), model(x))


def test_a_symbolic_trace_hands_on_state_and_lengths() -> None:
    class Stateful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = LSTM(4, 5)

        def forward(self, x: Tensor, h: Tensor, c: Tensor, lengths: Tensor) -> Any:
            output, (hidden, _) = self.layer(x, (h, c), lengths=lengths)
            return output, hidden

    model = Stateful()
    given = (torch.randn(7, 3, 4), *torch.randn(2, 1, 3, 5), torch.tensor([7, 0, 2]))
    torch.testing.assert_close(torch.fx.symbolic_trace(model)(*given), model(*given))


@pytest.mark.parametrize("name", PAIRS)
def test_a_script_computes_the_same_saved_and_loaded(name: str) -> None:
    layer = PAIRS[name][0](4, 5, 2, bidirectional=False, dropout=0.5)
    model, file = Tagger(layer).eval(), io.BytesIO()
    torch.jit.save(torch.jit.script(model), file)
    file.seek(0)
    loaded = torch.jit.load(file)
    for shape in ((7, 3, 4), (2, 1, 4)):
        x = torch.randn(shape)
        torch.testing.assert_close(loaded(x), model(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", [GRU(4, 5), LSTM(4, 5, zoneout=0.1), RNN(4, 5, nonlinearity="sigmoid")], ids=str)
def test_what_cannot_be_scripted_says_so(layer: Any) -> None:
    with pytest.raises(ArgumentError, match=r"equations that torch\.nn has not: torch\.jit\.trace\(layer, example\)"):
        torch.jit.script(Tagger(layer))


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("change", ["relu_", "view", "mul_"])
@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_an_output_may_be_changed_in_place(make: Any, change: str, layers: int) -> None:
    layer, found = make(4, 5, layers), []
    inputs = torch.randn(7, 3, 4)
    for in_place in (False, True):
        x = inputs.clone().requires_grad_()
        output, final = layer(x)
        last = output if in_place else output.clone()
        if change == "relu_":
            torch.relu_(last)
        elif change == "mul_":
            last.mul_(3)
        else:
            last[-1].zero_()
        hidden = final[0] if isinstance(final, tuple) else final
        gradients = torch.autograd.grad(last.pow(2).sum() + hidden.sum(), [x, *layer.parameters()])
        found.append([last.detach(), *gradients])
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-6)


def test_an_input_changed_in_place_is_refused_in_a_sentence() -> None:
    x = torch.randn(7, 3, 4)
    output, _ = GRU(4, 5)(x)
    x.mul_(2)
    with pytest.raises(RuntimeError, match="an input, a state or a weight of a recurrent layer was changed in place"):
        output.sum().backward()


WRONG_TYPES: list[dict[str, Any]] = [
    {"batch_first": "False"},
    {"batch_first": 0},
    {"bidirectional": "no"},
    {"bias": 1},
    {"num_layers": 2.0},
    {"num_layers": True},
    {"layer_norm": "yes"},
    {"locked_dropout": 1},
    {"checkpoint_time": None},
]


@pytest.mark.parametrize("options", WRONG_TYPES, ids=str)
@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_options_of_the_wrong_type_are_refused(make: Any, options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(ArgumentTypeError, match=f"{name} is "):
        make(4, 5, **options)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: GRU(4, 5, reset_after="yes"), TypeError),
        (lambda: LSTM(4, 5, peepholes=1), TypeError),
        (lambda: LSTM(4, 5, proj_size=2.0), TypeError),
        (lambda: GRU("4", 5), TypeError),
        (lambda: GRU(4, 5)([[1.0, 2.0, 3.0, 4.0]]), TypeError),
        (lambda: LSTM(4, 5)(torch.zeros(7, 3, 4), (None, None)), TypeError),
        (lambda: GRU(4, 5)(torch.zeros(7, 3, 3)), RuntimeError),
        (lambda: GRU(4, 5)(torch.zeros(7, 3, 4), torch.zeros(2, 3, 5)), RuntimeError),
        (lambda: GRU(4, 5)(torch.zeros(7, 3, 4).double()), ValueError),
    ],
)
def test_an_error_is_of_torchs_type_and_of_ours(call: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind) as error:
        call()
    assert isinstance(error.value, ArgumentError)
    assert issubclass(ArgumentShapeError, ValueError)


def test_opacus_is_refused_in_a_sentence_and_its_layers_take_the_weights() -> None:
    grad_sample = pytest.importorskip("opacus.grad_sample")
    layers = pytest.importorskip("opacus.layers")
    with pytest.raises(ArgumentError, match=r"had by opacus\.layers\.DPLSTM, which loads its state_dict"):
        grad_sample.GradSampleModule(nn.Sequential(LSTM(4, 5)))
    with pytest.raises(ArgumentError, match=r"throughtime\.RNN: .* by torch\.func\.vmap\(torch\.func\.grad"):
        grad_sample.GradSampleModule(RNN(4, 5, nonlinearity="sigmoid"))
    ours, private, x = LSTM(4, 5, 2), layers.DPLSTM(4, 5, 2), torch.randn(7, 3, 4)
    private.load_state_dict(ours.state_dict())
    torch.testing.assert_close(private(x)[0], ours(x)[0], rtol=1e-5, atol=1e-6)
