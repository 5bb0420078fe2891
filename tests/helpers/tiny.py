"""Tiny data that an application brings as `tests/tasks/NAME/tiny.py` (or `tests/tasks/ROOM/tiny_NAME.py`, where several
share a room): it is in every table of tests by that.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from throughtime.tasks import names, room_of

TASKS = Path(__file__).parents[1] / "tasks"


@dataclass(frozen=True)
class Edit:
    """What makes another example of one: the first `old` in the file becomes `new`."""

    path: Path
    old: bytes
    new: bytes

    def make(self) -> None:
        content = self.path.read_bytes()
        assert self.old in content
        self.path.write_bytes(content.replace(self.old, self.new, 1))


@dataclass(frozen=True)
class Stream:
    """What `predict` hears while it comes in, and the settings of a run that can."""

    argument: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Tiny:
    """Data from which an application learns within a second, and what it is asked then.

    Args:
        data: what `train` is given.
        settings: those that make the model as small as can be.
        edit: a change of one example.
        inputs: arguments of `predict`, each for one answer, all of them different.
        together: one argument that stands for all of them.
        generation: options of `generate`; where it generates.
        stream: where it streams.
    """

    data: Path
    settings: Mapping[str, Any]
    edit: Edit
    inputs: tuple[str, ...]
    together: str
    generation: Mapping[str, Any] = field(default_factory=dict)
    stream: Stream | None = None


def _file(task: str) -> Path:
    room = room_of[task]
    return TASKS / room / ("tiny.py" if room == task else f"tiny_{task}.py")


VARIANTS = tuple(f"{name} with a latent space" for name in names if "\ndef latent(" in _file(name).read_text("utf-8"))
"""Models that an application has besides; `latent` beside its tiny data says with what settings."""


def write(named: str, folder: Path) -> Tiny:
    """Write the tiny data of an application (or a variant) into a new folder: `data` and, beside it, `inputs` or
    `inputs.txt`.
    """
    task = named.partition(" ")[0]
    spec = importlib.util.spec_from_file_location(f"tiny_{task}", _file(task))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (folder / "data").mkdir(parents=True)
    tiny: Tiny = module.write(folder)
    return module.latent(tiny) if named in VARIANTS else tiny  # type: ignore[no-any-return]


def words(settings: Mapping[str, Any]) -> list[str]:
    """Settings as they are written on a command line."""
    found = []
    for name, value in settings.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            found.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            found += [f"--{flag}", *map(str, value if isinstance(value, tuple) else (value,))]
    return found
