"""Spherical interpolation: even turns, even lengths, and no code that no prior would give."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from throughtime.models.parts.arc import arc


def test_the_way_between_two_codes_turns_and_stretches_evenly() -> None:
    random = np.random.default_rng(0)
    first, second = random.standard_normal((2, 50)) * [[1.0], [2.0]]
    way = arc(first, second, 7)
    np.testing.assert_allclose(way[[0, -1]], [first, second])
    lengths = np.linalg.norm(way, axis=1)
    np.testing.assert_allclose(np.diff(lengths), np.full(6, (lengths[-1] - lengths[0]) / 6))
    turns = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairwise(way)]
    np.testing.assert_allclose(turns, turns[0])


def test_of_equal_lengths_it_is_the_rotation_from_one_to_the_other() -> None:
    random = np.random.default_rng(1)
    first, other = np.linalg.qr(random.standard_normal((9, 2)))[0].T * 3
    second = np.cos(1.3) * first + np.sin(1.3) * other
    expected = [np.cos(angle) * first + np.sin(angle) * other for angle in np.linspace(0, 1.3, 5)]
    np.testing.assert_allclose(arc(first, second, 5), expected)


@pytest.mark.parametrize("off", [0.0, 1e-9, 1e-4, 0.1, 1.0])
def test_between_nearly_opposite_codes_none_is_longer_than_both(off: float) -> None:
    way = arc(np.array([1.0, 0.0]), np.array([-3.0, 3 * off]), 9)
    assert np.linalg.norm(way, axis=1).max() <= 3 * np.hypot(1, off) + 1e-9
    assert np.isfinite(way).all()


def test_where_there_is_no_arc_or_many_the_line_is_taken() -> None:
    first = np.array([0.6, -2.0, 1.0])
    np.testing.assert_allclose(arc(first, first, 3), [first] * 3)
    np.testing.assert_allclose(arc(first, 3 * first, 3)[1], 2 * first)
    np.testing.assert_allclose(arc(first, -first, 3)[1], 0 * first, atol=1e-12)
    np.testing.assert_allclose(arc(0 * first, first, 3)[1], first / 2)
