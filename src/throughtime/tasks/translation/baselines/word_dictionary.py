"""A dictionary learned from translations: which word goes with which, by IBM Model 1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.progress import counted
from throughtime.errors import DataError
from throughtime.storage.written import readable

_ITERATIONS = 8
_LARGEST = 10_000_000


class WordDictionary:
    """The most probable translation of each word, argmax_e t(e | f) (Brown et al. 1993, Model 1).

    p(e<1..T> | f<1..S>) = Π_j Σ_i t(e<j> | f<i>) / (S + 1), f<0> being the empty word; t by expectation maximisation.

    Args:
        words: word -> its translation.

    Example:
        >>> pairs = [(["en", "ged"], ["a", "goat"]), (["en", "kat"], ["a", "cat"])]
        >>> WordDictionary.fit(pairs).translate(["kat", "en", "hund"])
        ['cat', 'a', 'hund']
    """

    def __init__(self, words: dict[str, str]) -> None:
        self.words = words

    @classmethod
    def fit(cls, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> WordDictionary:
        """Learn from sentences and their translations, in words; from the first 10 million pairs of words."""
        source: dict[str, int] = {"": 0}  # the empty word
        target: dict[str, int] = {}
        ones, others, places, size = [], [], [], 0
        for read, said in pairs:
            f = np.array([0, *(source.setdefault(word, len(source)) for word in read)], dtype=np.int64)
            e = np.array([target.setdefault(word, len(target)) for word in said], dtype=np.int64)
            ones.append(np.tile(f, len(e)))
            others.append(np.repeat(e, len(f)))
            places.append(np.repeat(np.arange(size, size + len(e)), len(f)))
            size += len(e)
            if size * 10 > _LARGEST:
                break
        if not size:
            return cls({})
        f, e, place = (np.concatenate(part) for part in (ones, others, places))
        keys, cell = np.unique(f * len(target) + e, return_inverse=True)
        t = _maximise(cell, keys // len(target), place)
        names, said_words = list(source), list(target)
        # ascending by probability, so that of equals and lesser ones the last, the best, remains
        best = {int(keys[k]) // len(target): int(keys[k]) % len(target) for k in np.argsort(t, kind="stable")}
        best.pop(0, None)
        return cls({names[f]: said_words[e] for f, e in sorted(best.items())})

    def translate(self, words: Sequence[str]) -> list[str]:
        """Word by word, in the same order; an unknown word stays as it is."""
        return [self.word(word) for word in words]

    def word(self, word: str) -> str:
        """The translation of one word, in lower case if it is known only so; an unknown word itself."""
        return self.words.get(word) or self.words.get(word.lower()) or word

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(self.words, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> WordDictionary:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or something else.
        """
        with readable(path, "dictionary", "the one that training wrote"):
            words = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
            raise DataError(path, "something else", "a JSON object of words")
        return cls(words)


def _maximise(cell: np.ndarray, source: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Expectation maximisation from equal t.

    Args:
        cell: (N,), for each pair of a source word and a target word in one sentence, which t it is.
        source: (K,), the source word of each t.
        place: (N,), which target word's place in the text the pair belongs to.

    Returns:
        t, (K,), adding up to 1 for each source word.
    """
    t = np.ones(len(source))
    for _ in counted(range(_ITERATIONS), "fitting the word dictionary"):
        share = t[cell]
        share /= np.bincount(place, share)[place]
        count = np.bincount(cell, share, minlength=len(source))
        t = count / np.bincount(source, count)[source]
    return t
