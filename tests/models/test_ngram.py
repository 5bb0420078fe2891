"""The n-gram models beside a language model against their equations."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from throughtime.errors import DataError
from throughtime.models.ngram import NGram

# -- n-grams ----------------------------------------------------------------------------------------------------------


def kneser_ney(train: list[int], size: int, order: int, context: tuple[int, ...], token: int) -> float:
    """The equations once more, with dictionaries: p(token | context)."""
    if len(context) >= order:
        context = context[len(context) - order + 1 :]

    def grams(n: int) -> Counter[tuple[int, ...]]:
        if n == order:
            return Counter(tuple(train[i : i + n]) for i in range(len(train) - n + 1))
        return Counter(gram[1:] for gram in grams(n + 1))

    def recurse(n: int, history: tuple[int, ...]) -> float:
        if n == 0:
            return 1 / size
        counts = grams(n)
        once, twice = (sum(count == k for count in counts.values()) for k in (1, 2))
        discount = once / (once + 2 * twice) if once and twice else 0.5
        followers = {gram[-1]: count for gram, count in counts.items() if gram[:-1] == history}
        lower = recurse(n - 1, history[1:])
        if not followers:
            return lower
        total = sum(followers.values())
        seen = max(followers.get(token, 0) - discount, 0) / total
        return seen + discount * len(followers) / total * lower

    return recurse(len(context) + 1, context)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_ngrams_are_kneser_ney_s(order: int) -> None:
    random = np.random.default_rng(order)
    train = np.minimum(random.geometric(0.4, 300), 6).tolist()
    test = np.minimum(random.geometric(0.3, 40), 7).tolist()
    model = NGram.fit(np.array(train), vocabulary_size=8, order=order)
    expected = -sum(
        math.log(kneser_ney(train, 8, order, tuple(test[max(0, place - order + 1) : place]), test[place]))
        for place in range(1, len(test))
    )
    assert model.nll(np.array(test)) == pytest.approx(expected, rel=1e-9)


def test_ngram_probabilities_sum_to_one() -> None:
    random = np.random.default_rng(0)
    model = NGram.fit(random.integers(0, 5, 100), vocabulary_size=6, order=3)
    for context in ([0, 1], [5, 5], [5, 2]):
        total = sum(
            math.exp(-model.nll(np.array([*context, token])) + model.nll(np.array(context))) for token in range(6)
        )
        assert total == pytest.approx(1, rel=1e-12)


def test_ngrams_in_chunks_and_from_small_integers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    train, test = (random.integers(0, 250, n).astype(np.uint8) for n in (2000, 300))
    model = NGram.fit(train, vocabulary_size=256, order=4)
    whole = model.nll(test.astype(np.int64))
    monkeypatch.setattr("throughtime.models.ngram._CHUNK", 7)
    assert model.nll(test) == pytest.approx(whole, rel=1e-12)


def test_the_order_is_lowered_where_numbers_would_overflow() -> None:
    assert NGram.fit(np.arange(9), vocabulary_size=2**20, order=5).order == 3
    assert NGram.fit(np.array([1]), vocabulary_size=4, order=5).order == 1


def test_ngrams_saved_and_loaded_are_the_same(tmp_path: Path) -> None:
    model = NGram.fit(np.random.default_rng(0).integers(0, 5, 100), vocabulary_size=5, order=3)
    model.save(tmp_path / "ngram.npz")
    test = np.arange(5)
    assert NGram.load(tmp_path / "ngram.npz").nll(test) == model.nll(test)
    (tmp_path / "ngram.npz").write_bytes((tmp_path / "ngram.npz").read_bytes()[:-40])
    with pytest.raises(DataError, match=r"ngram\.npz: found no usable n-gram counts"):
        NGram.load(tmp_path / "ngram.npz")
