"""The simple method beside a translator: the translation of the most similar sentence that is known."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.words.splitting import Version, split_sentence
from throughtime.storage.written import readable

_LARGEST = 50_000


class TranslationMemory:
    """Answers with the translation of the source sentence whose words are most alike: the cosine of their tf-idf.

    Args:
        sources: sentences; the first 50,000 are kept.
        targets: their translations.
        splitting: how words are found.

    Example:
        >>> memory = TranslationMemory(["En ged løb.", "En kat sov."], ["A goat ran.", "A cat slept."])
        >>> memory.nearest("Min kat sov.")
        'A cat slept.'
    """

    def __init__(self, sources: Sequence[str], targets: Sequence[str], splitting: Version = "unicode") -> None:
        self.splitting = splitting
        self.sources, self.targets = list(sources[:_LARGEST]), list(targets[:_LARGEST])
        bags = [self._bag(source) for source in self.sources]
        holds: dict[str, list[int]] = defaultdict(list)
        for index, bag in enumerate(bags):
            for word in bag:
                holds[word].append(index)
        self._holds = {word: np.array(rows) for word, rows in holds.items()}
        self._idf = {word: math.log(1 + len(bags) / len(rows)) for word, rows in holds.items()}
        squares = (sum(self._idf[word] ** 2 for word in bag) for bag in bags)
        self._lengths = np.sqrt(np.fromiter(squares, dtype=float, count=len(bags))).clip(min=1e-9)

    def nearest(self, sentence: str) -> str:
        """The translation of the most similar sentence; of equals the first."""
        if not self.targets:
            return ""
        likeness = np.zeros(len(self.sources))
        for word in self._bag(sentence):
            if word in self._holds:
                likeness[self._holds[word]] += self._idf[word] ** 2
        return self.targets[int((likeness / self._lengths).argmax())]

    def _bag(self, sentence: str) -> list[str]:
        """Its words, each once, in an order that every process has: sums of weights are rounded alike then."""
        return sorted({word.lower() for word in split_sentence(sentence, self.splitting)})

    def save(self, path: Path) -> None:
        """Write the pairs as JSON."""
        path.write_text(json.dumps([self.sources, self.targets], ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path, splitting: Version = "unicode") -> TranslationMemory:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or something else.
        """
        with readable(path, "translation memory", "the one that training wrote"):
            sources, targets = json.loads(path.read_text(encoding="utf-8"))
            return cls(sources, targets, splitting)
