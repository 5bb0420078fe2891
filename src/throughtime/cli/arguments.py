"""What `check` and `train` are given alike: a task, its data, its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import tyro
from rich.console import Console

from throughtime import tasks as registry
from throughtime.errors import ThroughtimeError
from throughtime.settings import LIMITS, TrainingSettings

SettingsT = TypeVar("SettingsT", bound=TrainingSettings)
ArgumentsT = TypeVar("ArgumentsT", bound="DataArguments[Any]")


@dataclass(frozen=True)
class DataArguments(Generic[SettingsT]):
    """Which data, and how it is to be read and learned from."""

    settings: tyro.conf.OmitArgPrefixes[SettingsT]
    data: Annotated[Path | None, tyro.conf.arg(name="data"), tyro.conf.Positional] = None
    """A file or folder, to be split into train, valid and test; none: the built-in data."""
    train: Path | None = None
    """File or folder to learn from, in place of DATA (with --valid and --test)."""
    valid: Path | None = None
    """File or folder to choose the best model by."""
    test: Path | None = None
    """File or folder to judge by."""

    @property
    def places(self) -> dict[str, Path | None]:
        """Where the data is, as the verbs take it."""
        return {"data": self.data, "train": self.train, "valid": self.valid, "test": self.test}

    def changed(self, defaults: TrainingSettings) -> dict[str, Any]:
        """The settings that differ from the defaults."""
        return {key: value for key, value in self.settings.model_dump().items() if value != getattr(defaults, key)}


def task_name(verb: str, options: str, arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The first word, which is the task, and the rest; without one, say which there are.

    Raises:
        ThroughtimeError: there is no word.
        SystemExit: only help was asked for.
    """
    if arguments and arguments[0] not in ("-h", "--help"):
        return arguments[0], list(arguments[1:])
    if not arguments:
        raise ThroughtimeError(f"found no TASK, expected one of: {', '.join(registry.names)}")
    console = Console()
    for line in (
        f"usage: throughtime {verb} TASK [DATA] {options} ...\n",
        f"TASK is one of: {', '.join(registry.names)}",
        f"throughtime {verb} TASK --help lists the options of a task",
    ):
        console.print(line, highlight=False, markup=False)
    raise SystemExit(0)


def parse(kind: type[ArgumentsT], verb: str, name: str, words: Sequence[str], defaults: TrainingSettings) -> ArgumentsT:
    """The arguments of a verb; flags and their help come from the task's own settings."""
    own: Any = kind[type(defaults)]  # type: ignore[index]
    parsed: ArgumentsT = tyro.cli(own, prog=f"throughtime {verb} {name}", args=words, default=own(settings=defaults))
    return parsed


def asked_for(
    kind: type[DataArguments[Any]], verb: str, name: str, words: Sequence[str], defaults: TrainingSettings
) -> dict[str, Any]:
    """The settings that were asked for: those that differ from the defaults, and limits also where they do not."""
    unlimited = defaults.model_copy(update=dict.fromkeys(LIMITS))
    differing = parse(kind, verb, name, words, defaults).changed(defaults)
    return differing | parse(kind, verb, name, words, unlimited).changed(unlimited)


def new_folder(folder: Path, purpose: str) -> None:
    """Make a folder in which nothing can be overwritten.

    Args:
        folder: new or empty.
        purpose: what it is for, in words.

    Raises:
        ThroughtimeError: something is there.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        found = "a folder that is not empty" if folder.is_dir() else "a file"
        raise ThroughtimeError(f"{folder}: found {found}, expected a new or empty folder for {purpose}")
    folder.mkdir(parents=True, exist_ok=True)
