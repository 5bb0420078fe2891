"""Where the examples of a run come from."""

from __future__ import annotations

from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.base import Splits, Task


@dataclass(frozen=True)
class DataPaths:
    """Where the examples come from: one file or folder that is split, or one for each split, or (all None) built in."""

    data: Path | None = None
    train: Path | None = None
    valid: Path | None = None
    test: Path | None = None

    def __post_init__(self) -> None:
        given = [path for path in (self.train, self.valid, self.test) if path is not None]
        if self.data is not None and given:
            raise ThroughtimeError("found DATA together with --train/--valid/--test, expected one or the other")
        if given and len(given) < 3:
            raise ThroughtimeError("found only some of --train, --valid and --test, expected all three")

    def read(self, task: Task[Any, Any]) -> Splits[Any]:
        """Read all three splits."""
        if self.data is not None:
            return task.read_splits(self.data)
        if self.train is not None and self.valid is not None and self.test is not None:
            for path in (self.train, self.valid, self.test):  # before the first of them is read, which may take long
                if not any(path.parent.glob(f"{escape(path.name)}*")):  # two aligned files have a beginning in common
                    raise DataError(path, "nothing", "a file or folder")
            return Splits(task.read(self.train), task.read(self.valid), task.read(self.test))
        return task.built_in_data()

    def to_config(self) -> dict[str, str]:
        """As it stands in config.toml; absolute, so that a run resumes from any folder."""
        return {name: str(path.resolve()) for name, path in vars(self).items() if path is not None}
