"""Sentences as words: one way of splitting, shared by classifiers and the word vectors that they start from."""

from __future__ import annotations

import re
import unicodedata

from throughtime.data.words.marks import MARKS

# Scripts that write no spaces between words are read character by character.
_UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
# In Indic and Thai scripts vowel signs are no letters to `re`, yet they belong to the word.
_KEPT = r"\u0300-\u036f\u0900-\u0eff"
_LETTER = rf"(?:(?!{_UNSPACED})[^\W\d_]|[{_KEPT}])"
_CUT = re.compile(rf"[^\W\d_](?![{_KEPT}])[{MARKS}]")
_MARKUP = re.compile(r"<[a-z/][^<>]{0,40}>", re.IGNORECASE)


def _words(letter: str, unspaced: str) -> re.Pattern[str]:
    # English contractions come apart as in the Penn Treebank ("is n't"): pretrained vectors know them so, and a
    # negation becomes a word of its own.
    return re.compile(
        rf"n['’]t\b|['’](?:s|re|ve|ll|d|m)\b|{letter}+?(?=n['’]t\b)|{unspaced}\d+(?:[.,]\d+)*|{letter}+|\.{{2,}}|[^\w\s]"
    )


_WORD = _words(_LETTER, f"{_UNSPACED}|")
_WORD_ASCII = _words("[a-z]", "")  # the same for most English texts, and several times as fast


def split_words(text: str) -> list[str]:
    """Lower-case words, numbers and punctuation marks of a text, in order; HTML tags are left out.

    Args:
        text: anything; an empty list comes of blank text.

    Example:
        >>> split_words("It isn't BAD at all!<br />7/10, feel-good")
        ['it', 'is', "n't", 'bad', 'at', 'all', '!', '7', '/', '10', ',', 'feel', '-', 'good']
    """
    text = unicodedata.normalize("NFC", _MARKUP.sub(" ", text)).lower()
    if text.isascii():
        return _WORD_ASCII.findall(text)
    return [word.replace("’", "'") for word in _WORD.findall(text)]


def cuts_marks(text: str) -> bool:
    """Whether `split_words` takes combining marks (Arabic and Hebrew points, joiners) from the words they stand in."""
    return not text.isascii() and _CUT.search(text) is not None
