"""A fixed vocabulary: words to numbers and one-hot vectors, and back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from throughtime.errors import ArgumentError, DataError
from throughtime.storage.written import readable

PADDING, UNKNOWN, BEGIN, END = "<pad>", "<unk>", "<bos>", "<eos>"
MARKS = (PADDING, UNKNOWN, BEGIN, END)


class Vocabulary:
    """The words that a model knows; the first four stand for padding, unknown words, begin and end.

    Args:
        words: the words after the four marks, each once.

    Example:
        >>> vocabulary = Vocabulary.fit([["a", "good", "film"], ["a", "bad", "film"]], min_count=2)
        >>> vocabulary.words
        ['<pad>', '<unk>', '<bos>', '<eos>', 'a', 'film']
        >>> vocabulary.encode(["a", "good", "film"]).tolist()
        [4, 1, 5]
    """

    padding, unknown, begin, end = range(4)

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.words = [*MARKS, *words]
        self._ids = {word: index for index, word in enumerate(self.words)}
        if len(self._ids) != len(self.words):
            twice = next(word for word, count in Counter(self.words).items() if count > 1)
            raise ArgumentError(f"found the word {twice!r} twice in a vocabulary, expected each once")

    @classmethod
    def fit(cls, texts: Iterable[Iterable[str]], max_size: int | None = None, min_count: int = 1) -> Vocabulary:
        """The most frequent words of some texts; equally frequent ones in alphabetical order.

        Args:
            texts: words of each text.
            max_size: V at most, marks included; None: no limit.
            min_count: rarer words are left out.

        Raises:
            ArgumentError: no room for the marks, or a count below 1.
        """
        if min_count < 1 or (max_size is not None and max_size < len(MARKS)):
            raise ArgumentError(
                f"found max_size={max_size}, min_count={min_count}, expected at least {len(MARKS)} and at least 1"
            )
        counts = Counter(word for text in texts for word in text)
        kept = (word for word, count in counts.items() if count >= min_count and word not in MARKS)
        ordered = sorted(kept, key=lambda word: (-counts[word], word))
        return cls(ordered if max_size is None else ordered[: max_size - len(MARKS)])

    def extended(self, words: Iterable[str], max_size: int | None = None) -> Vocabulary:
        """This vocabulary and those of some more words that it does not hold yet, in their order, up to a size."""
        new = list(dict.fromkeys(word for word in words if word not in self._ids))
        room = None if max_size is None else max(0, max_size - len(self))
        return Vocabulary([*self.words[len(MARKS) :], *new[:room]])

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def index(self, word: str) -> int:
        """The number of a word, that of <unk> if it is not known."""
        return self._ids.get(word, self.unknown)

    def encode(self, words: Iterable[str], *, marks: bool = False) -> np.ndarray:
        """Numbers of words, int64 (T,); with `marks`, begin and end around them (T + 2,)."""
        ids = [self._ids.get(word, self.unknown) for word in words]
        return np.array([self.begin, *ids, self.end] if marks else ids, dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The words of numbers, without padding, begin and end.

        Raises:
            ArgumentError: a number that no word has.
        """
        found = []
        for index in map(int, ids):
            if not 0 <= index < len(self):
                raise ArgumentError(f"found word number {index}, expected 0 to {len(self) - 1}")
            if index not in (self.padding, self.begin, self.end):
                found.append(self.words[index])
        return found

    def one_hot(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """One-hot vectors, float32 (..., V), of numbers (...,); padding is all zeros."""
        ids = np.asarray(ids, dtype=np.int64)
        vectors = np.zeros((*ids.shape, len(self)), dtype=np.float32)
        np.put_along_axis(vectors, ids[..., None], (ids != self.padding).astype(np.float32)[..., None], axis=-1)
        return vectors

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(self.words[len(MARKS) :], ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or something else.
        """
        with readable(path, "vocabulary", "a JSON list of words"):
            words = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise DataError(path, "something else", "a JSON list of words")
        return cls(words)
