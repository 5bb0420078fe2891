"""Words as points: which are near each other, and what is to one as others are to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import ArgumentError, ThroughtimeError


class Neighbour(NamedTuple):
    """A word and the cosine of the angle to it."""

    word: str
    cosine: float


@dataclass(frozen=True, eq=False)
class WordSpace:
    """The vectors of some words, or of other symbols that a model has vectors of.

    Args:
        words: (N,), each once; the most frequent first where that is known.
        vectors: (N, D), float32.
        name: what they are: words, source, target.

    Raises:
        ArgumentError: not a vector for each word.

    Example:
        >>> vectors = np.array([[0, 1], [1, 1], [0, 3], [1, 3], [5, 1]], dtype=np.float32)
        >>> space = WordSpace(["man", "woman", "king", "queen", "apple"], vectors)
        >>> space.neighbours("king", 2)[0].word, space.analogy("man", "woman", "king", 1)[0].word
        ('man', 'queen')
    """

    words: Sequence[str]
    vectors: NDArray[np.float32]
    name: str = "words"

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.words) != len(self.vectors):
            found = f"{len(self.words)} words and vectors {self.vectors.shape}"
            raise ArgumentError(f"found {found}, expected one for each")

    def __len__(self) -> int:
        """N."""
        return len(self.words)

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """The vectors at length 1, (N, D); one of zeros stays so."""
        lengths = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        return np.asarray(self.vectors / np.maximum(lengths, np.finfo(np.float32).tiny))

    def find(self, word: str) -> int:
        """The row of a word as it is written, else in small letters, else of the piece that has a space before it.

        Raises:
            ThroughtimeError: it has no vector.
        """
        for written in (word, word.lower(), f"␣{word}"):
            if (row := self.rows.get(written)) is not None:
                return row
        raise ThroughtimeError(
            f"found no vector of {word!r}, expected one of the {len(self):,} {self.name} that have one"
        )

    def neighbours(self, word: str, most: int = 10) -> list[Neighbour]:
        """The words whose vectors point most nearly the same way, the nearest first; not the word itself.

        Raises:
            ThroughtimeError: the word has no vector.
        """
        row = self.find(word)
        return self._nearest(self.unit[row], [row], most)

    def analogy(self, one: str, other: str, third: str, most: int = 5) -> list[Neighbour]:
        """What is to a third word as another is to one (man : woman = king : ?), the most probable first.

        The words nearest to other - one + third, all at length 1, these three left out (Mikolov, Yih and Zweig 2013).

        Raises:
            ThroughtimeError: one of them has no vector.
        """
        a, b, c = rows = [self.find(word) for word in (one, other, third)]
        return self._nearest(self.unit[b] - self.unit[a] + self.unit[c], rows, most)

    def _nearest(self, vector: NDArray[np.float32], but: Sequence[int], most: int) -> list[Neighbour]:
        cosines = self.unit @ (vector / max(float(np.linalg.norm(vector)), 1e-12))
        cosines[list(but)] = -np.inf
        count = max(0, min(most, len(self) - len(set(but))))
        nearest = np.argsort(-cosines, kind="stable")[:count]
        return [Neighbour(self.words[row], float(cosines[row])) for row in nearest]
