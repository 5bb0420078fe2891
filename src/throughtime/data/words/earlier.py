"""How runs from before words were found by `boundaries` split text: they go on to answer as they did."""

from __future__ import annotations

import re

from throughtime.data.words.marks import MARKS

UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts that write no spaces between words: read character by character."""
KEPT = r"\u0300-\u036f\u0900-\u0eff"
"""What belonged to a word though it is no letter."""
SENTENCE = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")
"""Words of a sentence to be translated."""
LINE = re.compile(rf"\n|<unk>|{SENTENCE.pattern}")
MARKED_LINE = re.compile(rf"\n|<unk>|\w[\w{MARKS}]*(?:['’-]\w[\w{MARKS}]*)*|[^\w\s][{MARKS}]*")
"""Words of a text to be written on, without combining marks and with them."""


def _review(letter: str, unspaced: str) -> re.Pattern[str]:
    return re.compile(
        rf"n['’]t\b|['’](?:s|re|ve|ll|d|m)\b|{letter}+?(?=n['’]t\b)|{unspaced}\d+(?:[.,]\d+)*|{letter}+|\.{{2,}}|[^\w\s]"
    )


REVIEW = _review(rf"(?:(?![{UNSPACED}])[^\W\d_]|[{KEPT}])", f"[{UNSPACED}]|")
ASCII_REVIEW = _review("[a-z]", "")
"""Words of a text to be classified, in lower case; and the same for text in ASCII."""
