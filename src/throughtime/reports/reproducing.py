"""How a run is made again: its command, its settings, its versions."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from throughtime.reports.material import Material
from throughtime.training import limits


def command(run: Material, out: str = "again") -> str:
    """The command line that makes the same run in another folder."""
    words = ["throughtime", "train", str(run.config["task"])]
    places: Mapping[str, str] = run.config["data"]
    words += [places["data"]] if "data" in places else []
    words += [word for name, place in places.items() if name != "data" for word in (f"--{name}", place)]
    words += ["--out", out]
    asked = {name: value for name, value in changed(run).items() if value is not None}
    asked |= limits.given(run.task.settings.model_dump())
    made = type(run.task.settings)(**limits.from_the_beginning(asked)).model_dump()
    unset = [name for name, value in run.task.settings.model_dump().items() if value is None is not made[name]]
    for name, value in (asked | dict.fromkeys(unset)).items():
        words += _words(name, value)
    return shlex.join(words)


def changed(run: Material) -> dict[str, Any]:
    """The settings of a run that are not the task's defaults."""
    defaults = type(run.task.settings)()
    mine = run.task.settings.model_dump()
    return {name: value for name, value in mine.items() if value != getattr(defaults, name)}


def _words(name: str, value: Any) -> list[str]:
    """A setting as it is written on a command line."""
    flag = f"--{name.rstrip('_').replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    values = value if isinstance(value, (tuple, list)) else (value,)
    return [flag, *(str(one) for one in values)]
