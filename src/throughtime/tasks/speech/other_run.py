"""Another run that this one builds on: its settings, its features and its weights, read without opening it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from throughtime import tasks as registry
from throughtime.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor, nn

CONFIG, FEATURES, WEIGHTS = "config.toml", "features", "model.safetensors"
"""What of a run folder is read."""


@dataclass(frozen=True)
class OtherRun:
    """A run folder of some task.

    Args:
        folder: of the run, or a copy of the three parts of it that are read.
        task: that it must be of.
        expected: what should be there, for messages.
    """

    folder: Path
    task: str
    expected: str

    @property
    def features(self) -> Path:
        """What it learned from its training split."""
        return self.folder / FEATURES

    def settings(self) -> Any:
        """What was asked of it.

        Raises:
            DataError: it is no run, none of that task, or not finished.
        """
        try:
            config = tomllib.loads((self.folder / CONFIG).read_text(encoding="utf-8"))
            if config["task"] != self.task or not (self.folder / WEIGHTS).is_file():
                raise DataError(self.folder, f"a run of the task {config['task']} (finished or not)", self.expected)
            # TOML has no null: settings without a value are listed by name
            return registry.find(self.task).Settings(**config["settings"], **dict.fromkeys(config["unset"]))
        except ValidationError as error:
            wrong = error.errors()[0]
            found = f"settings of another version ({'.'.join(map(str, wrong['loc']))}: {wrong['msg']})"
            raise DataError(self.folder / CONFIG, found, self.expected) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(self.folder, f"no run folder ({reason})", self.expected) from error

    def put_weights(self, model: nn.Module, weights: Mapping[str, Tensor]) -> None:
        """Give a model what `weights` gave.

        Raises:
            DataError: they are another model's.
        """
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            raise self._unusable(error) from error

    def weights(self) -> dict[str, Tensor]:
        """The weights by name.

        Raises:
            DataError: they are missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(self.folder / WEIGHTS)
        except (OSError, SafetensorError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> DataError:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return DataError(self.folder / WEIGHTS, f"no usable weights ({reason})", self.expected)
