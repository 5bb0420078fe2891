"""Precision, recall and F1 of whole entities, as conlleval counts them (Tjong Kim Sang and Buchholz 2000)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from throughtime.storage.scores import MODEL, Scores, Shown
from throughtime.tasks.entities.corpora.sentence import Sentence, Span


@dataclass(frozen=True)
class Score:
    """How many entities there are, how many were answered, and how many of these are right.

    Args:
        actual: entities that are there.
        answered: entities that were answered.
        right: those of both whose borders and label are the same.
    """

    actual: int
    answered: int
    right: int

    @property
    def precision(self) -> float:
        """Right among the answered; 0 if there are none."""
        return self.right / self.answered if self.answered else 0.0

    @property
    def recall(self) -> float:
        """Right among the actual; 0 if there are none."""
        return self.right / self.actual if self.actual else 0.0

    @property
    def f1(self) -> float:
        """2 P R / (P + R)."""
        both = self.actual + self.answered
        return 2 * self.right / both if both else 0.0


def score(actual: Sequence[Iterable[Span]], answered: Sequence[Iterable[Span]]) -> tuple[Score, dict[str, Score]]:
    """Compare entities sentence by sentence.

    Args:
        actual: the entities of each sentence.
        answered: what was answered for each.

    Returns:
        All entities together, and each label by itself in alphabetical order.

    Example:
        >>> together, _ = score([[Span(0, 2, "PER"), Span(4, 5, "LOC")]], [[Span(0, 2, "PER"), Span(3, 5, "LOC")]])
        >>> together.precision, together.recall, together.f1
        (0.5, 0.5, 0.5)
    """
    counts: tuple[Counter[str], Counter[str], Counter[str]] = (Counter(), Counter(), Counter())
    for those, these in zip(actual, answered, strict=True):
        sets = set(those), set(these)
        for counter, spans in zip(counts, (*sets, sets[0] & sets[1]), strict=True):
            counter.update(span.label for span in spans)
    labels = sorted(counts[0] | counts[1])
    each = {label: Score(*(counter[label] for counter in counts)) for label in labels}
    return Score(*(counter.total() for counter in counts)), each


def scores_of(sentences: Sequence[Sentence], found: Mapping[str, Sequence[Iterable[Span]]]) -> Scores:
    """What each sentence adds to F1: twice the right ones, and all that are there or were answered.

    Args:
        sentences: with the entities that they have.
        found: those that each method answered.
    """
    counts = {}
    for method, spans in found.items():
        pairs = [(set(one.spans), set(answered)) for one, answered in zip(sentences, spans, strict=True)]
        counts[method] = np.array([(2 * len(those & these), len(those) + len(these)) for those, these in pairs], float)
    shown = [
        Shown(" ".join(one.words), _in_words(one.words, one.spans), _in_words(one.words, sorted(answered)))
        for one, answered in zip(sentences, found[MODEL], strict=True)
    ]
    return Scores("f1", "max", counts, shown)


def _in_words(words: Sequence[str], spans: Iterable[Span]) -> str:
    return ", ".join(f"{' '.join(words[span.start : span.end])} ({span.label})" for span in spans) or "none"
