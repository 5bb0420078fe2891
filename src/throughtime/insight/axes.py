"""Word vectors on axes that have names: Gender from he to she, Age from young to old."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throughtime.data.words.space import WordSpace
from throughtime.errors import ArgumentError, ThroughtimeError

_USUAL = 5_000  # words, the most frequent ones, whose mean is 0 on an axis with one end


@dataclass(frozen=True)
class Axis:
    """A direction between two groups of words, or from what is usual to one group.

    Args:
        name: for people.
        low: words at -1; none: 0 is the mean of the 5,000 most frequent words.
        high: words at 1.

    Example:
        >>> Axis.parse("Age=young,new:old")
        Axis(name='Age', low=('young', 'new'), high=('old',))
        >>> Axis.parse("Food=bread,cheese").low
        ()
    """

    name: str
    low: tuple[str, ...]
    high: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Axis:
        """An axis as it is written on a command line: NAME=LOW,LOW:HIGH,HIGH or NAME=HIGH,HIGH.

        Raises:
            ArgumentError: it is written otherwise.
        """
        name, _, groups = text.partition("=")
        sides = [tuple(word.strip() for word in side.split(",")) for side in groups.split(":")]
        if not name or len(sides) > 2 or not all(word for side in sides for word in side):
            raise ArgumentError(f"found the axis {text!r}, expected one like Age=young,new:old or Food=bread,cheese")
        return cls(name, sides[0] if len(sides) == 2 else (), sides[-1])


LECTURE = (
    Axis(
        "Gender",
        ("he", "him", "his", "boy", "father", "son", "brother", "uncle"),
        ("she", "her", "hers", "girl", "mother", "daughter", "sister", "aunt"),
    ),
    Axis("Royal", (), ("prince", "princess", "monarch", "throne", "crown", "duke", "duchess", "emperor", "empress")),
    Axis(
        "Age",
        ("young", "boy", "girl", "child", "baby", "teenager"),
        ("old", "elderly", "aged", "adult", "grandfather", "grandmother"),
    ),
    Axis("Food", (), ("food", "fruit", "bread", "cheese", "meat", "vegetable", "juice", "banana", "soup")),
)
"""Gender, Royal, Age, Food, by English words; none of those that a lecture would put on them is among them."""
LECTURE_WORDS = ("man", "woman", "king", "queen", "apple", "orange")


def project(space: WordSpace, axes: Iterable[Axis], words: Sequence[str]) -> NDArray[np.float64]:
    """Where words lie on axes: -1 at the mean of an axis' low words, 1 at that of its high ones, and beyond.

    A word that is one of an axis' own is left out of it while it is looked at: it would else be where it is by being
    named.

    Args:
        space: vectors, which are taken at length 1.
        axes: A of them.
        words: W.

    Returns:
        (W, A)

    Raises:
        ThroughtimeError: a word, or each word of an axis' side, has no vector; or an axis has no length.

    Example:
        >>> vectors = np.array([[-3, 4], [3, 4], [0, 5]], dtype=np.float32)
        >>> space = WordSpace(["young", "old", "grey"], vectors)
        >>> project(space, [Axis("Age", ("young",), ("old",))], ["grey"]).tolist()
        [[0.0]]
    """
    found = [[_place(space, axis, space.find(word)) for axis in axes] for word in words]
    return np.array(found, dtype=np.float64)


def _place(space: WordSpace, axis: Axis, row: int) -> float:
    high = _mean(space, axis, axis.high, row)
    if axis.low:
        low = _mean(space, axis, axis.low, row)
        middle, way = (low + high) / 2, (high - low) / 2
    else:
        middle = space.unit[:_USUAL].mean(axis=0, dtype=np.float64)
        way = high - middle
    length = float(way @ way)
    if length < 1e-12:
        raise ThroughtimeError(f"the axis {axis.name}: found both its ends at one place, expected two")
    return float((space.unit[row] - middle) @ way) / length


def _mean(space: WordSpace, axis: Axis, words: Sequence[str], but: int) -> NDArray[np.float64]:
    rows = {found for word in words if (found := space.rows.get(word, space.rows.get(word.lower()))) is not None}
    if not rows - {but}:
        named = ", ".join(words)
        raise ThroughtimeError(f"the axis {axis.name}: found a vector of none of {named}, expected one of another word")
    return np.asarray(space.unit[sorted(rows - {but})].mean(axis=0, dtype=np.float64))


def unknown_of(space: WordSpace, axes: Iterable[Axis]) -> list[str]:
    """The words of axes that have no vector, and so are no part of them."""
    words = (word for axis in axes for word in (*axis.low, *axis.high))
    return [word for word in dict.fromkeys(words) if word not in space.rows and word.lower() not in space.rows]
