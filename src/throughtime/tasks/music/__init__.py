"""Music: polyphonic pieces as frames of 88 keys or as performance events; it learns them and composes."""

from __future__ import annotations

from throughtime.tasks.music.settings import MusicGeneration, MusicSettings
from throughtime.tasks.music.task import Music

__all__ = ["Music", "MusicGeneration", "MusicSettings"]
