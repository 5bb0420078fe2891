"""Characters that belong to the word in which they stand though they are no letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

# where Unicode has combining marks: to look at all its characters would take longer than to import all else here
_BLOCKS = (
    (0x300, 0x2000),
    (0x20D0, 0x20F1),
    (0x2CEF, 0x2E00),
    (0x302A, 0x309B),
    (0xA66F, 0xABF0),
    (0xFB1E, 0xFB1F),
    (0xFE00, 0xFE30),
    (0x101FD, 0x12000),
    (0x13440, 0x13456),
    (0x16100, 0x16FF2),
    (0x1BC9D, 0x1BC9F),
    (0x1CF00, 0x1D245),
    (0x1DA00, 0x1DAB0),
    (0x1E000, 0x1E94B),
    (0xE0100, 0xE01F0),
)
_INVISIBLE = "\u00ad\u200c\u200d"
"""Soft hyphen, zero-width non-joiner and joiner."""


def _ranges() -> Iterator[str]:
    for start, stop in _BLOCKS:
        first = None
        for code in range(start, stop + 1):
            is_mark = code < stop and unicodedata.category(chr(code)) in ("Mn", "Mc", "Me")
            if is_mark and first is None:
                first = code
            elif not is_mark and first is not None:
                yield f"{chr(first)}-{chr(code - 1)}"
                first = None


MARKS = "".join(_ranges()) + _INVISIBLE
"""Combining marks (vowel signs, points, accents) and what joins letters unseen, to stand in [...] of a pattern."""
