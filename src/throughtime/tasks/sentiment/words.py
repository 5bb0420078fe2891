"""Which words of texts are known, and the vectors that they start with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.words.pretrained import pretrained_vectors, starting_matrix
from throughtime.data.words.vocabulary import Vocabulary
from throughtime.tasks.sentiment.settings import SentimentSettings

_ONE_HOT_WORDS = 5_000
_COVERED = 0.9
"""Share of all words from which on pretrained vectors are kept as they are."""


class FittedWords(NamedTuple):
    """Words and their vectors.

    Args:
        vocabulary: the words that are known.
        matrix: their starting vectors (words, numbers), in half precision; None: one-hot.
        frozen: whether they stay as they are.
    """

    vocabulary: Vocabulary
    matrix: np.ndarray | None
    frozen: bool


def fit_words(
    texts: Sequence[Sequence[str]], settings: SentimentSettings, cache: Path, findings: Findings
) -> FittedWords:
    """The words of texts, rare ones too if they have a pretrained vector, and other words that have one.

    Args:
        texts: those that are learned from, in words.
        settings: how many words, and which vectors.
        cache: a folder for pretrained vectors.
        findings: is told which vectors were taken.
    """
    if settings.embedding == "one-hot":
        most = min(settings.vocabulary_size, _ONE_HOT_WORDS)
        return FittedWords(Vocabulary.fit(texts, most, settings.minimum_count), None, False)
    sources = pretrained_vectors(settings.vectors, cache, findings=findings)
    vocabulary = Vocabulary.fit(texts, settings.vocabulary_size, settings.minimum_count)
    seldom = Vocabulary.fit(texts).words
    for source in sources:
        rare = set(source.words).intersection(seldom)
        vocabulary = vocabulary.extended((word for word in seldom if word in rare), settings.vocabulary_size)
    for source in sources:
        vocabulary = vocabulary.extended(source.words, settings.vocabulary_size)
    matrix = starting_matrix(vocabulary, sources, settings.embedding_size, settings.seed)
    known = {word for source in sources for word in source.words}
    covered = [word in known for text in texts for word in text]
    are_most = sum(covered) >= _COVERED * max(1, len(covered))
    frozen = settings.embedding == "frozen" or (settings.embedding == "auto" and are_most)
    # rounded now, so that a resumed run, which reads them from the folder, starts with the very same ones
    return FittedWords(vocabulary, matrix.astype(np.float16), frozen)
