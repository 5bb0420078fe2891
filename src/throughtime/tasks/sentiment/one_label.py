"""One label a text: the most probable class is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from throughtime.data.labelled_texts import LabelledText
from throughtime.data.labels import SHOWN, Labels
from throughtime.storage.report import Report
from throughtime.storage.scores import MODEL, Scores, Shown, of_values
from throughtime.tasks.base import Metric, Prediction
from throughtime.tasks.base.classifies import tempered
from throughtime.tasks.confusion import accuracy_and_f1, confusion_matrix, confusion_table, surprises

ACCURACY = Metric("accuracy", "share of the texts that are right", "max")


class OneLabel:
    """What is asked, judged and answered where a text has one label.

    Args:
        labels: C classes.
    """

    several = False
    metric = ACCURACY

    def __init__(self, labels: Labels) -> None:
        self.labels = labels

    def target(self, example: LabelledText) -> int:
        """The number of a text's class; C where training had not that class."""
        number = self.labels.find(example)
        return len(self.labels) if number is None else number

    def value(self, probabilities: np.ndarray, actual: np.ndarray) -> float:
        """Share that is right, of probabilities (N, C) and targets (N,)."""
        return float((actual == probabilities.argmax(axis=1)).mean())

    def decisions(self, probabilities: np.ndarray, actual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (N, C) of what one is decided for, and what is right (N,)."""
        return probabilities, actual

    def tempered(self, probabilities: np.ndarray, temperature: float) -> np.ndarray:
        """Probabilities (..., C) at a temperature."""
        return tempered(probabilities, temperature)

    def thresholds(self, probabilities: np.ndarray, actual: np.ndarray) -> Mapping[str, float]:
        """None: it is the most probable class that is answered."""
        return {}

    def report(
        self,
        examples: Sequence[LabelledText],
        probabilities: np.ndarray,
        actual: np.ndarray,
        bag: tuple[str, np.ndarray],
        thresholds: Mapping[str, float],
    ) -> Report:
        """Accuracy, macro F1 and the confusion matrix; beside the bag of words and the most frequent class.

        Args:
            examples: N texts.
            probabilities: (N, C).
            actual: their targets, (N,).
            bag: what the bag of words is called, and its answers (N,).
            thresholds: none.
        """
        answered, always = probabilities.argmax(axis=1), self.labels.majority
        classes = max(len(self.labels), int(actual.max()) + 1)  # those that training had not are one more
        names, confusion = [*self.labels.names, "others"][:classes], confusion_matrix(actual, answered, classes)
        others = {bag[0]: bag[1], f"always {always}": np.full(len(actual), names.index(always))}
        return Report(
            accuracy_and_f1(confusion),
            {name: accuracy_and_f1(confusion_matrix(actual, answers, classes)) for name, answers in others.items()},
            [confusion_table(confusion, names)] if classes <= SHOWN else [],
            Scores(
                self.metric.name,
                self.metric.best,
                {name: of_values(actual == found) for name, found in {MODEL: answered, **others}.items()},
                [Shown(e.text, names[a], names[b]) for e, a, b in zip(examples, actual, answered, strict=True)],
                surprises(probabilities, actual),
            ),
        )

    def answer(self, probabilities: np.ndarray, thresholds: Mapping[str, float]) -> Prediction:
        """The label, its probability and those of all classes."""
        named = dict(zip(self.labels.names, map(float, probabilities), strict=True))
        label = max(named, key=lambda name: named[name])
        return {"label": label, "probability": named[label], "probabilities": named}

    def nothing(self) -> Prediction:
        """What is said of a text without words."""
        return {"label": None, "probability": None, "probabilities": {}}

    def said(self, prediction: Prediction) -> str | None:
        """An answer for people; None: there were no words."""
        if prediction["label"] is None:
            return None
        return f"{prediction['label']}\t{prediction['probability']:.1%}"

    def own(self, probabilities: np.ndarray, thresholds: Mapping[str, float]) -> tuple[int, str]:
        """The target that the model itself would set, and its name."""
        number = int(probabilities.argmax())
        return number, self.labels.names[number]
