"""Where the examples of a run come from."""

from __future__ import annotations

from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

from throughtime.data.splits import Split, read_named
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.base import Splits, Task


@dataclass(frozen=True)
class DataPaths:
    """Where the examples come from: one file or folder that is split, or one for each split, or (all None) built in.

    Of --valid and --test one may be missing: it is cut from train.
    """

    data: Path | None = None
    train: Path | None = None
    valid: Path | None = None
    test: Path | None = None

    def __post_init__(self) -> None:
        given = [path for path in (self.train, self.valid, self.test) if path is not None]
        if self.data is not None and given:
            raise ThroughtimeError("found DATA together with --train/--valid/--test, expected one or the other")
        if given and (self.train is None or len(given) < 2):
            expected = "--train and one of the others at least (the third is cut from train)"
            raise ThroughtimeError(f"found only some of --train, --valid and --test, expected {expected}")

    def read(self, task: Task[Any, Any]) -> Splits[Any]:
        """Read all three splits."""
        if self.data is not None:
            return task.read_splits(self.data)
        if (given := self._given()) is not None:
            for path in given.values():  # before the first of them is read, which may take long
                if not any(path.parent.glob(f"{escape(path.name)}*")):  # two aligned files have a beginning in common
                    raise DataError(path, "nothing", "a file or folder")
            return read_named(given, task.read, task.hold_out, task.findings)
        return task.built_in_data()

    def _given(self) -> dict[Split, Path] | None:
        """The splits that have a path of their own; None: none has."""
        paths: dict[Split, Path | None] = {"train": self.train, "valid": self.valid, "test": self.test}
        return {split: path for split, path in paths.items() if path is not None} or None

    def to_config(self) -> dict[str, str]:
        """As it stands in config.toml; absolute, so that a run resumes from any folder."""
        return {name: str(path.resolve()) for name, path in vars(self).items() if path is not None}
