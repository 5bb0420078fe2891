"""How a file writes its tags: B-PER as the field does, or b-per, B_PER, PER-B, B without a label, PERSON alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from throughtime.tasks.entities.corpora.schemes import OUTSIDE

NAMELESS = "entity"
"""The label of tags that have none."""
_MOST_LABELS = 100  # bare ones: of more, the column is something else
_OUTSIDE = ("O", "o", "_")
_LETTERS = "BIESLUMW"
_BEGINNERS = frozenset("BISUW")  # no scheme does without one of these
_STANDARD = re.compile(rf"([{_LETTERS}])-(.+)")
_JOINED = re.compile(rf"([{_LETTERS}])([-_:/|.+])(.+)", re.IGNORECASE)
_LETTER_LAST = re.compile(rf"(.+)([-_:/|.+])([{_LETTERS}])", re.IGNORECASE)
_LABEL = re.compile(r"(?=.*[^\W\d_])\w[\w &/+.:'-]*")


@dataclass(frozen=True)
class Notation:
    """How all the tags of a file are to be read.

    Args:
        tags: each tag as it is written: as `schemes` writes it.
        said: how they differ from O and B-PER; "": not at all.
        bare: labels without a letter, which any column of few words looks like.
    """

    tags: Mapping[str, str]
    said: str = ""
    bare: bool = False


def notation_of(kinds: Iterable[str]) -> Notation | None:
    """The notation of the tags of a file; None: these are no tags.

    Args:
        kinds: all the different tags there are.

    Example:
        >>> for kinds in (["O", "B-PER"], ["o", "b-per"], ["O", "PER_I"], ["O", "B", "I"], ["O", "PERSON"]):
        ...     print(dict(notation_of(kinds).tags))
        {'O': 'O', 'B-PER': 'B-PER'}
        {'o': 'O', 'b-per': 'B-per'}
        {'O': 'O', 'PER_I': 'I-PER'}
        {'O': 'O', 'B': 'B-entity', 'I': 'I-entity'}
        {'O': 'O', 'PERSON': 'I-PERSON'}
    """
    kinds = sorted(set(kinds))
    outside = {kind: OUTSIDE for kind in kinds if kind in _OUTSIDE}
    inside = [kind for kind in kinds if kind not in _OUTSIDE]
    if all(_STANDARD.fullmatch(kind) for kind in inside):
        odd = [repr(kind) for kind in outside if kind != OUTSIDE]
        said = f"{' and '.join(odd)}: outside of all entities" if odd else ""
        return Notation(outside | {kind: kind for kind in inside}, said)
    if joined := _matches(_JOINED, inside, letter=1):
        return Notation(outside | {one[0]: f"{one[1].upper()}-{one[3]}" for one in joined}, _difference(joined))
    if joined := _matches(_LETTER_LAST, inside, letter=3):
        said = f"the letter last, as in {joined[0][0]!r}"
        return Notation(outside | {one[0]: f"{one[3].upper()}-{one[1]}" for one in joined}, said)
    if all(kind.upper() in _LETTERS and len(kind) == 1 for kind in inside):
        said = f"letters without a label ({', '.join(inside)}): all are called {NAMELESS!r}"
        return Notation(outside | {kind: f"{kind.upper()}-{NAMELESS}" for kind in inside}, said)
    words = all(_LABEL.fullmatch(kind) for kind in inside)
    if len(inside) <= _MOST_LABELS and words and not any(_STANDARD.fullmatch(kind) for kind in inside):
        said = "labels without a letter: read as IO"
        return Notation(outside | {kind: f"I-{kind}" for kind in inside}, said, bare=True)
    return None


def _matches(pattern: re.Pattern[str], kinds: Iterable[str], letter: int) -> list[re.Match[str]]:
    """All of them, if all match with letters that a scheme could have; else none."""
    found = [pattern.fullmatch(kind) for kind in kinds]
    matches = [one for one in found if one is not None]
    letters = {one[letter].upper() for one in matches}
    return matches if len(matches) == len(found) and letters & _BEGINNERS else []


def _difference(matches: Iterable[re.Match[str]]) -> str:
    """How letters with labels after them differ from B-PER."""
    odd = next(one for one in matches if one[2] != "-" or one[1].islower())
    differences = ["in lower case"] * odd[1].islower() + [f"joined by {odd[2]!r}"] * (odd[2] != "-")
    return f"letters {' and '.join(differences)}, as in {odd[0]!r}"
