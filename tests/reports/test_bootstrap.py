"""Intervals and tests against what statistics says of cases that can be worked out."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from throughtime.reports.statistics import intervals, significance
from throughtime.storage.scores import of_values


def ratio(counts: np.ndarray) -> float:
    return float(counts[0] / counts[1])


def test_the_interval_of_a_share_is_the_normal_one() -> None:
    """Of many examples: p ± 1.96 sqrt(p (1 - p) / N)."""
    right = np.arange(2_000) % 10 < 3
    low, high = intervals({"model": of_values(right)}, ratio)["model"]
    half = 1.96 * math.sqrt(0.3 * 0.7 / 2_000)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.003)


def test_the_interval_of_a_ratio_is_that_of_its_linearisation() -> None:
    """Errors per word of sentences of unequal length: the delta method's standard error."""
    random = np.random.default_rng(1)
    words = random.integers(1, 30, 1_500)
    errors = random.binomial(words, 0.2)
    low, high = intervals({"model": np.stack([errors, words], axis=1)}, ratio)["model"]
    value = errors.sum() / words.sum()
    half = 1.96 * math.sqrt(np.square(errors - value * words).sum()) / words.sum()
    assert (low, high) == pytest.approx((value - half, value + half), abs=0.1 * half)


def test_methods_are_resampled_together() -> None:
    counts = of_values(np.random.default_rng(0).random(50))
    found = intervals({"model": counts, "the same": counts}, ratio)
    assert found["model"] == found["the same"]


def test_the_test_is_the_exact_one_where_all_swaps_can_be_tried() -> None:
    random = np.random.default_rng(3)
    one, other = of_values(random.random(10) + 0.4), of_values(random.random(10))
    apart = one[:, 0] - other[:, 0]
    exact = np.mean([abs(np.dot(signs, apart)) >= abs(apart.sum()) - 1e-9 for signs in product((-1, 1), repeat=10)])
    assert 0.01 < exact < 0.5
    assert significance(one, other, ratio) == pytest.approx(float(exact), abs=0.03)


def test_of_equals_nothing_is_significant() -> None:
    counts = of_values(np.arange(40) % 2)
    assert significance(counts, counts, ratio) == 1
    assert significance(counts, counts[::-1], ratio) == 1  # as good, on other examples
