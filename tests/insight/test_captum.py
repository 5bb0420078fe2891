"""Integrated gradients beside Captum's, of recurrent layers in evaluation mode, in which cuDNN's refuse a gradient."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.insight.saliency import saliency
from throughtime.layers import GRU, LSTM, RNN
from throughtime.models.classifier import Classifier
from throughtime.models.generator import Generator
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.embedding import Embedding
from throughtime.tasks.base.symbols import SymbolSequence

with warnings.catch_warnings():  # its imports warn of their own imports
    warnings.simplefilter("ignore")
    from captum.attr import IntegratedGradients

WORDS = torch.tensor([[3, 1, 4, 1, 5, 2, 6]])
POINTS = 64


def theirs(log_probability: Callable[[Tensor], Tensor], vectors: Tensor) -> np.ndarray:
    """Captum's scores of each step, from zeros, at the same points of Gauss and Legendre: (T,)."""
    found = IntegratedGradients(log_probability).attribute(vectors, n_steps=POINTS, method="gausslegendre")
    return np.asarray(found.sum(dim=-1)[0].detach().numpy())


@pytest.mark.parametrize("layer", [RNN, GRU, LSTM])
@pytest.mark.parametrize("pooling", ["last", "mean", "attention"])
def test_of_a_classifier_they_are_captums(layer: type[nn.Module], pooling: str) -> None:
    torch.manual_seed(5)
    layers = layer(4, 5, batch_first=True, bidirectional=True, num_layers=2)
    model = Classifier(Embedding(7, 4), layers, classes=3, pooling=pooling).eval()  # type: ignore[arg-type]
    lengths, label = torch.tensor([7]), 1
    batch = Batch({"inputs": WORDS, "targets": torch.tensor([label]), "lengths": lengths}, sequences=1, tokens=7)
    found = saliency(model, SymbolSequence(tuple("caabedf"), "letters", "recurrent", batch, "x"), points=POINTS)

    def log_probability(vectors: Tensor) -> Tensor:
        hidden, _ = model.recurrent(vectors)
        lasting = lengths.expand(len(vectors))
        if pooling == "attention":
            pooled, _ = model.attention(hidden, lasting)
        elif pooling == "mean":
            pooled = hidden.mean(dim=1)
        else:
            pooled = torch.cat([hidden[:, -1, :5], hidden[:, 0, 5:]], dim=1)
        return F.log_softmax(model.output(pooled), dim=1)[:, label]

    expected = theirs(log_probability, model.encoder(WORDS).detach())
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found.scores, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("step", [2, 6])
def test_of_a_language_models_word_they_are_captums(step: int) -> None:
    torch.manual_seed(6)
    model = Generator(Embedding(7, 4), LSTM(4, 5), Softmax(5, 7)).eval()
    targets = WORDS.roll(-1, dims=1)
    batch = Batch({"inputs": WORDS, "targets": targets}, sequences=1, tokens=7)
    read = SymbolSequence(tuple("caabedf"), "letters", "recurrent", batch, "c", each=True)
    found = saliency(model, read, step=step, points=POINTS)

    def log_probability(vectors: Tensor) -> Tensor:
        hidden, _ = model.recurrent(vectors.transpose(0, 1))
        logits = hidden[step] @ model.output.matrix.T + model.output.bias
        return F.log_softmax(logits, dim=1)[:, targets[0, step]]

    expected = theirs(log_probability, model.encoder(WORDS).detach())
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found.scores, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
