"""From sentences of words to the entities in them, each with its probability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from throughtime.tasks.entities.corpora.schemes import Scheme, spans_of, split_tag, tags_of
from throughtime.tasks.entities.corpora.sentence import Span
from throughtime.tasks.entities.features import Features

if TYPE_CHECKING:
    from torch import Tensor

    from throughtime.data.batch import Batch
    from throughtime.models.tagger import Tagger

EVALUATION_BATCH = 64
"""Sentences that are answered together."""


LONGEST_PART = 1_000
"""Words of a text that are answered at once: memory grows with them."""
_ENDS = frozenset(".!?…。！？")


class Answer(NamedTuple):
    """The entities of a sentence.

    Args:
        spans: in order, by words.
        probabilities: of each; empty where they were not asked for.
    """

    spans: Sequence[Span]
    probabilities: Sequence[float]


def answer(
    tagger: Tagger, features: Features, sentences: Sequence[Sequence[str]], *, probabilities: bool = False
) -> list[Answer]:
    """Find the entities of sentences given as words (at least one each).

    Args:
        tagger: put in evaluation mode.
        features: those that it was trained with.
        sentences: in any order; they are run by length.
        probabilities: also say how sure the model is of each.
    """
    import torch

    if not sentences:
        return []
    tagger.eval()
    device = next(tagger.parameters()).device
    order = sorted(range(len(sentences)), key=lambda number: len(sentences[number]))
    numbers = iter(order)
    found = [Answer((), ())] * len(sentences)
    tags = features.tags
    with torch.no_grad():
        for batch in features.loader([sentences[number] for number in order], EVALUATION_BATCH).epoch(0):
            here = batch.to(device)
            scores = tagger(here).float()
            best = tagger.best(scores, here["lengths"]).tolist()
            spans = [
                spans_of([tags[k] for k in row[:length]])
                for row, length in zip(best, batch["lengths"].tolist(), strict=True)
            ]
            sure = _probabilities(tagger, features, scores, here, spans) if probabilities else [[] for _ in spans]
            for these, those in zip(spans, sure, strict=True):
                found[next(numbers)] = Answer(these, those)
    return found


def parts_of(words: Sequence[str]) -> list[Sequence[str]]:
    """The words of a text in parts that are answered one by one: it itself, or, of one with more than `LONGEST_PART`,
    as many sentences as fit; nothing of a text without words.

    Example:
        >>> [len(part) for part in parts_of(["so", "."] * 600)]
        [1000, 200]
    """
    parts, start = [], 0
    while len(words) - start > LONGEST_PART:
        most = start + LONGEST_PART
        ends = (place + 1 for place in range(most - 1, start, -1) if words[place] in _ENDS)
        stop = next(ends, most)
        parts.append(words[start:stop])
        start = stop
    return [*parts, words[start:]] if start < len(words) else parts


def joined(answers: Sequence[Answer], lengths: Sequence[int]) -> Answer:
    """The answers of a text's parts, of so many words each, as that of the whole."""
    spans, start = [], 0
    for one, length in zip(answers, lengths, strict=True):
        spans += [Span(span.start + start, span.end + start, span.label) for span in one.spans]
        start += length
    return Answer(spans, [probability for one in answers for probability in one.probabilities])


def _probabilities(
    tagger: Tagger, features: Features, scores: Tensor, batch: Batch, spans: Sequence[Sequence[Span]]
) -> list[list[float]]:
    """p(this entity | sentence) of each: that just these words, no more and no less, have that label."""
    import torch

    rows = [row for row, found in enumerate(spans) for _ in found]
    if not rows:
        return [[] for _ in spans]
    lengths, steps = batch["lengths"].tolist(), scores.shape[1]
    tags, scheme = features.tags, features.settings.tagging
    masks = [
        possible_tags(span, lengths[row], steps, tags, scheme) for row, found in enumerate(spans) for span in found
    ]
    places = torch.tensor(rows, device=scores.device)
    possible = torch.from_numpy(np.stack(masks)).to(scores.device)
    sure = iter(tagger.probability(scores[places], batch["lengths"][places], possible).clamp(0, 1).tolist())
    return [[next(sure) for _ in found] for found in spans]


def possible_tags(span: Span, length: int, steps: int, tags: Sequence[str], scheme: Scheme) -> np.ndarray:
    """Which tags each word may have if a sentence has a certain entity, bool (steps, K).

    Args:
        span: the entity.
        length: words of the sentence.
        steps: of the padded batch.
        tags: K tags of a scheme.
        scheme: it, one in which an entity is written in one way only (not IOB1).

    Example:
        >>> possible_tags(Span(0, 1, "X"), 3, 3, ["O", "B-X", "I-X"], "IOB2").astype(int).tolist()
        [[0, 1, 0], [1, 1, 0], [1, 1, 1]]
    """
    parts = [split_tag(tag) for tag in tags]
    same = np.array([label == span.label for _, label in parts])
    written = tags_of([span], length, scheme)
    possible = np.ones((steps, len(tags)), dtype=bool)
    for place in range(span.start, span.end):
        possible[place] = [part == split_tag(written[place]) for part in parts]
    if span.end < length and split_tag(written[span.end - 1])[0] not in ("E", "S"):
        possible[span.end] = ~(same & np.array([letter in ("I", "E") for letter, _ in parts]))
    if span.start > 0 and split_tag(written[span.start])[0] == "I":
        possible[span.start - 1] = ~same
    return possible
