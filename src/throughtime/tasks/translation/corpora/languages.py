"""What a head line calls the two sides of pairs: codes of languages, their names, source and target."""

from __future__ import annotations

import re

# ISO 639-1, then the usual three-letter codes of ISO 639-2 and 639-3
_CODES = """
af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fo fr ga gl gu he hi hr hu hy id is it ja ka kk km kn
ko la lb lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur uz vi xh yi
zh zu ara bul cat ces cmn cze dan deu dut ell eng epo est eus fao fin fra fre ger gle glg heb hin hrv hun ind isl ita
jpn kor lat lav lit nld nno nob nor pol por ron rum rus slk slv spa srp swe tha tur ukr vie zho
"""
_NAMES = """
arabic bulgarian catalan chinese croatian czech danish dutch english esperanto estonian finnish french german greek
hebrew hindi hungarian icelandic indonesian italian japanese korean latin latvian lithuanian norwegian persian polish
portuguese romanian russian serbian slovak slovenian spanish swedish thai turkish ukrainian vietnamese
dansk deutsch engelsk español français fransk italiano nederlands norsk polski português suomi svensk svenska tysk
"""
_SIDES = "source src target tgt trg text sentence translation input output"
_KNOWN_CODES = frozenset(_CODES.split())
_HEADINGS = frozenset(f"{_CODES} {_NAMES} {_SIDES}".split())
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][A-Za-z]{2,4})?")


def is_code(text: str) -> bool:
    """Whether this is a language's code, with or without a region: da, eng, pt-BR."""
    match = _CODE.fullmatch(text.strip())
    return match is not None and match[1] in _KNOWN_CODES


def is_heading(text: str) -> bool:
    """Whether this is what a head line calls a side.

    Example:
        >>> [is_heading(text) for text in ("da", "Danish", "source_text", "en_GB", "A house")]
        [True, True, True, True, False]
    """
    return is_code(text) or all(word in _HEADINGS for word in re.split(r"[\s_.-]+", text.strip().lower()))
