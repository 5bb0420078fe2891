"""A text too long to be translated at once, in parts: sentences, else clauses, else as many words as fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain

_SENTENCE_ENDS = re.compile(r".*[.!?…。！？][\"'”’»)\]]*", re.DOTALL)
_CLAUSE_ENDS = re.compile(r".*[,;:，；：–—][\"'”’»)\]]*", re.DOTALL)


def split_text(text: str, size_of: Callable[[str], int], most: int) -> list[str]:
    """The parts of a text, in order; together they are all its words.

    A part is a sentence; one of more than `most` is cut after as many of its clauses, or else words, as fit; a word
    without end is cut in letters.

    Args:
        text: a text of more than `most`.
        size_of: in how many pieces a word is read.
        most: pieces that a part may have.

    Example:
        >>> split_text("He came. She saw, he won and they went home.", lambda word: 1, 5)
        ['He came.', 'She saw,', 'he won and they went', 'home.']
    """
    size = cache(size_of)
    words = [piece for word in text.split() for piece in _cut(word, size, most)]
    parts = []
    for sentence in _groups(words, _SENTENCE_ENDS):
        if sum(map(size, sentence)) <= most:
            parts.append(sentence)
            continue
        clauses = _groups(sentence, _CLAUSE_ENDS)
        fitting = chain.from_iterable(_packed(([word] for word in clause), size, most) for clause in clauses)
        parts += _packed(fitting, size, most)
    return [" ".join(part) for part in parts]


def _cut(word: str, size: Callable[[str], int], most: int) -> Iterator[str]:
    """A word that fits, or its letters in pieces that do: no letter is read in more than four."""
    step = len(word) if size(word) <= most else max(1, most // 4)
    for start in range(0, len(word), step):
        yield word[start : start + step]


def _groups(words: Iterable[str], ends: re.Pattern[str]) -> Iterator[list[str]]:
    """The words up to each that ends a group."""
    group: list[str] = []
    for word in words:
        group.append(word)
        if ends.fullmatch(word):
            yield group
            group = []
    if group:
        yield group


def _packed(pieces: Iterable[list[str]], size: Callable[[str], int], most: int) -> Iterator[list[str]]:
    """Neighbouring pieces together, as long as there is room."""
    part: list[str] = []
    room = most
    for piece in pieces:
        needed = sum(map(size, piece))
        if part and needed > room:
            yield part
            part, room = [], most
        part = part + piece
        room -= needed
    if part:
        yield part
