"""A finished or running training: what all verbs but the first two begin with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime import tasks as registry
from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Classifies, Task
from throughtime.verbs.paths import DataPaths

if TYPE_CHECKING:
    from throughtime.models.base import Model
    from throughtime.storage.folder import RunFolder


class Run:
    """A finished or running training: its folder, its task with fitted features, its best model.

    Args:
        folder: the run folder.

    Raises:
        ThroughtimeError: it is not a run folder, or something in it is missing or broken.
    """

    def __init__(self, folder: str | Path) -> None:
        from throughtime.storage.folder import RunFolder

        self.folder: RunFolder = RunFolder.open(Path(folder))
        config = self.folder.read_config()
        self.task = task_of(config["task"], config["settings"], learns=False)
        self.paths = DataPaths(**{name: Path(path) for name, path in config["data"].items()})
        self.task.load_features(self.folder.features)
        if isinstance(self.task, Classifies):
            self.task.temperature, self.task.thresholds = self.folder.read_calibration()
        self._model: Model | None = None

    @property
    def model(self) -> Model:
        """The best model by the validation metric, in evaluation mode."""
        if self._model is None:
            model = self.folder.build_model(self.task.model)
            self.folder.load_model(model)
            self._model = model.eval()
        return self._model

    def __repr__(self) -> str:
        return f"Run({str(self.folder.path)!r}, task={self.task.name!r})"


def opened(run: Run | str | Path) -> Run:
    """A run that was given, or the one in a folder."""
    return run if isinstance(run, Run) else Run(run)


def stored_settings(folder: str | Path) -> TrainingSettings:
    """The settings of the run in a folder; nothing else of it is read.

    Raises:
        ThroughtimeError: it is no run folder, or its configuration is broken.
    """
    from throughtime.storage.folder import RunFolder

    config = RunFolder.open(Path(folder)).read_config()
    return registry.find(config["task"]).Settings(**config["settings"])


def task_of(name: str, settings: Mapping[str, Any], *, learns: bool = True) -> Task[Any, Any]:
    """A task: one that is to learn needs the files that its settings name; one that answers with what it has learned
    does without them, and without a cache that is kept.
    """
    from throughtime.data.sources import cache_folder

    kind = registry.find(name)
    task = kind(kind.Settings(**settings), cache_folder(needed=learns))
    if learns:
        task.check_settings()
    return task
