"""How sentences with entities are disturbed; each entity stays whole, and its label with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.words.disturbed import Change
from throughtime.tasks.base.conditions import Condition, Conditions, conditions_of_text
from throughtime.tasks.entities.corpora.sentence import Sentence, Span


class DisturbedSentences(Conditions[Sentence]):
    """Sentences whose entities move with their words."""

    def conditions(self, room: Path) -> Sequence[Condition[Sentence]]:
        """Those of all texts."""
        return conditions_of_text(disturbed)

    def question(self, example: Sentence) -> Any:
        """Its words."""
        return example.words


def disturbed(sentence: Sentence, change: Change, percent: float, random: np.random.Generator) -> Sentence:
    """A sentence in which words that are an entity stay together.

    Example:
        >>> from throughtime.data.words.disturbed import CHANGES
        >>> sentence = Sentence(("In", "New", "York", "now"), (Span(1, 3, "LOC"),), Path("a"), 1)
        >>> swapped = disturbed(sentence, CHANGES[1], 100, np.random.default_rng(0))
        >>> swapped.words, swapped.spans
        (('New', 'York', 'In', 'now'), (Span(start=0, end=2, label='LOC'),))
    """
    labels: list[str | None] = []
    units: list[Sequence[str]] = []
    place = 0
    for span in (*sentence.spans, Span(len(sentence.words), len(sentence.words), "")):
        units += [[word] for word in sentence.words[place : span.start]]
        labels += [None] * (span.start - place)
        if span.end > span.start:
            units.append(sentence.words[span.start : span.end])
            labels.append(span.label)
        place = span.end
    words: list[str] = []
    spans = []
    for number, those in change.units(units, percent / 100, random):
        label = None if number is None else labels[number]
        if label is not None:
            spans.append(Span(len(words), len(words) + len(those), label))
        words += those
    return replace(sentence, words=tuple(words), spans=tuple(spans))
