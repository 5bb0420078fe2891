"""Another run that this one builds on: its settings, its features and its weights, read without opening it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from throughtime import tasks as registry
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.folder import RunFolder

if TYPE_CHECKING:
    from torch import Tensor, nn

    ModelT = TypeVar("ModelT", bound=nn.Module)


@dataclass(frozen=True)
class OtherRun:
    """A run folder of some task.

    Args:
        folder: of the run, or a copy of what of it is read.
        task: that it must be of.
        expected: what should be there, for messages.
    """

    folder: Path
    task: str
    expected: str

    @property
    def _parts(self) -> RunFolder:
        return RunFolder(self.folder)

    @property
    def features(self) -> Path:
        """What it learned from its training split."""
        return self._parts.features

    def settings(self) -> Any:
        """What was asked of it.

        Raises:
            DataError: it is no run, none of that task, or not finished.
        """
        try:
            config = RunFolder.open(self.folder).read_config()
        except ThroughtimeError as error:
            raise DataError(self.folder, f"no run folder ({error})", self.expected) from error
        if config["task"] != self.task or not self._parts.weights.is_file():
            raise DataError(self.folder, f"a run of the task {config['task']} (finished or not)", self.expected)
        try:
            return registry.find(self.task).Settings(**config["settings"])
        except ThroughtimeError as error:
            raise DataError(self._parts.config, f"settings of another version ({error})", self.expected) from error

    def weights(self) -> dict[str, Tensor]:
        """The weights by name.

        Raises:
            ThroughtimeError: they are missing or damaged.
        """
        from throughtime.storage.weights import read_weights

        return read_weights(self._parts.weights)

    def build_model(self, make: Callable[[], ModelT]) -> ModelT:
        """A model, once it is known to have the shape of the weights; as `RunFolder.build_model`."""
        return self._parts.build_model(make)

    def put_weights(self, model: nn.Module, weights: Mapping[str, Tensor]) -> None:
        """Give a model what `weights` gave.

        Raises:
            ThroughtimeError: they are another model's.
        """
        from throughtime.storage.weights import put_weights

        put_weights(model, weights, self._parts.weights)

    def copy(self, folder: Path) -> None:
        """Copy what of it is read into a folder, which then does in its place."""
        own, copy = self._parts, RunFolder(folder)
        shutil.copytree(own.features, copy.features, dirs_exist_ok=True)
        shutil.copy(own.config, copy.config)
        shutil.copy(own.weights, copy.weights)
