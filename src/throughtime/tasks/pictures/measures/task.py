"""What all models share whose generated pictures are measured: the judge is learned, kept, and asked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from throughtime.storage.report import Report
from throughtime.tasks.base import Measures
from throughtime.tasks.pictures.base import PictureTask
from throughtime.tasks.pictures.measures.classifier import Classifier
from throughtime.tasks.pictures.measures.inception import PUBLISHED, InceptionFeatures
from throughtime.tasks.pictures.measures.judge import Judge
from throughtime.tasks.pictures.measures.settings import JudgedSettings
from throughtime.tasks.pictures.picture import Picture, PictureSet, joined

SettingsT = TypeVar("SettingsT", bound=JudgedSettings)


class JudgedTask(PictureTask[SettingsT], Measures):
    """A model whose generated pictures are measured, unless its settings ask for no steps of the classifier.

    Attributes:
        sample_judge: measures them in the features of the run's own classifier; None: it has none.
        inception_judge: measures them in those of Inception; None: nobody has asked for it.
    """

    def __init__(self, settings: SettingsT, cache: Path) -> None:
        super().__init__(settings, cache)
        self.sample_judge: Judge[Classifier] | None = None
        self.inception_judge: Judge[InceptionFeatures] | None = None

    def fit(self, train: Sequence[Picture]) -> None:
        """The judge too."""
        super().fit(train)
        if self.settings.classifier_steps:
            self.sample_judge = Judge(Classifier.fit(joined(train), self.settings.classifier_steps))

    def save_features(self, folder: Path) -> None:
        """The judge too."""
        super().save_features(folder)
        if self.sample_judge is not None:
            self.sample_judge.extractor.save(folder)

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        super().load_features(folder)
        if self.settings.classifier_steps:
            self.sample_judge = Judge(Classifier.load(folder))

    def measure_in(self, inception: Path | None) -> None:
        """Look through Inception too."""
        self.inception_judge = None if inception is None else Judge(InceptionFeatures.load(inception))
        if self.inception_judge is not None and not self.inception_judge.extractor.published:
            what = f"not those that are published for FID ({PUBLISHED}): compare with what the same file gave alone"
            self.findings.suspicious("weights of Inception", what, inception)

    @abstractmethod
    def samples(self, model: Any, count: int, seed: int) -> np.ndarray:
        """New pictures (count, H, W, C) uint8, the same from the same seed."""

    def drawn_beside(self, test: PictureSet) -> int:
        """How many pictures are drawn to be measured against a test split."""
        return min(self.settings.drawn, len(test))

    def measure(self, made: np.ndarray, test: PictureSet) -> Report:
        """The measures of new pictures against the test split's; nothing where nobody measures.

        Args:
            made: (N, H, W, C) uint8, N at least 1 where anybody measures.
            test: the split.
        """
        assert self.kept is not None
        found = Report({})
        for judge in (self.sample_judge, self.inception_judge):
            if judge is not None:
                more = judge.measure(made, self.kept, test)
                baselines = {who: found.baselines.get(who, {}) | numbers for who, numbers in more.baselines.items()}
                found = Report(found.metrics | more.metrics, baselines, [*found.tables, *more.tables])
        return found
