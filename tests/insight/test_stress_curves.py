"""Where a model breaks, by hand; the worst examples, by brute force."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from throughtime.errors import ArgumentError
from throughtime.insight.stress import Curve, Stressed, best_method, largest_rises
from throughtime.tasks.base import Condition, Metric

ERROR, ACCURACY = Metric("error", "m", "min"), Metric("accuracy", "share", "max")


def stressed(
    metric: Metric, value: float, simple: float, values: list[float], others: list[float], changed: float = 1.0
) -> Stressed:
    severities = np.arange(1, len(values) + 1)
    steps = [f"{10 * severity} % fog" for severity in severities]
    curve = Curve("fog", "fog: much", steps, severities, np.array(values), np.array(others), changed)
    method = None if np.isnan(simple) else "a guess"
    return Stressed(metric, 10, 10, value, method, simple, [curve], [], 0)


@pytest.mark.parametrize(
    ("metric", "value", "simple", "values", "breaks"),
    [
        (ACCURACY, 0.9, 0.5, [0.88, 0.71, 0.69, 0.4], 3),
        (ACCURACY, 0.9, 0.5, [0.88, 0.7, 0.9, 0.4], 2),  # half is gone, whatever comes after
        (ACCURACY, 0.9, 0.5, [0.89, 0.88], None),
        (ERROR, 1.0, 3.0, [1.5, 1.9, 2.0], 3),
        (ERROR, 1.0, 3.0, [1.5, float("inf"), 1.0], 2),
        (ERROR, 1.0, 3.0, [1.5, float("nan"), 1.0], 2),
        (ERROR, 3.0, 1.0, [9.0], None),  # no lead
    ],
)
def test_it_breaks_where_half_of_its_lead_is_gone(
    metric: Metric, value: float, simple: float, values: list[float], breaks: int | None
) -> None:
    found = stressed(metric, value, simple, values, [simple] * len(values))
    assert found.breaks_at(found.curves[0]) == breaks


def test_it_says_so_in_sentences() -> None:
    found = stressed(ACCURACY, 0.9, 0.5, [0.88, 0.69], [0.5, 0.7])
    assert list(found.sentences()) == [
        "It breaks where half of its lead is gone: accuracy 0.7, between its own 0.9 and the 0.5 of a guess, both "
        "undisturbed.",
        "fog: breaks at severity 2 (20 % fog): accuracy 0.69; a guess, disturbed likewise, has 0.7.",
    ]
    holds = stressed(ACCURACY, 0.9, 0.5, [0.88, 0.8], [0.5, 0.5])
    assert [*holds.sentences()][1] == "fog: holds up to severity 2 (20 % fog): accuracy 0.8."
    assert [*stressed(ACCURACY, 0.9, 0.5, [0.9], [0.5], 0.0).sentences()][1] == "fog: changes none of these examples."
    assert [*stressed(ERROR, 3.0, 1.0, [9.0], [1.0]).sentences()] == [
        "It has no lead to lose: undisturbed, its error is 3, and 1 that of a guess."
    ]
    assert [*stressed(ERROR, 3.0, float("nan"), [9.0], [float("nan")]).sentences()] == [
        "No simple method stands beside it, so there is no lead to lose; undisturbed: error 3."
    ]


def test_what_is_no_number_is_null_in_json() -> None:
    found = stressed(ERROR, 1.0, float("nan"), [float("inf")], [float("nan")]).to_json()
    assert found["curves"][0]["values"] == [None]
    assert found["undisturbed"] == {"value": 1.0, "simple": None, "method": None}


def test_the_best_simple_method_has_the_metric() -> None:
    methods = {"a": {"accuracy": 0.5}, "b": {"accuracy": 0.75}, "c": {"f1": 1.0}, "d": {"accuracy": float("nan")}}
    assert best_method(ACCURACY, methods) == "b"
    assert best_method(ERROR, methods) is None


def test_the_largest_rises_take_each_condition_once_while_there_are_others() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        before, after = random.random(4), random.random((3, 4)) + 1
        found = largest_rises(before, after, most=3)
        rises = after - before
        assert sorted(condition for condition, _ in found) == [0, 1, 2]
        assert len({example for _, example in found}) == 3
        assert found[0] == tuple(np.unravel_index(rises.argmax(), rises.shape))
        # no other choice whose first is as large has a larger second
        seconds = [
            rises[condition, example]
            for condition, example in permutations(range(4), 2)
            if condition < 3 and condition != found[0][0] and example != found[0][1]
        ]
        assert rises[found[1]] == pytest.approx(max([*seconds, rises[found[1]]]))
    assert largest_rises(np.array([1.0, 2.0]), np.array([[0.5, 2.0]])) == []
    assert largest_rises(np.array([1.0, np.nan, 1.0]), np.array([[np.inf, 2.0, 1.5]])) == [(0, 2)]
    assert largest_rises(np.zeros(3), np.array([[3.0, 2.0, 1.0]]), most=2) == [(0, 0), (0, 1)]


def test_a_condition_needs_five_amounts_and_says_them() -> None:
    for says, amounts in (("{} m of it", (1, 2, 3)), ("some of it", (1, 2, 3, 4, 5))):
        with pytest.raises(ArgumentError, match=r"snow: found \d amounts in"):
            Condition("snow", says, amounts, lambda one, _, __: one)


def test_chance_is_of_seed_condition_and_place_and_not_of_severity() -> None:
    draw = Condition("a", "{}", (1, 2, 3, 4, 5), lambda one, _, random: random.random() + one)
    other = Condition("b", "{}", (1, 2, 3, 4, 5), lambda one, _, random: random.random() + one)
    assert draw.disturb([0, 0], 1, 7) == draw.disturb([0, 0], 5, 7)
    first, second = draw.disturb([0, 0], 1, 7)
    assert len({first, second, *draw.disturb([0], 1, 8), *other.disturb([0], 1, 7)}) == 4
