"""The kernel distance, against loops over all pairs and scikit-learn's kernel."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from throughtime.errors import ArgumentError
from throughtime.tasks.pictures.measures.kernel import kernel_distance


def test_it_is_the_sum_over_pairs_of_different_rows() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(7, 3)), random.normal(1, 2, size=(5, 3))

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((sum(a * b for a, b in zip(x, y, strict=True)) / 3 + 1) ** 3)

    within_one = [kernel(one[i], one[j]) for i in range(7) for j in range(7) if i != j]
    within_other = [kernel(other[i], other[j]) for i in range(5) for j in range(5) if i != j]
    between = [kernel(x, y) for x in one for y in other]
    expected = np.mean(within_one) + np.mean(within_other) - 2 * np.mean(between)
    assert kernel_distance(one, other) == pytest.approx(expected, rel=1e-12)


def test_many_rows_are_worked_on_in_parts() -> None:
    random = np.random.default_rng(1)
    one, other = random.normal(size=(2_003, 4)).astype(np.float32), random.normal(0.1, 1, size=(1_001, 4))
    own, others, cross = (
        polynomial_kernel(a.astype(np.float64), b.astype(np.float64), degree=3, gamma=1 / 4, coef0=1)
        for a, b in ((one, one), (other, other), (one, other))
    )
    np.fill_diagonal(own, 0)
    np.fill_diagonal(others, 0)
    expected = own.sum() / (2_003 * 2_002) + others.sum() / (1_001 * 1_000) - 2 * cross.mean()
    assert kernel_distance(one, other) == pytest.approx(expected, rel=1e-9)


def test_it_has_no_bias_however_few_rows_there_are() -> None:
    random = np.random.default_rng(2)
    found = [kernel_distance(random.normal(size=(6, 2)), random.normal(size=(6, 2))) for _ in range(4_000)]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * error  # with the pairs of a row and itself it would be over 20 of them
    assert min(found) < 0
    with pytest.raises(ArgumentError, match="found 1 rows"):
        kernel_distance(np.zeros((1, 2)), np.zeros((6, 2)))
