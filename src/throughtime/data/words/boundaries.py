"""Words by Unicode's word boundaries (UAX 29): the one place that says what belongs to a word.

A letter has with it what extends it: combining marks (vowel signs, points, accents), joiners, soft hyphens. UAX 29 is
meant to be tailored, and is, in four places:

- A full stop or colon between letters ends a word ("the end.Then").
- Scripts of South-East Asia, for whose words UAX 29 points to dictionaries, stay together between spaces.
- A hyphen between letters may belong to the word (`hyphens=False`).
- English contractions may come apart as in the Penn Treebank, "is n't" (`clitics=True`): pretrained vectors know them
  so, and a negation becomes a word of its own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from throughtime.errors import MissingExtraError

_EXTENDS = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*"
LETTER = rf"[\p{{WB=ALetter}}\p{{WB=Hebrew_Letter}}\p{{LB=SA}}]{_EXTENDS}"
"""A letter with all that extends it, for the package regex."""
DIGIT = rf"\p{{WB=Numeric}}{_EXTENDS}"
"""A digit likewise."""
MARK = (
    rf"\.{{2,}}|\p{{WB=Regional_Indicator}}{{2}}|(?:\p{{WB=Katakana}}{_EXTENDS})+|"
    rf"[^\s\p{{WB=Format}}\u200b-\u200d\ufe0e\ufe0f]{_EXTENDS}(?:(?<=\u200d)\p{{Extended_Pictographic}}{_EXTENDS})*"
)
"""What stands between words: a mark, an emoji with all its parts, a flag, an ideograph, Katakana or dots in a row."""
ASCII_LETTER, ASCII_DIGIT, ASCII_MARK = "[A-Za-z]", "[0-9]", r"\.{2,}|[^\s]"
"""The same for text in ASCII alone, for `re`, which is several times as fast."""
UNSEEN = "\u00ad\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
"""Soft hyphen, marks of direction, no-break spaces without width: they part no words, and change none."""
_APOSTROPHE = r"['’]"
_MIDDLE = r"[·\u05f4\u2027]"
"""What else joins letters: Catalan's middle dot, Hebrew's gershayim, the point of hyphenation."""
_CLITICS = "s|re|ve|ll|d|m"


def word(letter: str = LETTER, digit: str = DIGIT, *, hyphens: bool, clitics: bool) -> str:
    """The pattern of a word or number.

    Args:
        letter: pattern of a letter.
        digit: pattern of a digit.
        hyphens: whether hyphens inside words come apart ("Paris-based": three).
        clitics: whether contractions come apart ("does|n't", "Paris|'s").
    """
    unit = rf"(?:{letter}|_|{digit}(?:[.,'’](?={digit}))?)"
    inner = rf"(?:{_APOSTROPHE}(?!(?:{_CLITICS})(?!{unit}))|{_MIDDLE})" if clitics else f"(?:{_APOSTROPHE}|{_MIDDLE})"
    found = rf"{unit}+(?:{inner}{unit}+)*"
    if not hyphens:
        found = rf"{found}(?:[-‐‑]{found})*"
    if clitics:
        negation = rf"n{_APOSTROPHE}t(?!{unit})"
        clitic = rf"{_APOSTROPHE}(?:{_CLITICS})(?!{unit})"
        found = rf"{negation}|{clitic}|{unit}+?(?={negation})|{found}"
    return found


@cache
def compiled(pattern: str) -> Any:
    """A pattern with properties of Unicode, which `re` has not.

    Raises:
        MissingExtraError: regex is missing.
    """
    try:
        import regex
    except ImportError as error:
        raise MissingExtraError("regex", "words", "finding words by Unicode's boundaries") from error
    return regex.compile(pattern)
