"""The applications: the only place where a modality is known, a folder each; models of one modality share theirs."""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeVar

from throughtime.errors import ThroughtimeError
from throughtime.tasks.base import Capability, Task

# folder -> its applications, name -> class; loaded only when asked for, so that `--help` stays quick
_ROOMS = {
    "music": {"music": "Music"},
    "text": {"text": "Text"},
    "sentiment": {"sentiment": "Sentiment"},
    "translation": {"translation": "Translation"},
    "trajectory": {"trajectory": "Trajectory"},
    "entities": {"entities": "Entities"},
    "video": {"video": "Video"},
    "speech": {"speech": "Speech"},
    "pictures": {
        "autoencoder": "PictureAutoencoder",
        "vae": "PictureVAE",
        "gan": "PictureGAN",
        "stylegan": "PictureStyleGAN",
    },
}

rooms = tuple(_ROOMS)
room_of = {name: room for room, classes in _ROOMS.items() for name in classes}
"""The folder of each application."""
names = tuple(room_of)


def find(name: str) -> type[Task[Any, Any]]:
    """The task class of that name.

    Raises:
        ThroughtimeError: there is none; the sentence lists those that exist.
    """
    if name not in room_of:
        raise ThroughtimeError(f"found no task named {name!r}, expected one of: {', '.join(names)}")
    room = room_of[name]
    task: type[Task[Any, Any]] = getattr(import_module(f"{__name__}.{room}"), _ROOMS[room][name])
    return task


CapabilityT = TypeVar("CapabilityT", bound=Capability)


def able(capability: type[Capability]) -> list[str]:
    """Names of the tasks that have a capability, such as `Generates`."""
    return [name for name in names if issubclass(find(name), capability)]


def require(task: Any, capability: type[CapabilityT]) -> CapabilityT:
    """The same task, known to have a capability.

    Raises:
        ThroughtimeError: it has not; the sentence lists those that have.
    """
    if isinstance(task, capability):
        return task
    others = ", ".join(able(capability)) or "there is none"
    raise ThroughtimeError(f"the task {task.name} {capability.lacking}, expected one that does: {others}")
