"""What all models share whose generated pictures are measured: the judge is learned, kept, and asked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from throughtime.storage.report import Report
from throughtime.tasks.pictures.base import PictureTask
from throughtime.tasks.pictures.measures.judge import Judge
from throughtime.tasks.pictures.measures.settings import JudgedSettings
from throughtime.tasks.pictures.picture import Picture, PictureSet, joined

SettingsT = TypeVar("SettingsT", bound=JudgedSettings)


class JudgedTask(PictureTask[SettingsT]):
    """A model whose generated pictures are measured, unless its settings ask for no steps of the classifier.

    Attributes:
        sample_judge: measures them; None: nobody does.
    """

    def __init__(self, settings: SettingsT, cache: Path) -> None:
        super().__init__(settings, cache)
        self.sample_judge: Judge | None = None

    def fit(self, train: Sequence[Picture]) -> None:
        """The judge too."""
        super().fit(train)
        if self.settings.classifier_steps:
            self.sample_judge = Judge.fit(joined(train), self.settings.classifier_steps)

    def save_features(self, folder: Path) -> None:
        """The judge too."""
        super().save_features(folder)
        if self.sample_judge is not None:
            self.sample_judge.save(folder)

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        super().load_features(folder)
        if self.settings.classifier_steps:
            self.sample_judge = Judge.load(folder)

    @abstractmethod
    def samples(self, model: Any, count: int, seed: int) -> np.ndarray:
        """New pictures (count, H, W, C) uint8, the same from the same seed."""

    def measure(self, model: Any, test: PictureSet) -> Report:
        """The measures of new pictures against the test split's; nothing where nobody measures."""
        if self.sample_judge is None:
            return Report({})
        assert self.kept is not None
        count = min(self.settings.drawn, len(test))
        return self.sample_judge.measure(self.samples(model, count, self.settings.seed), self.kept, test)
