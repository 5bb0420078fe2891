"""Entities as one tag a word: IO, IOB1, IOB2 and IOBES (which BILOU and BMES are, under other letters)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

from throughtime.errors import ArgumentError
from throughtime.tasks.entities.corpora.sentence import Span

Scheme = Literal["IO", "IOB1", "IOB2", "IOBES"]
OUTSIDE = "O"
PREFIXES: dict[Scheme, str] = {"IO": "I", "IOB1": "BI", "IOB2": "BI", "IOBES": "BIES"}
"""The letters of each scheme: begins, inside, ends, single."""
# BILOU has last and unit, BMES (BMEWO) has middle and whole
_OTHER_LETTERS = {"L": "E", "U": "S", "M": "I", "W": "S"}


def split_tag(tag: str) -> tuple[str, str]:
    """The letter and the label of a tag; ("O", "") outside of entities.

    Raises:
        ArgumentError: neither O nor a letter, a hyphen and a label.

    Example:
        >>> split_tag("B-person"), split_tag("U-creative-work"), split_tag("O")
        (('B', 'person'), ('S', 'creative-work'), ('O', ''))
    """
    if tag == OUTSIDE:
        return OUTSIDE, ""
    letter, hyphen, label = tag.partition("-")
    letter = _OTHER_LETTERS.get(letter, letter)
    if letter not in ("B", "I", "E", "S") or not hyphen or not label:
        raise ArgumentError(f"found the tag {tag!r}, expected O or one such as B-person")
    return letter, label


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The entities that tags of any scheme stand for, read as conlleval does (Tjong Kim Sang and Buchholz 2000).

    One begins at B and S, after O, after E and S, and where the label changes; so tags that break a scheme's rules mean
    something, too.

    Example:
        >>> spans_of(["I-PER", "I-PER", "O", "B-LOC", "B-LOC"])
        [Span(start=0, end=2, label='PER'), Span(start=3, end=4, label='LOC'), Span(start=4, end=5, label='LOC')]
    """
    spans: list[Span] = []
    letter_before, label_before, start = OUTSIDE, "", 0
    for place, tag in enumerate([*tags, OUTSIDE]):
        letter, label = split_tag(tag)
        begins = letter in ("B", "S") or letter_before in (OUTSIDE, "E", "S") or label != label_before
        if begins and letter_before != OUTSIDE:
            spans.append(Span(start, place, label_before))
        if begins:
            start = place
        letter_before, label_before = letter, label
    return spans


def tags_of(spans: Iterable[Span], length: int, scheme: Scheme) -> list[str]:
    """The tags of a sentence of so many words; in IO, neighbours of one label melt into one.

    Raises:
        ArgumentError: spans that overlap, are empty, or lie outside the sentence.

    Example:
        >>> tags_of([Span(0, 2, "PER"), Span(2, 3, "PER")], 4, "IOBES")
        ['B-PER', 'E-PER', 'S-PER', 'O']
        >>> tags_of([Span(0, 2, "PER"), Span(2, 3, "PER")], 4, "IOB1")
        ['I-PER', 'I-PER', 'B-PER', 'O']
    """
    tags = [OUTSIDE] * length
    before = Span(0, 0, "")
    for span in sorted(spans):
        if not before.end <= span.start < span.end <= length:
            raise ArgumentError(f"found {span} after {before} in {length} words, expected spans apart and inside")
        letters = ["I"] * (span.end - span.start)
        if scheme in ("IOB2", "IOBES") or (scheme == "IOB1" and before[1:] == (span.start, span.label)):
            letters[0] = "B"
        if scheme == "IOBES":
            letters[-1] = "S" if len(letters) == 1 else "E"
        tags[span.start : span.end] = [f"{letter}-{span.label}" for letter in letters]
        before = span
    return tags


def convert(tags: Sequence[str], scheme: Scheme) -> list[str]:
    """The same entities in another scheme.

    Example:
        >>> convert(["I-LOC", "I-LOC", "O"], "IOBES")
        ['B-LOC', 'E-LOC', 'O']
    """
    return tags_of(spans_of(tags), len(tags), scheme)


def detect(sequences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme that the tags of some sentences follow; of IOB1 and IOB2, the one whose rules they break less often.

    Tags that are the same in several schemes (only I and O) are called IO.

    Example:
        >>> detect([["I-PER", "B-PER", "O"]]), detect([["B-PER", "I-PER", "B-LOC"]]), detect([["O", "I-PER"]])
        ('IOB1', 'IOB2', 'IO')
    """
    letters: set[str] = set()
    breaks: dict[Scheme, int] = {"IOB1": 0, "IOB2": 0}
    for tags in sequences:
        letters.update(split_tag(tag)[0] for tag in tags)
        for scheme in breaks:
            breaks[scheme] += sum(a != b for a, b in zip(tags, convert(tags, scheme), strict=True))
    if letters & {"E", "S"}:
        return "IOBES"
    if "B" not in letters:
        return "IO"
    return "IOB1" if breaks["IOB1"] < breaks["IOB2"] else "IOB2"


def first_break(tags: Sequence[str], scheme: Scheme) -> int | None:
    """The first word whose tag a scheme would write in another way; None: they follow it.

    Example:
        >>> first_break(["O", "I-PER"], "IOB2"), first_break(["O", "U-PER"], "IOBES")
        (1, None)
    """
    for place, (tag, right) in enumerate(zip(tags, convert(tags, scheme), strict=True)):
        if split_tag(tag) != split_tag(right):
            return place
    return None


def breaks(tags: Sequence[str], scheme: Scheme) -> list[int]:
    """The words whose tag a scheme does not allow after the one before; the length, where it does not allow the end.

    Example:
        >>> breaks(["O", "I-PER", "B-LOC", "I-PER"], "IOB2"), breaks(["B-PER"], "IOBES"), breaks(["I-PER"], "IO")
        ([1, 3], [1], [])
    """
    pairs = zip([OUTSIDE, *tags], [*tags, OUTSIDE], strict=True)
    return [place for place, (before, after) in enumerate(pairs) if not _allows(before, after, scheme)]


@lru_cache(maxsize=10_000)
def _allows(before: str, after: str, scheme: Scheme) -> bool:
    return _may_follow(split_tag(before), split_tag(after), scheme)


def all_tags(labels: Iterable[str], scheme: Scheme) -> list[str]:
    """Every tag that there is for some labels: O first.

    Example:
        >>> all_tags(["LOC", "PER"], "IOB2")
        ['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER']
    """
    return [OUTSIDE, *(f"{letter}-{label}" for label in labels for letter in PREFIXES[scheme])]


def rules(tags: Sequence[str], scheme: Scheme) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which moves between K tags the scheme allows.

    Args:
        tags: K tags of it.
        scheme: IO and IOB1 allow all moves between what they write.

    Returns:
        bool (K, K): whether a tag (row) may be followed by another (column); bool (K,): whether a sentence may begin
        with it; bool (K,): whether it may end with it.
    """
    border = OUTSIDE, ""
    parts = [split_tag(tag) for tag in tags]
    moves = np.array([[_may_follow(a, b, scheme) for b in parts] for a in parts], dtype=bool)
    first = np.array([_may_follow(border, tag, scheme) for tag in parts], dtype=bool)
    last = np.array([_may_follow(tag, border, scheme) for tag in parts], dtype=bool)
    return moves, first, last


def _may_follow(before: tuple[str, str], after: tuple[str, str], scheme: Scheme) -> bool:
    if scheme == "IO":
        return True
    if scheme == "IOB1":  # B is for a second entity of the same label, right after the first
        return after[0] != "B" or before[1] == after[1]
    if scheme == "IOB2":
        return after[0] != "I" or before[1] == after[1]
    goes_on = after[0] in ("I", "E")
    is_open = before[0] in ("B", "I")
    return goes_on == is_open and (not goes_on or before[1] == after[1])
