"""An utterance: a recording and what is said in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_APOSTROPHES = "'’ʼ"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One example.

    Args:
        audio: the sound file.
        text: what is said, as it stands in the manifest.
        seconds: how long it lasts.
        path: the manifest (or transcript) that says so.
        line: the line there, from 1; None where the transcript is a file of its own.
        speaker: who speaks, where the manifest says so.
    """

    audio: Path
    text: str
    seconds: float
    path: Path
    line: int | None = None
    speaker: str | None = None


@dataclass(frozen=True)
class Spelling:
    """How transcripts are written before they are learned from, and compared.

    Args:
        case: small letters, or as they are.
        punctuation: left out (but for apostrophes within words), or as it is.

    Example:
        >>> Spelling().of("Don't stop -- it's 5 o'clock!")
        "don't stop it's 5 o'clock"
    """

    case: Literal["lower", "keep"] = "lower"
    punctuation: Literal["drop", "keep"] = "drop"

    def of(self, text: str) -> str:
        """The text as it is learned; "" if nothing that can be spoken is left of it."""
        text = unicodedata.normalize("NFKC", text)
        if self.case == "lower":
            text = text.lower()
        if self.punctuation == "drop":
            text = "".join(self._spoken(text, place) for place in range(len(text)))
        return " ".join(text.split())

    @staticmethod
    def _spoken(text: str, place: int) -> str:
        letter = text[place]
        if letter in _APOSTROPHES:
            inside = 0 < place < len(text) - 1 and text[place - 1].isalnum() and text[place + 1].isalnum()
            return "'" if inside else " "
        return letter if unicodedata.category(letter)[0] in "LMN" else " "
