"""Raw text to words, each with its place in the text, so that entities come back as pieces of what was written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from throughtime.data.words import earlier
from throughtime.data.words.splitting import Splitter, Version

# letters and digits of runs from before words were found by Unicode's boundaries
_LETTER = rf"(?:(?![{earlier.UNSPACED}])[^\W_]|[{earlier.KEPT}])"
_MARK = r"['’]"
_CLITIC = rf"(?:{_MARK}(?:s|re|ve|ll|d|m)|n{_MARK}t)(?!\w)"
_TITLES = (
    "Mr|Mrs|Ms|Mx|Dr|Prof|St|Sr|Jr|Gen|Sen|Rep|Gov|Lt|Col|Capt|Sgt|Maj|Cmdr|Rev|Hon|Inc|Ltd|Co|Corp|Bros|Jan|Feb|"
    "Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|Mt|Ave|Blvd|vs|etc|approx|dept|est"
)
_DOMAIN = r"com|org|net|edu|gov|int|io|info|tv|ly|co|eu|uk|de|dk|fr|nl|se|no|fi|es|it|pl|us|ca|au|nz|in|jp|cn|br|me|be"
_EMOJI = (
    r"[\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d"
    r"\u3297\u3299\U0001f000-\U0001faff]"
)
_ONE_EMOJI = rf"{_EMOJI}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?[\U000e0020-\U000e007f]*"

_TAGS = (
    "a|b|big|blockquote|br|cite|code|div|em|font|h[1-6]|hr|i|img|li|mark|ol|p|pre|q|s|small|span|strong|sub|sup|"
    "table|td|th|tr|u|ul"
)
_MARKUP = rf"</?(?i:{_TAGS})(?:\s[^<>]*)?/?>"

# the first that fits at a place wins
_SPECIAL = (
    r"(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)\]}'’”»]",
    r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,}",
    rf"(?<![\w@])[A-Za-z0-9][A-Za-z0-9-]{{0,62}}(?:\.[A-Za-z0-9-]{{1,63}}){{0,8}}\.(?:{_DOMAIN})(?![\w.-]*\w)(?:/[^\s<>\"]*[^\s<>\".,;:!?)\]}}'’”»])?",
    r"(?<![\w@#])[@#]\w+",
    r"&(?:#\d+|[A-Za-z]+);",
    rf"(?<!\w)(?:[<>]?[:;=][-o]?[)(\]\[DPpO|/\\*]+(?![\w/])|<3|:{_MARK}[(]|\^_+\^|\b[xX]D\b)",
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_ONE_EMOJI}(?:\u200d{_ONE_EMOJI})*",
    r"(?<!\w)(?:[^\W\d_]\.){2,}",
    rf"(?<!\w)(?:{_TITLES})\.(?!\w)",
    r"(?<!\w)[A-Z]\.(?=\s+[A-Z])",
    r"(?<!\w)[A-Z]+(?:&[A-Z]+)+(?!\w)",
    rf"(?<![^\W\d_])\d+(?:[.,:/]\d+)+(?!{_LETTER})",
)
_OTHERS = (r"\.{2,}", r"[!?]+", r"-{2,}", rf"[{earlier.UNSPACED}]", r"[^\s\u200b-\u200f\u2060\ufeff\ufe0f]")


@dataclass(frozen=True)
class Tokeniser:
    """Splits text into words, numbers, marks, links, @names, #tags, faces and emoji.

    Args:
        hyphens: whether hyphens inside words come apart ("Paris-based": three).
        clitics: whether contractions come apart as in the Penn Treebank ("does|n't", "Paris|'s").
        version: how words are found.

    Example:
        >>> text = "Dr. O'Neil's U.S.-based team didn't reply :-)"
        >>> [text[start:end] for start, end in Tokeniser().offsets(text)]
        ['Dr.', "O'Neil", "'s", 'U.S.', '-', 'based', 'team', 'did', "n't", 'reply', ':-)']
    """

    hyphens: bool = True
    clitics: bool = True
    version: Version = "unicode"

    @classmethod
    def fit(cls, sentences: Iterable[Iterable[str]]) -> Tokeniser:
        """The one that splits as some sentences are split: what a model will read should look like what it learned."""
        joined = re.compile(rf"{_LETTER}+-{_LETTER}+")
        ending = re.compile(rf"\w+{_CLITIC}|\w+n{_MARK}t")
        clitic = re.compile(_CLITIC)
        hyphenated = contracted = apart = 0
        for words in sentences:
            for word in words:
                hyphenated += joined.fullmatch(word) is not None
                if clitic.fullmatch(word):
                    apart += 1
                elif ending.fullmatch(word):
                    contracted += 1
        return cls(hyphens=hyphenated == 0, clitics=apart >= contracted)

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a text begin and end, in characters; nothing but space and tags of HTML lies between."""
        if self.version == "letters":
            return [match.span() for match in self._letters.finditer(text)]
        found = self._splitter.offsets(text)
        return [place for place in found if not has_markup(text[slice(*place)])] if has_markup(text) else found

    def words(self, text: str) -> list[str]:
        """The words of a text, as they stand there."""
        return [text[start:end] for start, end in self.offsets(text)]

    @cached_property
    def _splitter(self) -> Splitter:
        special = "|".join((_MARKUP, *_SPECIAL, r"[!?]+", r"-{2,}", ""))
        return Splitter(hyphens=self.hyphens, clitics=self.clitics, special=special)

    @cached_property
    def _letters(self) -> re.Pattern[str]:
        # an apostrophe inside a word is a letter of it (O'Neil), unless a clitic begins there
        inner = rf"{_MARK}(?!(?:s|re|ve|ll|d|m)(?!\w))" if self.clitics else _MARK
        word = rf"(?:{_LETTER}|_)+(?:{inner}{_LETTER}+)*"
        if not self.hyphens:
            word = rf"{word}(?:[-‐‑]{word})*"
        if self.clitics:
            word = rf"{_CLITIC}|{_LETTER}+?(?=n{_MARK}t(?!\w))|{word}"
        return re.compile("|".join((*_SPECIAL, word, *_OTHERS)))


def has_markup(text: str) -> bool:
    """Whether tags of HTML stand in a text."""
    return "<" in text and re.search(_MARKUP, text) is not None
