"""Text: a language model by characters, words or pieces of words; it reads, judges and writes."""

from __future__ import annotations

from throughtime.tasks.text.settings import TextGeneration, TextSettings
from throughtime.tasks.text.task import Text

__all__ = ["Text", "TextGeneration", "TextSettings"]
