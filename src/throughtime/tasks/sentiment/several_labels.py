"""Several labels a text: each has a probability of its own, and is answered from a threshold of its own on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from throughtime.data.labelled_texts import LabelledText
from throughtime.data.labels import SHOWN, Labels
from throughtime.storage.report import Report, Table
from throughtime.storage.scores import MODEL, Scores, Shown
from throughtime.tasks.base import Metric, Prediction
from throughtime.tasks.base.classifies import tempered
from throughtime.tasks.sentiment.thresholds import best_thresholds

MICRO_F1 = Metric("micro_f1", "F1 of all labels of all texts together", "max")
_HALF = 0.5  # where no threshold has been chosen yet
_LEAST = 1e-30  # probability that counts: else one mistake would be infinitely bad


class SeveralLabels:
    """What is asked, judged and answered where a text has any number of labels.

    A label that training had not can only be missed.

    Args:
        labels: C classes.
    """

    several = True
    metric = MICRO_F1

    def __init__(self, labels: Labels) -> None:
        self.labels = labels

    def target(self, example: LabelledText) -> np.ndarray:
        """Which classes a text is of, (C,) of zeros and ones."""
        return self.of(example)[:-1].astype(np.float32)

    def of(self, example: LabelledText) -> np.ndarray:
        """The same as bool, and whether it is of others too, (C + 1,)."""
        found = np.zeros(len(self.labels) + 1, dtype=bool)
        for label in example.labels:
            number = self.labels.place(label, example.path)
            found[len(self.labels) if number is None else number] = True
        return found

    def value(self, probabilities: np.ndarray, actual: np.ndarray) -> float:
        """Micro F1 of probabilities (N, C) and targets (N, C), at the thresholds that are best on them."""
        is_of = actual > 0
        return scores_of(is_of, probabilities >= best_thresholds(probabilities, is_of))["micro_f1"]

    def decisions(self, probabilities: np.ndarray, actual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each label of each text is a decision between no and yes: (N C, 2) and (N C,)."""
        yes = probabilities.ravel()
        return np.stack([1 - yes, yes], axis=-1), actual.ravel().astype(np.int64)

    def tempered(self, probabilities: np.ndarray, temperature: float) -> np.ndarray:
        """Probabilities (..., C) at a temperature, σ(logit / T)."""
        return tempered(np.stack([1 - probabilities, probabilities], axis=-1), temperature)[..., 1]

    def thresholds(self, probabilities: np.ndarray, actual: np.ndarray) -> Mapping[str, float]:
        """From which probability on each label is answered, chosen by probabilities (N, C) and targets (N, C)."""
        return dict(zip(self.labels.names, map(float, best_thresholds(probabilities, actual > 0)), strict=True))

    def report(
        self,
        examples: Sequence[LabelledText],
        probabilities: np.ndarray,
        actual: np.ndarray,
        bag: tuple[str, np.ndarray],
        thresholds: Mapping[str, float],
    ) -> Report:
        """Micro and macro F1, the share of texts all of whose labels are right; of each label precision and recall.

        Args:
            examples: N texts.
            probabilities: (N, C).
            actual: their targets, (N, C).
            bag: what the bag of words is called, and its answers (N, C), bool.
            thresholds: of the labels.
        """
        right = np.stack([self.of(example) for example in examples])
        always = np.zeros((len(examples), len(self.labels)), dtype=bool)
        always[:, self.labels.names.index(self.labels.majority)] = True
        methods = {MODEL: self._answered(probabilities, thresholds), bag[0]: bag[1]}
        methods[f"always {self.labels.majority}"] = always
        methods = {name: np.pad(answers, ((0, 0), (0, 1))) for name, answers in methods.items()}
        numbers = {name: scores_of(right, answers) for name, answers in methods.items()}
        counts = {name: np.stack(_counts(right, answers, 1), axis=1) for name, answers in methods.items()}
        shown = [
            Shown(example.text, self._names(a), self._names(b))
            for example, a, b in zip(examples, right, methods[MODEL], strict=True)
        ]
        known = np.pad(probabilities, ((0, 0), (0, 1)))
        surprise = -np.log(np.maximum(np.where(right, known, 1 - known), _LEAST)).sum(axis=1)
        model = numbers.pop(MODEL)
        tables = [self._table(right, methods[MODEL], thresholds)]
        return Report(model, numbers, tables, Scores(MICRO_F1.name, MICRO_F1.best, counts, shown, surprise))

    def _answered(self, probabilities: np.ndarray, thresholds: Mapping[str, float]) -> np.ndarray:
        """Which labels are answered: probabilities (..., C) -> (..., C) bool."""
        return np.asarray(probabilities >= [thresholds.get(name, _HALF) for name in self.labels.names])

    def _names(self, of: np.ndarray) -> str:
        names = [name for name, yes in zip((*self.labels.names, "others"), of, strict=False) if yes]
        return ", ".join(names) or "(none)"

    def _table(self, actual: np.ndarray, answered: np.ndarray, thresholds: Mapping[str, float]) -> Table:
        right, both = _counts(actual, answered, 0)
        there, said = actual.sum(axis=0), answered.sum(axis=0)
        rows: list[list[str | float | int]] = []
        for at in np.argsort(-there[: len(self.labels)], kind="stable")[:SHOWN]:
            name, twice = self.labels.names[at], right[at]
            scores = (twice / 2 / max(said[at], 1), twice / 2 / max(there[at], 1), twice / max(both[at], 1))
            rows.append([name, int(there[at]), *map(float, scores), thresholds.get(name, _HALF)])
        few = f", the {SHOWN} most frequent" if len(self.labels) > SHOWN else ""
        return Table(f"label by label{few}", ("label", "texts", "precision", "recall", "f1", "threshold"), rows)

    def answer(self, probabilities: np.ndarray, thresholds: Mapping[str, float]) -> Prediction:
        """The labels, the most probable first, and the probabilities of all."""
        named = dict(zip(self.labels.names, map(float, probabilities), strict=True))
        answered = self._answered(probabilities, thresholds)
        labels = [name for name, yes in zip(named, answered, strict=True) if yes]
        return {"labels": sorted(labels, key=lambda name: -named[name]), "probabilities": named}

    def nothing(self) -> Prediction:
        """What is said of a text without words."""
        return {"labels": None, "probabilities": {}}

    def said(self, prediction: Prediction) -> str | None:
        """An answer for people; None: there were no words."""
        labels, named = prediction["labels"], prediction["probabilities"]
        return None if labels is None else ", ".join(f"{name} {named[name]:.1%}" for name in labels) or "(none)"

    def own(self, probabilities: np.ndarray, thresholds: Mapping[str, float]) -> tuple[np.ndarray, str]:
        """The targets (C,) that the model itself would set, and their names."""
        answered = self._answered(probabilities, thresholds)
        return answered.astype(np.float32), self._names(answered)


def scores_of(actual: np.ndarray, answered: np.ndarray) -> dict[str, float]:
    """Micro F1, the mean F1 of the labels that occur in texts or answers, and the share of texts that are wholly right.

    Args:
        actual, answered: (N, C) bool.

    Example:
        >>> scores = scores_of(np.array([[True, False], [True, True]]), np.array([[True, False], [True, False]]))
        >>> {name: round(score, 2) for name, score in scores.items()}
        {'micro_f1': 0.8, 'macro_f1': 0.5, 'exact_match': 0.5}
    """
    right, both = _counts(actual, answered, 0)
    some = both > 0
    return {
        "micro_f1": float(right.sum() / both.sum()) if some.any() else 0.0,
        "macro_f1": float((right[some] / both[some]).mean()) if some.any() else 0.0,
        "exact_match": float((actual == answered).all(axis=1).mean()),
    }


def _counts(actual: np.ndarray, answered: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of F1: twice what is right, and what there is with what was answered."""
    return 2 * (actual & answered).sum(axis=axis), actual.sum(axis=axis) + answered.sum(axis=axis)
