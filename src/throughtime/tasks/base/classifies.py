"""A capability: probabilities of classes, so that it can be said how far they are to be believed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.settings import TrainingSettings
from throughtime.tasks.base.capability import Capability

if TYPE_CHECKING:
    from throughtime.models.base import Model


class ClassifierSettings(TrainingSettings):
    """How far the probabilities of classes are to be believed."""

    calibrate: bool = False
    """After training, divide the logits by the temperature at which the validation split is the most probable, so that
    what is said with 80 % is right 80 % of the time; the answers stay the same (Guo et al. 2017)."""


class Classifies(Capability):
    """A task that says how probable each class is.

    Attributes:
        temperature: T, by which logits are divided; 1 where the run was not calibrated.
        thresholds: from which probability on each class is answered, where an example may be of several.
    """

    lacking = "gives no probabilities of classes"

    temperature: float = 1.0
    thresholds: Mapping[str, float] = MappingProxyType({})

    @abstractmethod
    def class_probabilities(self, model: Model, examples: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (N, C) of the classes as the model gives them, at temperature 1; the actual classes (N,).

        Where an example may be of several classes, each of them is a decision of its own, between no and yes.
        """

    def best_thresholds(self, model: Model, examples: Sequence[Any]) -> Mapping[str, float]:
        """The thresholds at which some examples are answered best; none where the most probable class is answered.

        Args:
            model: trained; its probabilities are taken at this run's temperature.
            examples: that were not learned from.
        """
        return {}

    def tempered(self, probabilities: np.ndarray) -> np.ndarray:
        """Probabilities (..., C) at this run's temperature."""
        return tempered(probabilities, self.temperature)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(log p / T): what comes of dividing the logits by T; their order stays what it is.

    Args:
        probabilities: p, (..., C).
        temperature: T; above 1 the probabilities come nearer to each other.

    Example:
        >>> tempered(np.array([0.2, 0.8]), 0.5).round(4).tolist()
        [0.0588, 0.9412]
    """
    if temperature == 1:
        return probabilities
    logs = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float64).tiny)) / temperature
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
