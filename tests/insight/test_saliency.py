"""Integrated gradients: complete, equal to the integral, exact where all is linear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.errors import ArgumentError
from throughtime.insight.saliency import saliency
from throughtime.layers import GRU, LSTM, RNN
from throughtime.models.base import Loss, Model
from throughtime.models.classifier import Classifier, OneHot
from throughtime.models.generator import Generator
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.embedding import Embedding
from throughtime.models.parts.stack import Stack
from throughtime.tasks.base.symbols import SymbolSequence

WORDS = torch.tensor([[3, 1, 4, 1, 5, 2]])


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def classified(pooling: str) -> tuple[Classifier, SymbolSequence]:
    torch.manual_seed(1)
    layers = GRU(6, 5, batch_first=True, bidirectional=True)
    model = Classifier(OneHot(6), layers, classes=3, pooling=pooling).eval()  # type: ignore[arg-type]
    tensors = {"inputs": WORDS, "targets": torch.tensor([2]), "lengths": torch.tensor([6])}
    batch = Batch(tensors, sequences=1, tokens=6)
    return model, SymbolSequence(tuple("caabed"), "letters", "recurrent", batch, "third")


def written(layers: nn.Module) -> tuple[Generator, SymbolSequence]:
    torch.manual_seed(2)
    model = Generator(Embedding(6, 4), layers, Softmax(5, 6)).eval()
    batch = Batch({"inputs": WORDS, "targets": WORDS.roll(-1, dims=1)}, sequences=1, tokens=6)
    return model, SymbolSequence(tuple("caabed"), "letters", "recurrent", batch, "c", each=True)


@pytest.mark.parametrize("pooling", ["last", "mean", "attention"])
def test_the_scores_make_up_the_difference_that_they_explain(pooling: str) -> None:
    model, read = classified(pooling)
    found = saliency(model, read)
    logits = model(WORDS, torch.tensor([6])).logits
    assert found.value == pytest.approx(logits.detach().log_softmax(dim=1)[0, 2].item(), abs=1e-12)
    assert abs(found.error) < 1e-10
    assert found.step is None


def test_corners_on_the_way_are_gone_round_with_more_points() -> None:
    model, read = classified("max")
    found = saliency(model, read, points=4)
    assert abs(found.error) <= 0.01 * np.abs(found.scores).max()


def test_they_are_the_integral_along_the_way_from_zeros() -> None:
    model, read = classified("last")
    vectors = model.encoder(WORDS).detach()

    def log_probability(x: Tensor) -> Tensor:
        hidden, _ = model.recurrent(x)
        pooled = torch.cat([hidden[:, -1, :5], hidden[:, 0, 5:]], dim=1)
        return F.log_softmax(model.output(pooled), dim=1)[:, 2]

    count = 2_000  # midpoints: the error of their mean falls with the square of their number
    places = ((torch.arange(count) + 0.5) / count)[:, None, None]
    ways = (places * vectors).requires_grad_()
    (slopes,) = torch.autograd.grad(log_probability(ways).sum(), ways)
    expected = (slopes.mean(dim=0) * vectors[0]).sum(dim=1)
    np.testing.assert_allclose(saliency(model, read).scores, expected.numpy(), atol=1e-7)


def test_where_all_is_linear_a_score_is_input_times_weight() -> None:
    torch.manual_seed(3)
    model, (_, read) = Linear(), classified("last")
    W, V, v = (weight.detach() for weight in (model.recurrent.weight_hh_l0, model.recurrent.weight_ih_l0, model.v))
    expected = [(v @ torch.linalg.matrix_power(W, 5 - t) @ V[:, word]).item() for t, word in enumerate(WORDS[0])]
    np.testing.assert_allclose(saliency(model, read, points=3).scores, expected, rtol=1e-10)


class Linear(Model):
    """-v · a<T> of a ReLU network in which nothing is ever negative."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = RNN(6, 5, nonlinearity="relu", bias=False, batch_first=True)
        self.v = nn.Parameter(torch.randn(5))
        with torch.no_grad():
            for weight in self.recurrent.parameters():
                weight.abs_()

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        output, _ = self.recurrent(F.one_hot(batch["inputs"], 6).to(self.v))
        return Loss(-(output[0, -1] @ self.v), 1)


@pytest.mark.parametrize("step", [0, 2, None])
def test_of_an_answer_at_a_step_only_what_came_before_counts(step: int | None) -> None:
    model, read = written(Stack([LSTM(4, 3), LSTM(3, 5)]))
    found = saliency(model, read, step=step)
    last = 5 if step is None else step
    assert found.step == last
    assert np.abs(found.scores[: last + 1]).min() > 1e-4
    assert (found.scores[last + 1 :] == 0).all()
    assert abs(found.error) < 1e-10
    with torch.no_grad():
        hidden, _ = model(WORDS[:, : last + 1])
        zeros, _ = model.recurrent(torch.zeros(last + 1, 1, 4))
    assert isinstance(model.output, Softmax)
    matrix, bias = model.output.matrix.detach(), model.output.bias.detach()
    logits, nothing = hidden[:, -1] @ matrix.T + bias, zeros[-1] @ matrix.T + bias
    word = int(WORDS.roll(-1, dims=1)[0, last])
    explained = logits.log_softmax(dim=1)[0, word] - nothing.log_softmax(dim=1)[0, word]
    assert found.scores.sum() == pytest.approx(explained.item(), abs=1e-10)


def test_a_step_that_there_is_not_is_refused() -> None:
    model, read = written(GRU(4, 5))
    with pytest.raises(ArgumentError, match="found the step 6, expected one from 0 to 5"):
        saliency(model, read, step=6)
    model, read = classified("last")
    with pytest.raises(ArgumentError, match="found the step 0, expected none: there is one answer to the whole"):
        saliency(model, read, step=0)
