"""Precision and recall, against loops over all balls and scikit-learn's neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from throughtime.errors import ArgumentError
from throughtime.tasks.pictures.measures.precision_recall import precision_recall


def covered(points: np.ndarray, others: np.ndarray, neighbours: int) -> float:
    inside = 0
    for point in points:
        for number, other in enumerate(others):
            rest = np.delete(others, number, axis=0)
            reach = sorted(np.linalg.norm(one - other) for one in rest)[neighbours - 1]
            if np.linalg.norm(point - other) <= reach:
                inside += 1
                break
    return inside / len(points)


@pytest.mark.parametrize("neighbours", [1, 3])
def test_they_are_what_loops_over_all_balls_give(neighbours: int) -> None:
    random = np.random.default_rng(neighbours)
    made, real = random.normal(0, 1, (25, 4)), random.normal(0.8, 1, (18, 4))
    found = precision_recall(made, real, neighbours)
    assert found == (covered(made, real, neighbours), covered(real, made, neighbours))
    assert len({0.0, 1.0, *found}) == 4  # else it would prove little


def test_many_rows_are_worked_on_in_parts() -> None:
    random = np.random.default_rng(3)
    made, real = random.normal(size=(1_203, 6)).astype(np.float32), random.normal(0.5, 1.2, size=(2_001, 6))

    def share(points: np.ndarray, others: np.ndarray) -> float:
        reach = NearestNeighbors(n_neighbors=4).fit(others).kneighbors(others)[0][:, 3]
        distances = np.sqrt(((points[:, None] - others) ** 2).sum(axis=2))
        return float((distances <= reach).any(axis=1).mean())

    exact = made.astype(np.float64)
    assert precision_recall(made, real) == (share(exact, real), share(real, exact))


def test_one_good_picture_again_and_again_is_precise_and_recalls_nothing() -> None:
    real = np.random.default_rng(4).normal(size=(200, 3))
    assert precision_recall(np.repeat(real[:1] + 1e-3, 50, axis=0), real) == (1.0, 0.0)
    assert precision_recall(real + 100, real) == (0.0, 0.0)
    assert precision_recall(real, real) == (1.0, 1.0)


def test_fewer_points_than_neighbours_are_refused() -> None:
    with pytest.raises(ArgumentError, match="found 3 rows of features, expected more than 3"):
        precision_recall(np.zeros((3, 2)), np.zeros((9, 2)))
