"""An utterance: a recording and what is said in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from throughtime.tasks.speech.audio.recording import Excerpt

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
        part: seconds in the file before what is said and of it, where it is a part of the file.
    """

    audio: Path
    text: str
    seconds: float
    path: Path
    line: int | None = None
    speaker: str | None = None
    part: tuple[float, float | None] = (0.0, None)

    @property
    def excerpt(self) -> Excerpt:
        """What is heard."""
        return Excerpt(self.audio, *self.part)


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
        """The text as it is learned; "" if nothing that can be spoken is left of it.

        What has no shape (zero-width joiners, soft hyphens) is part of the word that it stands in, and dropped.
        """
        text = unicodedata.normalize("NFKC", text)
        text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
        if self.case == "lower":
            text = text.replace("İ", "i").lower()  # Python would leave a second dot on it
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
