"""Speech: what is said in a recording, or while it is being said."""

from __future__ import annotations

from throughtime.tasks.speech.settings import SpeechSettings
from throughtime.tasks.speech.task import Speech

__all__ = ["Speech", "SpeechSettings"]
