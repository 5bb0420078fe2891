"""Text as words: the one splitter that classifiers, taggers, translators, language models and word vectors share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, Literal

from throughtime.data.findings import Findings
from throughtime.data.words import boundaries, earlier

Version = Literal["letters", "unicode"]
"""How words are found: by `boundaries`, or, in runs from before, by letters alone."""
_WITHOUT_UNSEEN = dict.fromkeys(map(ord, boundaries.UNSEEN))
_REMEMBERED, _SHORT = 2**16, 40
_CHUNK = re.compile(r"\n|\S+")
_MARKUP = re.compile(r"<[a-z/][^<>]{0,40}>", re.IGNORECASE)


class Splitter:
    """Splits text into words and marks, as they are written.

    Args:
        hyphens: whether hyphens inside words come apart ("Paris-based": three).
        clitics: whether contractions come apart as in the Penn Treebank ("does|n't", "Paris|'s").
        special: pattern of what is a word besides, and before all others.

    Example:
        >>> Splitter().words("Hans' ged isn't well-known.")
        ['Hans', "'", 'ged', "isn't", 'well-known', '.']
        >>> Splitter(hyphens=True, clitics=True).words("It isn't well-known.")
        ['It', 'is', "n't", 'well', '-', 'known', '.']
    """

    def __init__(self, *, hyphens: bool = False, clitics: bool = False, special: str = "") -> None:
        self.hyphens, self.clitics, self.special = hyphens, clitics, special

    def words(self, text: str) -> list[str]:
        """The words of a text as `composed` writes it."""
        return [word for chunk in _CHUNK.findall(composed(text)) for word in self._of_chunk(chunk)]

    @cached_property
    def _of_chunk(self) -> Callable[[str], Sequence[str]]:
        """The words of what stands between spaces: most of it has been seen before."""

        def found(chunk: str) -> tuple[str, ...]:
            return tuple((self._ascii if chunk.isascii() else self._any).findall(chunk))

        remembered = lru_cache(maxsize=_REMEMBERED)(found)
        return lambda chunk: remembered(chunk) if len(chunk) <= _SHORT else found(chunk)

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a text begin and end, in characters of the text as it is; between them lies space."""
        if text.isascii():
            return [match.span() for match in self._ascii.finditer(text)]
        found = ((match.start(), match.group().rstrip(boundaries.UNSEEN)) for match in self._any.finditer(text))
        return [(start, start + len(word)) for start, word in found]

    @cached_property
    def _any(self) -> Any:
        word = boundaries.word(hyphens=self.hyphens, clitics=self.clitics)
        return boundaries.compiled(f"{self.special}{word}|{boundaries.MARK}")

    @cached_property
    def _ascii(self) -> re.Pattern[str]:
        word = boundaries.word(
            boundaries.ASCII_LETTER, boundaries.ASCII_DIGIT, hyphens=self.hyphens, clitics=self.clitics
        )
        return re.compile(f"{self.special}{word}|{boundaries.ASCII_MARK}")


def composed(text: str) -> str:
    """A text in NFC (a letter with an accent is one character where there is one), without what nobody sees."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_WITHOUT_UNSEEN)


SENTENCES = Splitter()
"""Words as people write them."""
_REVIEWS = Splitter(hyphens=True, clitics=True)


def split_words(text: str, version: Version = "unicode") -> list[str]:
    """Lower-case words, numbers and punctuation marks of a text, in order; HTML tags are left out.

    Args:
        text: anything; an empty list comes of blank text.
        version: of the run that reads it.

    Example:
        >>> split_words("It isn't BAD at all!<br />7/10, feel-good")
        ['it', 'is', "n't", 'bad', 'at', 'all', '!', '7', '/', '10', ',', 'feel', '-', 'good']
    """
    text = unicodedata.normalize("NFC", _MARKUP.sub(" ", text)).lower()
    if version == "unicode":
        found = _REVIEWS.words(text)
    else:
        found = (earlier.ASCII_REVIEW if text.isascii() else earlier.REVIEW).findall(text)
    return found if text.isascii() else [word.replace("’", "'") for word in found]


def split_sentence(text: str, version: Version = "unicode") -> list[str]:
    """Words and marks of a sentence, as they are written.

    Example:
        >>> split_sentence("Hans' ged isn't here.")
        ['Hans', "'", 'ged', "isn't", 'here', '.']
    """
    return SENTENCES.words(text) if version == "unicode" else earlier.SENTENCE.findall(text)


def sentence_offsets(text: str, version: Version = "unicode") -> list[tuple[int, int]]:
    """Where these begin and end in the text as it is."""
    if version == "unicode":
        return SENTENCES.offsets(text)
    return [match.span() for match in earlier.SENTENCE.finditer(text)]


def has_markup(text: str) -> bool:
    """Whether `split_words` leaves something out of a text."""
    return "<" in text and _MARKUP.search(text) is not None


def note_splitting(findings: Findings) -> None:
    """Say how words are found."""
    findings.taken(
        "words", "by Unicode's word boundaries (UAX 29), letters composed (NFC), soft hyphens and the like left out"
    )
