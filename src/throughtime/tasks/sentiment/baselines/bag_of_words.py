"""The baseline of text classification: a linear classifier of which words a text has, whatever their order."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from throughtime.data.progress import counted, stage
from throughtime.errors import MissingExtraError
from throughtime.storage.written import read_arrays, readable
from throughtime.tasks.sentiment.thresholds import best_thresholds

Method = Literal["logistic regression", "linear SVM"]

_FEW = 20  # classes of which a logistic regression takes seconds; of hundreds it takes minutes
_HELD = 5  # of so many texts one is held out to choose thresholds by


class BagOfWords:
    """p(class | text) = softmax(W x + b), x the tf-idf of its words, of length 1 (Salton and Buckley 1988).

    Two texts of the same words in another order have the same x, and so the same answer. W and b are those of a
    logistic regression; of more than 20 classes, those of linear support vector machines, one for each class against
    all others (Joachims 1998), whose largest score is as often right, but is no probability. Where texts may have
    several labels, each has a yes or no of its own, and is answered where its score W x + b reaches its threshold.

    Args:
        words: V words.
        idf: log inverse document frequency, (V,).
        weight: W, (C, V).
        bias: b, (C,).
        method: how W and b were found.
        thresholds: (C,) of the scores of several labels; None: a text has one.
    """

    def __init__(
        self,
        words: Sequence[str],
        idf: np.ndarray,
        weight: np.ndarray,
        bias: np.ndarray,
        method: Method = "logistic regression",
        thresholds: np.ndarray | None = None,
    ) -> None:
        self.words = list(words)
        self.idf, self.weight, self.bias, self.method, self.thresholds = idf, weight, bias, method, thresholds
        self._ids = {word: index for index, word in enumerate(self.words)}

    @classmethod
    def fit(
        cls, texts: Sequence[Sequence[str]], classes: Sequence[int] | np.ndarray, max_words: int = 50_000
    ) -> BagOfWords:
        """Learn from the words of N texts and their classes.

        Args:
            texts: in words.
            classes: numbers from 0 (each must occur); where a text may have several, (N, C) bool.
            max_words: V at most; the most frequent.

        Raises:
            MissingExtraError: scikit-learn is missing.
        """
        try:
            import sklearn.linear_model  # noqa: F401 - missing, it shall be said before texts are counted
            from scipy.sparse import csr_matrix
        except ImportError as error:
            raise MissingExtraError("scikit-learn", "sentiment", "the bag-of-words baseline") from error
        count = Counter(word for text in texts for word in set(text))
        words = sorted(count, key=lambda word: (-count[word], word))[:max_words]
        idf = np.array([math.log((1 + len(texts)) / (1 + count[word])) + 1 for word in words], dtype=np.float32)
        bags = cls(words, idf, np.zeros((0, len(words))), np.zeros(0))
        found = [bags.bag(text) for text in counted(texts, "counting words for the bag of words")]
        starts = np.cumsum([0, *(len(columns) for columns, _ in found)])
        columns, values = (np.concatenate(part) for part in zip(*found, strict=True))
        matrix = csr_matrix((values, columns, starts), shape=(len(texts), len(words)))
        actual = np.asarray(classes)
        return cls(words, idf, *(_linear(matrix, actual) if actual.ndim == 1 else _each_label(matrix, actual)))

    def bag(self, text: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """The words of a text that are known: their numbers, ascending, and their tf-idf."""
        counts = Counter(self._ids[word] for word in text if word in self._ids)
        columns = np.array(sorted(counts), dtype=np.int64)
        values = np.array([1 + math.log(counts[int(column)]) for column in columns]) * self.idf[columns]
        return columns, values / max(float(np.linalg.norm(values)), 1e-12)

    def scores(self, text: Iterable[str]) -> np.ndarray:
        """Of each class, W x + b (C,)."""
        columns, values = self.bag(text)
        return np.asarray(self.weight[:, columns] @ values + self.bias)

    def answer(self, text: Iterable[str]) -> np.ndarray:
        """The class of a text's words, a number; where a text may have several, (C,) bool."""
        scores = self.scores(text)
        return np.asarray(scores.argmax() if self.thresholds is None else scores >= self.thresholds)

    def probabilities(self, text: Iterable[str]) -> np.ndarray:
        """Probability of each class (C,) of a text that has one."""
        scores = self.scores(text)
        exponents = np.exp(scores - scores.max())
        return np.asarray(exponents / exponents.sum())

    def save(self, folder: Path) -> None:
        """Write `bag_of_words.json` and `bag_of_words.npz`."""
        (folder / "bag_of_words.json").write_text(json.dumps(self.words, ensure_ascii=False), encoding="utf-8")
        arrays = {"idf": self.idf, "weight": self.weight, "bias": self.bias, "method": np.array(self.method)}
        if self.thresholds is not None:
            arrays["thresholds"] = self.thresholds
        np.savez(folder / "bag_of_words.npz", **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, folder: Path) -> BagOfWords:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or something else.
        """
        with readable(folder, "bag-of-words baseline"):
            words = json.loads((folder / "bag_of_words.json").read_text(encoding="utf-8"))
            arrays = read_arrays(folder / "bag_of_words.npz")
            method = str(arrays.pop("method", "logistic regression"))  # the only one before it was written down
            thresholds = arrays.get("thresholds")
            return cls(words, arrays["idf"], arrays["weight"], arrays["bias"], method, thresholds)  # type: ignore[arg-type]


def _linear(texts: Any, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray, Method]:
    """Bags (N, V), sparse, and classes (N,) -> W (C, V), b (C,), and how they were found."""
    model, method = _method(int(classes.max()) + 1)
    with stage("fitting the bag of words"):
        model.fit(texts, classes)
    weight, bias = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    if len(weight) == 1:  # two classes: scikit-learn keeps only the second one's
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return weight, bias, method


def _each_label(texts: Any, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray, Method, np.ndarray]:
    """The same of several labels a text, (N, C) bool, and the thresholds (C,) of their scores.

    Thresholds are chosen as the network's are, by texts that are not learned from: every fifth. W and b are then those
    of all texts.
    """
    held = np.arange(len(classes)) % _HELD == 0
    weight, bias, _ = _one_by_one(texts[~held], classes[~held], "choosing thresholds of the bag of words, by the label")
    thresholds = best_thresholds(texts[held] @ weight.T + bias, classes[held])
    return *_one_by_one(texts, classes, "fitting the bag of words, by the label"), thresholds.astype(np.float32)


def _one_by_one(texts: Any, classes: np.ndarray, doing: str) -> tuple[np.ndarray, np.ndarray, Method]:
    """W, b and how they were found, label by label."""
    weight, bias = np.zeros((classes.shape[1], texts.shape[1]), np.float32), np.zeros(classes.shape[1], np.float32)
    model, method = _method(classes.shape[1])
    for label, has_it in enumerate(counted(classes.T, doing)):
        if has_it.all() or not has_it.any():  # nothing to be told apart
            bias[label] = 1 if has_it.all() else -1
            continue
        model.fit(texts, has_it)
        weight[label], bias[label] = model.coef_[0], model.intercept_[0]
    return weight, bias, method


def _method(classes: int) -> tuple[Any, Method]:
    """What is fitted to so many classes, and what it is called."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    if classes > _FEW:
        return LinearSVC(C=1.0, random_state=0), "linear SVM"
    return LogisticRegression(C=5.0, max_iter=1000), "logistic regression"
