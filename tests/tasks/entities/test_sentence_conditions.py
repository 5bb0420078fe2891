"""How sentences with entities are disturbed: their labels go with their words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from throughtime.tasks.entities.conditions import DisturbedSentences
from throughtime.tasks.entities.corpora.sentence import Sentence, Span

WORDS = ("Yesterday", "in", "New", "York", "Ann", "Lee", "met", "Bo", "of", "the", "Red", "Cross", ".")
SPANS = (Span(2, 4, "LOC"), Span(4, 6, "PER"), Span(7, 8, "PER"), Span(9, 12, "ORG"))
SENTENCE = Sentence(WORDS, SPANS, Path("a.conll"), 3, 1)


def names(sentence: Sentence) -> Counter[tuple[str, tuple[str, ...]]]:
    return Counter((span.label, sentence.words[span.start : span.end]) for span in sentence.spans)


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize("condition", DisturbedSentences().conditions(Path()), ids=lambda one: one.name)
def test_entities_stay_whole_and_keep_their_labels(condition: object, severity: int) -> None:
    for found in condition.disturb([SENTENCE] * 30, severity, seed=2):  # type: ignore[attr-defined]
        places = [place for span in found.spans for place in range(span.start, span.end)]
        assert places == sorted(set(places))  # in order, and none overlaps
        assert all(found.words)
        assert (found.path, found.line, found.document) == (SENTENCE.path, 3, 1)
        name = condition.name  # type: ignore[attr-defined]
        if name in ("swapped words", "emoji"):
            assert names(found) == names(SENTENCE)
        else:
            sizes = Counter((span.label, span.end - span.start) for span in found.spans)
            assert sizes == Counter((span.label, span.end - span.start) for span in SPANS)
        if name == "capitals" and severity == 5:
            assert names(found) == Counter(
                (label, tuple(word.upper() for word in words)) for label, words in names(SENTENCE)
            )
