"""Calibration error, rejection and temperature, against loops and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from throughtime.insight.calibration import best_temperature, calibration
from throughtime.tasks.base.classifies import tempered


def drawn(count: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    logits = 2 * random.standard_normal((count, classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return probabilities, random.integers(classes, size=count)


def ece_by_hand(probabilities: np.ndarray, actual: np.ndarray, bins: int) -> float:
    """As the paper writes it, one bin and one example at a time."""
    total = 0.0
    for number in range(1, bins + 1):
        inside = [
            (row.max(), row.argmax() == own)
            for row, own in zip(probabilities, actual, strict=True)
            if (number - 1) / bins < row.max() <= number / bins
        ]
        if inside:
            sure, right = (sum(values) / len(inside) for values in zip(*inside, strict=True))
            total += len(inside) / len(actual) * abs(right - sure)
    return total


@pytest.mark.parametrize("classes", [2, 7])
def test_the_calibration_error_is_the_papers(classes: int) -> None:
    for seed in range(5):
        probabilities, actual = drawn(200, classes, seed)
        found = calibration(probabilities, actual)
        for bins in (1, 4, 15):
            assert found.ece(bins) == pytest.approx(ece_by_hand(probabilities, actual, bins))
        own = probabilities[np.arange(200), actual]
        assert found.nll == pytest.approx(-np.log(own).mean())


def test_it_is_that_of_closed_forms() -> None:
    half = np.tile([0.75, 0.25], (100, 1))
    right_half = np.repeat([0, 1], 50)
    assert calibration(half, right_half).ece() == pytest.approx(0.25)
    assert calibration(half, np.repeat([0, 1], [75, 25])).ece() == pytest.approx(0.0, abs=1e-12)
    # on a bin's upper edge, and certain
    edges = np.array([[0.6, 0.4], [0.8, 0.2], [1.0, 0.0]])
    count, sure, _ = calibration(edges, np.zeros(3, dtype=int)).reliability(5)
    assert count.tolist() == [0, 0, 1, 1, 1]
    assert sure[2:].tolist() == [0.6, 0.8, 1.0]


def test_what_is_gained_by_silence_is_counted_by_hand() -> None:
    probabilities, actual = drawn(60, 3, 1)
    probabilities[10:20] = probabilities[9]  # ten that are as sure as each other: answered together
    found = calibration(probabilities, actual)
    answered, right = found.rejection()
    thresholds = sorted(set(probabilities.max(axis=1)), reverse=True)
    assert len(answered) == len(thresholds) == 50
    for share, correct, threshold in zip(answered, right, thresholds, strict=True):
        there = probabilities.max(axis=1) >= threshold
        assert share == pytest.approx(there.mean())
        assert correct == pytest.approx((probabilities.argmax(axis=1) == actual)[there].mean())
    assert (answered[-1], right[-1]) == (1.0, found.accuracy)
    share, correct = found.right_at(0.5)
    assert share == min(one for one in answered if one >= 0.5 - 1e-9)
    assert correct == right[answered.tolist().index(share)]


def test_it_says_what_a_user_gains() -> None:
    sure, unsure = np.tile([0.9, 0.1], (8, 1)), np.tile([0.6, 0.4], (2, 1))
    both = np.concatenate([sure, unsure])
    found = calibration(both, np.array([0] * 8 + [1] * 2))
    assert list(found.sentences()) == [
        "It is right about 80.0%, and says so with 84.0% in the mean: 4.0 points surer than it is right; expected "
        "calibration error 0.200.",
        'If it may say "I don\'t know" of the 20% where it is least sure, it is right about 100.0% of the rest, in '
        "place of 80.0% of all.",
    ]
    modest, silence = calibration(both, np.zeros(10, dtype=int)).sentences()
    assert "16.0 points less sure than it is right" in modest
    assert silence.startswith("Nothing is gained")


@pytest.mark.parametrize(("sure", "right"), [(0.99, 0.8), (0.6, 0.9), (0.8, 0.8)])
def test_of_two_classes_the_temperature_is_a_closed_form(sure: float, right: float) -> None:
    actual = np.repeat([0, 1], [round(100 * right), round(100 * (1 - right))])
    temperature = math.log(sure / (1 - sure)) / math.log(right / (1 - right))
    found = best_temperature(np.tile([sure, 1 - sure], (100, 1)), actual)
    assert found == pytest.approx(temperature, rel=1e-9)
    assert tempered(np.array([sure, 1 - sure]), found)[0] == pytest.approx(right)


def test_no_other_temperature_makes_the_examples_as_probable() -> None:
    probabilities, actual = drawn(300, 4, 2)
    actual[:200] = probabilities[:200].argmax(axis=1)
    best = best_temperature(probabilities, actual)
    least = calibration(probabilities, actual, best).nll
    others = [calibration(probabilities, actual, best * factor).nll for factor in np.geomspace(0.05, 20, 80)]
    assert least <= min(others)
    assert best_temperature(tempered(probabilities, 3.0), actual) == pytest.approx(best / 3, rel=1e-6)
    assert calibration(probabilities, actual, best).accuracy == calibration(probabilities, actual).accuracy


def test_examples_that_tell_no_temperature_leave_it_at_one() -> None:
    probabilities, _ = drawn(20, 3, 3)
    assert best_temperature(probabilities, probabilities.argmax(axis=1)) == 1.0
    assert best_temperature(np.full((20, 2), 0.5), np.repeat([0, 1], 10)) == 1.0
    assert best_temperature(probabilities, probabilities.argmin(axis=1)) == 1.0


def test_the_temperature_one_changes_no_bit_and_certainty_stays_finite() -> None:
    probabilities, _ = drawn(5, 3, 4)
    assert tempered(probabilities, 1.0) is probabilities
    assert tempered(np.array([1.0, 0.0]), 2.0).tolist() == pytest.approx([1.0, 0.0], abs=1e-100)
    assert math.isfinite(calibration(np.array([[1.0, 0.0]]), np.array([1])).nll)
