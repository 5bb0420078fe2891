"""Language models for the beam search: what they say symbol by symbol against what they say of whole texts."""

from __future__ import annotations

import math
from itertools import groupby, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from throughtime.data.batch import Batch
from throughtime.decoding.ctc import BeamSearch
from throughtime.decoding.language import LanguageModel
from throughtime.errors import ArgumentError, DataError
from throughtime.layers import GRU, LSTM
from throughtime.models.generator import Generator
from throughtime.models.ngram import NGram
from throughtime.models.outputs.bernoulli import Bernoulli
from throughtime.models.outputs.softmax import AdaptiveSoftmax, Softmax
from throughtime.models.parts.embedding import Embedding
from throughtime.models.parts.stack import stack
from throughtime.models.symbol_language import RecurrentLanguageModel, SymbolNGram

K = 4
TEXTS = [np.array(text) for text in ([1, 2, 3], [1, 2], [1, 3, 3, 2], [1, 2, 3, 3], [1], [])]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def total(model: LanguageModel, text: tuple[int, ...]) -> float:
    """Log p of a text and its end, asked symbol by symbol."""
    scores, state = model.start()
    found = 0.0
    for symbol in text:
        found += scores[0, symbol]
        scores, (state,) = model.next([state], [symbol])
    return float(found + scores[0, 0])


def generator(kind: str = "lstm", V: int = 6, output: Any = None) -> Generator:
    torch.manual_seed(1)
    recurrent = {
        "lstm": lambda: LSTM(5, 8, num_layers=2),
        "gru": lambda: GRU(5, 8, batch_first=True),
        "stack": lambda: stack("lstm", 5, [6, 8]),
    }[kind]()
    model = Generator(Embedding(V, 5), recurrent, output or Softmax(8, V))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.7)
    return model.eval()


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_what_an_n_gram_says_may_follow_is_what_it_says_of_each_token(order: int) -> None:
    tokens = np.random.default_rng(0).integers(0, 5, 300)
    tokens[::3] = 2
    model = NGram.fit(tokens[:200], 5, order)
    for known in range(7):
        contexts = np.lib.stride_tricks.sliding_window_view(tokens, known + 1)[:50, :known]
        p = model.following(contexts)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
        for context, row in zip(contexts, p, strict=True):
            for token in range(5) if known else ():
                longer = model.nll(np.array([*context, token])) - model.nll(context)
                assert row[token] == pytest.approx(math.exp(-longer), rel=1e-9)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_n_grams_of_texts_begin_and_end_with_the_end(order: int, tmp_path: Path) -> None:
    model = SymbolNGram.fit(TEXTS, K, order)
    ends = [0] * (model.model.order - 1)
    for text in product(range(1, K), repeat=3):
        # all contexts are full
        expected = model.model.nll(np.array([9 % K, *ends, *text, 0])) - model.model.nll(np.array([9 % K, *ends]))
        assert total(model, text) == pytest.approx(-expected, rel=1e-9)
    if order > 1:
        scores, _ = model.start()
        assert scores.argmax() == 1
        assert math.exp(scores[0, 1]) > 0.5  # five of six texts begin so
    model.save(tmp_path / "ngram.npz")
    again = SymbolNGram.load(tmp_path / "ngram.npz")
    assert total(again, (1, 2, 3)) == total(model, (1, 2, 3))
    (tmp_path / "ngram.npz").write_bytes(b"none")
    with pytest.raises(DataError, match="no usable n-gram counts"):
        SymbolNGram.load(tmp_path / "ngram.npz")


def test_n_grams_know_which_text_is_usual() -> None:
    model = SymbolNGram.fit([np.array([1, 2, 3, 1]), np.array([1, 2, 3, 2])] * 5, K, 3)
    best = max(product(range(1, K), repeat=4), key=lambda text: total(model, text))
    assert best in {(1, 2, 3, 1), (1, 2, 3, 2)}


@pytest.mark.parametrize("kind", ["lstm", "gru", "stack"])
def test_a_generator_says_of_a_text_what_its_loss_is(kind: str) -> None:
    model = generator(kind)
    ids = [4, 1, 0, 5, 2, 3]  # every token is a symbol
    language = RecurrentLanguageModel(model, ids)
    for text in [(), (2,), (1, 1, 5, 3), (3, 2, 4, 1, 1, 2)]:
        tokens = torch.tensor([[ids[symbol] for symbol in (0, *text, 0)]])
        nats = model.loss(Batch({"inputs": tokens[:, :-1], "targets": tokens[:, 1:]}, 1, len(text) + 1)).total.item()
        assert total(language, text) == pytest.approx(-nats, abs=1e-5)


def test_what_is_no_symbol_is_left_out() -> None:
    model, ids = generator(), [4, 1, 3]
    scores, _ = RecurrentLanguageModel(model, ids).start()
    with torch.no_grad():
        hidden, _ = model(torch.tensor([[4]]))
        p = model.output.logits(hidden[0, -1]).softmax(dim=-1)[ids]  # type: ignore[operator]
    np.testing.assert_allclose(np.exp(scores[0]), (p / p.sum()).numpy(), rtol=1e-5)


def test_the_adaptive_softmax_will_do() -> None:
    model = generator(V=20, output=AdaptiveSoftmax(8, 20, (6,)))
    ids = list(range(20))
    language = RecurrentLanguageModel(model, ids)
    tokens = torch.tensor([[0, 3, 11, 19, 0]])
    nats = model.loss(Batch({"inputs": tokens[:, :-1], "targets": tokens[:, 1:]}, 1, 4)).total.item()
    assert total(language, (3, 11, 19)) == pytest.approx(-nats, abs=1e-5)


@pytest.mark.parametrize("kind", ["lstm", "gru", "stack"])
def test_many_beginnings_are_read_as_each_alone(kind: str) -> None:
    language = RecurrentLanguageModel(generator(kind), [0, 1, 2, 3])
    _, first = language.start()
    _, level = language.next([first] * 3, [1, 2, 3])
    parents, symbols = [level[2], level[0], first, level[2], level[1], level[0]], [1, 1, 2, 3, 3, 2]
    together, _ = language.next(parents, symbols)
    for row, (parent, symbol) in enumerate(zip(parents, symbols, strict=True)):
        alone, _ = language.next([parent], [symbol])
        np.testing.assert_allclose(together[row], alone[0], atol=1e-5)


@pytest.mark.parametrize("recurrent", [True, False])
def test_the_beam_search_weighs_sound_and_language(recurrent: bool) -> None:
    language: LanguageModel
    language = RecurrentLanguageModel(generator(), [4, 1, 3, 0]) if recurrent else SymbolNGram.fit(TEXTS, K, 3)
    log_probs = torch.randn(5, K, dtype=torch.float64).log_softmax(dim=1).numpy()
    sound: dict[tuple[int, ...], float] = {}
    for way in product(range(K), repeat=5):
        text = tuple(symbol for symbol, _ in groupby(way) if symbol)
        sound[text] = sound.get(text, 0.0) + math.exp(sum(log_probs[t, k] for t, k in enumerate(way)))
    search = BeamSearch(10_000, language, 0.8, 0.5, rarest=0.0, margin=math.inf)
    search.advance(log_probs)
    expected = {text: math.log(p) + 0.8 * total(language, text) + 0.5 * len(text) for text, p in sound.items()}
    assert {tuple(one.tokens.tolist()): one.score for one in search.best()} == pytest.approx(expected, abs=1e-4)


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ArgumentError, match="found 0 texts"):
        SymbolNGram.fit([], K)
    with pytest.raises(ArgumentError, match="symbols from 0 to 4, expected at least one, of symbols from 1 to 3"):
        SymbolNGram.fit([np.array([4])], K)
    with pytest.raises(ArgumentError, match="expected at least 2 from 0 to 5"):
        RecurrentLanguageModel(generator(), [0, 6])
    rolls = Generator(nn.Identity(), LSTM(3, 4), Bernoulli(4, 3))
    with pytest.raises(ArgumentError, match="output Bernoulli, expected one of text"):
        RecurrentLanguageModel(rolls, [0, 1])
