"""Whether a classifier knows what it knows: reliability, the error of its confidence, and what it gains by silence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.tasks.base.classifies import tempered

BINS = 15
"""Of the reliability diagram, as Guo et al. (2017) have them."""
_ASKED = 0.8  # share of the examples that is answered in the sentence about silence, or the nearest that there is
_HOTTEST = 100.0  # a temperature beyond which nothing is known at all; its inverse bounds the other side


@dataclass(frozen=True, eq=False)
class Calibration:
    """How sure a classifier is, and how often it is right.

    Args:
        confidence: (N,) the probability of the answered class.
        right: (N,) bool, whether that was the class.
        nll: mean negative log-probability of the right class, in nats.
        temperature: that the logits were divided by.
    """

    confidence: np.ndarray
    right: np.ndarray
    nll: float
    temperature: float = 1.0

    @property
    def accuracy(self) -> float:
        """Share that is right."""
        return float(self.right.mean())

    def reliability(self, bins: int = BINS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The reliability diagram: examples by how sure the answer is, in M bins ((m - 1)/M, m/M].

        Returns:
            How many there are in each bin (M,), their mean confidence (M,) and the share that is right (M,); NaN where
            there are none.
        """
        # rounded: 0.6 must not fall beyond 9/15 because of its last binary digit
        place = (np.ceil(np.round(self.confidence * bins, 9)).astype(int) - 1).clip(0, bins - 1)
        count = np.bincount(place, minlength=bins)
        with np.errstate(invalid="ignore"):
            means = (np.bincount(place, weights, bins) / count for weights in (self.confidence, self.right))
            sure, right = means
        return count, sure, right

    def ece(self, bins: int = BINS) -> float:
        """Expected calibration error (Guo et al. 2017, equation 3): the mean gap of confidence and accuracy by bins."""
        count, sure, right = self.reliability(bins)
        there = count > 0
        return float((count[there] * np.abs(sure - right)[there]).sum() / count.sum())

    def rejection(self) -> tuple[np.ndarray, np.ndarray]:
        """What is gained by silence: the surest answers alone.

        Returns:
            Shares of the examples that are answered (K,), rising to 1, one for each confidence that occurs (what is as
            sure is answered together), and the share of the answers that is right (K,).
        """
        order = np.argsort(-self.confidence, kind="stable")
        sure = self.confidence[order]
        last = np.flatnonzero(np.append(np.diff(sure) != 0, True))
        answered = np.arange(1, len(sure) + 1)[last]
        return answered / len(sure), np.cumsum(self.right[order])[last] / answered

    def right_at(self, share: float) -> tuple[float, float]:
        """The least share that is answered of at least this much, and the share of these answers that is right."""
        answered, right = self.rejection()
        place = min(int(np.searchsorted(answered, share - 1e-12)), len(answered) - 1)
        return float(answered[place]), float(right[place])

    def sentences(self) -> Iterator[str]:
        """How far it is to be believed, and what a user gains if it may say "I don't know"."""
        gap = float(self.confidence.mean()) - self.accuracy
        kind = "surer than it is right" if gap > 0 else "less sure than it is right"
        yield (
            f"It is right about {self.accuracy:.1%}, and says so with {self.confidence.mean():.1%} in the mean: "
            f"{100 * abs(gap):.1f} points {kind}; expected calibration error {self.ece():.3f}."
        )
        shares, rights = (one[:-1] for one in self.rejection())  # without the last, which is all
        place = int(np.abs(shares - _ASKED).argmin()) if len(shares) else 0
        if not len(shares) or rights[place] <= self.accuracy:
            yield 'Nothing is gained if it may say "I don\'t know": where it is least sure it is wrong no more often.'
            return
        yield (
            f'If it may say "I don\'t know" of the {1 - shares[place]:.0%} where it is least sure, it is right about '
            f"{rights[place]:.1%} of the rest, in place of {self.accuracy:.1%} of all."
        )

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON has it; a bin without examples has null."""
        count, sure, right = self.reliability()
        answered, correct = self.rejection()
        return {
            "examples": len(self.right),
            "accuracy": self.accuracy,
            "confidence": float(self.confidence.mean()),
            "ece": self.ece(),
            "nll": self.nll,
            "temperature": self.temperature,
            "reliability": [
                {"examples": int(n), "confidence": float(s) if n else None, "right": float(r) if n else None}
                for n, s, r in zip(count, sure, right, strict=True)
            ],
            "rejection": {"answered": answered.tolist(), "right": correct.tolist()},
            "sentences": list(self.sentences()),
        }


def calibration(probabilities: np.ndarray, actual: np.ndarray, temperature: float = 1.0) -> Calibration:
    """How far probabilities are to be believed.

    Args:
        probabilities: (N, C) of the classes, at temperature 1; N at least 1.
        actual: (N,) the classes.
        temperature: to divide the logits by.

    Example:
        >>> found = calibration(np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0, 0]))
        >>> round(found.ece(), 3), found.rejection()[0].tolist(), found.rejection()[1].tolist()
        (0.4, [0.5, 1.0], [1.0, 0.5])
    """
    at = tempered(probabilities, temperature)
    own = np.maximum(at[np.arange(len(actual)), actual], np.finfo(np.float64).tiny)
    return Calibration(at.max(axis=1), at.argmax(axis=1) == actual, float(-np.log(own).mean()), temperature)


def best_temperature(probabilities: np.ndarray, actual: np.ndarray) -> float:
    """The temperature at which some examples are the most probable (Guo et al. 2017, section 4.2).

    Their mean negative log-likelihood is convex in 1/T, so that its slope, E_p[z] - z_y for logits z, has one zero: it
    is found by bisection. Where all are right, or nothing is known, there is none from 0.01 to 100: such examples tell
    no temperature, and it stays 1.

    Args:
        probabilities: (N, C) at temperature 1.
        actual: (N,) the classes.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float64).tiny))
    own = logits[np.arange(len(actual)), actual]

    def slope(at: float) -> float:
        """Of the negative log-likelihood, at log(1/T)."""
        return float(((tempered(probabilities, math.exp(-at)) * logits).sum(axis=1) - own).mean())

    low, high = -math.log(_HOTTEST), math.log(_HOTTEST)
    if slope(low) >= 0 or slope(high) <= 0:
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return math.exp(-(low + high) / 2)
