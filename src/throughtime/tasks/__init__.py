"""The applications: the only place where a modality is known, one folder each."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from throughtime.errors import ThroughtimeError
from throughtime.tasks.base import Task

# name -> class; loaded only when asked for, so that `--help` stays quick
_CLASSES = {
    "music": "Music",
    "text": "Text",
    "sentiment": "Sentiment",
    "translation": "Translation",
    "trajectory": "Trajectory",
    "entities": "Entities",
    "video": "Video",
    "speech": "Speech",
}

names = tuple(_CLASSES)


def find(name: str) -> type[Task[Any, Any]]:
    """The task class of that name.

    Raises:
        ThroughtimeError: there is none; the sentence lists those that exist.
    """
    if name not in _CLASSES:
        raise ThroughtimeError(f"found no task named {name!r}, expected one of: {', '.join(names)}")
    task: type[Task[Any, Any]] = getattr(import_module(f"{__name__}.{name}"), _CLASSES[name])
    return task
