"""How much disturbance a model bears: its metric against the severity of each condition, and where it breaks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.insight.calibration import Calibration
from throughtime.tasks.base import Metric


@dataclass(frozen=True, eq=False)
class Curve:
    """What an evaluation found under one condition.

    Args:
        condition: its name.
        says: what it does, with all its amounts.
        steps: what it does at each severity asked for.
        severities: (S,) rising.
        values: (S,) the model's metric at each.
        simple: (S,) that of the simple method, disturbed likewise; NaN where there is none, or it cannot be.
        changed: share of the examples that are other examples at the highest severity.
    """

    condition: str
    says: str
    steps: Sequence[str]
    severities: np.ndarray
    values: np.ndarray
    simple: np.ndarray
    changed: float

    @property
    def compared(self) -> bool:
        """Whether a simple method stands beside it."""
        return not bool(np.isnan(self.simple).all())


@dataclass(frozen=True)
class Worst:
    """An example that a condition, at its highest severity, made much more surprising to the model.

    Args:
        condition: its name.
        step: what it does at that severity.
        before, after: the example as it was, and disturbed, as the task shows it.
        answers: the model's answers to the two; None where it cannot be asked about one example.
        losses: the two examples' losses in nats per term (step, symbol, sequence: as the model counts).
    """

    condition: str
    step: str
    before: str
    after: str
    answers: tuple[str, str] | None
    losses: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Stressed:
    """An evaluation again and again, each time under another condition.

    Args:
        metric: what is judged by.
        examples, of: how many were judged, and how many there are.
        value: of the model without any disturbance.
        method: the simple method that is best without any disturbance; None: there is none.
        simple: its metric without any disturbance; NaN where there is none.
        curves: one for each condition.
        worst: examples that suffered most, at most three.
        seed: decided all that was left to chance.
        calibrations: how far its probabilities are to be believed, undisturbed, as the model gives them and then as the
            run says them if it was calibrated; none of a task without probabilities of classes.
    """

    metric: Metric
    examples: int
    of: int
    value: float
    method: str | None
    simple: float
    curves: Sequence[Curve]
    worst: Sequence[Worst]
    seed: int
    calibrations: Sequence[Calibration] = ()

    @property
    def halfway(self) -> float | None:
        """The value at which half of the model's lead over the simple method is gone; None: it has no lead."""
        if self.method is None or not self.metric.better(self.value, self.simple):
            return None
        return (self.value + self.simple) / 2

    def breaks_at(self, curve: Curve) -> int | None:
        """The first severity at which half of the lead is gone; None: it never is, or there is no lead."""
        if (halfway := self.halfway) is None:
            return None
        broken = [not self.metric.better(float(value), halfway) for value in curve.values]  # no number breaks, too
        return int(curve.severities[broken.index(True)]) if any(broken) else None

    def sentences(self) -> Iterator[str]:
        """Where it breaks, a sentence a condition; before them what breaking means here."""
        name, own = self.metric.name, _number(self.value)
        if self.method is None:
            yield f"No simple method stands beside it, so there is no lead to lose; undisturbed: {name} {own}."
            return
        if (halfway := self.halfway) is None:
            yield (
                f"It has no lead to lose: undisturbed, its {name} is {own}, and {_number(self.simple)} that of "
                f"{self.method}."
            )
            return
        yield (
            f"It breaks where half of its lead is gone: {name} {_number(halfway)}, between its own {own} "
            f"and the {_number(self.simple)} of {self.method}, both undisturbed."
        )
        for curve in self.curves:
            yield f"{curve.condition}: {self._verdict(curve)}"

    def _verdict(self, curve: Curve) -> str:
        name, last = self.metric.name, _number(float(curve.values[-1]))
        if not curve.changed:
            return "changes none of these examples."
        if (severity := self.breaks_at(curve)) is None:
            return f"holds up to severity {curve.severities[-1]} ({curve.steps[-1]}): {name} {last}."
        place = [*curve.severities].index(severity)
        value, simple = float(curve.values[place]), float(curve.simple[place])
        words = f"breaks at severity {severity} ({curve.steps[place]}): {name} {_number(value)}"
        if not (math.isnan(simple) or self.metric.better(value, simple)):
            words += f"; {self.method}, disturbed likewise, has {_number(simple)}"
        return f"{words}."

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON has it; what is no number is null."""
        curves = [
            {
                "condition": curve.condition,
                "does": curve.says,
                "severities": curve.severities.tolist(),
                "values": [_or_none(value) for value in curve.values],
                "simple": [_or_none(value) for value in curve.simple],
                "changed": curve.changed,
                "breaks_at": self.breaks_at(curve),
            }
            for curve in self.curves
        ]
        return {
            "metric": vars(self.metric),
            "examples": self.examples,
            "of": self.of,
            "seed": self.seed,
            "undisturbed": {"value": _or_none(self.value), "simple": _or_none(self.simple), "method": self.method},
            "curves": curves,
            "worst": [
                vars(one)
                | {"answers": None if one.answers is None else [*one.answers], "losses": [*map(_or_none, one.losses)]}
                for one in self.worst
            ],
            "sentences": list(self.sentences()),
            "calibrations": [one.to_json() for one in self.calibrations],
        }


def best_method(metric: Metric, baselines: Mapping[str, Mapping[str, float]]) -> str | None:
    """The simple method with the best value of a metric; None: none has one.

    Example:
        >>> best_method(Metric("wer", "", "min"), {"a": {"wer": 0.5}, "b": {"wer": 0.25}, "c": {}})
        'b'
    """
    best: str | None = None
    for name, numbers in baselines.items():
        value = numbers.get(metric.name, math.nan)
        if not math.isnan(value) and metric.better(value, None if best is None else baselines[best][metric.name]):
            best = name
    return best


def largest_rises(before: np.ndarray, after: np.ndarray, most: int = 3) -> list[tuple[int, int]]:
    """Which examples suffered most, and of what: each example, and each condition while there are others, once.

    Args:
        before: (N,) losses undisturbed.
        after: (C, N) losses under each condition; where one of the two is no number, it does not count.
        most: how many are wanted.

    Returns:
        Pairs of condition and example, the largest rise first; none that does not rise.

    Example:
        >>> largest_rises(np.array([1.0, 1.0]), np.array([[3.0, 2.5], [1.5, 2.0]]))
        [(0, 0), (1, 1)]
    """
    rises = after - before
    rises = np.where(np.isfinite(rises) & (rises > 0), rises, -np.inf)
    found: list[tuple[int, int]] = []
    while len(found) < most and np.isfinite(rises).any():
        new = np.array([condition not in {one for one, _ in found} for condition in range(len(rises))])
        fresh = np.where(new[:, None], rises, -np.inf)
        at = (fresh if np.isfinite(fresh).any() else rises).argmax()
        condition, example = (int(place) for place in np.unravel_index(at, rises.shape))
        found.append((condition, example))
        rises[:, example] = -np.inf
    return found


def _number(value: float) -> str:
    return f"{value:.4g}"


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
