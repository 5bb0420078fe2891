"""Generated pictures beside real ones they were not learned from: how far apart, how plausible, how varied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import numpy as np

from throughtime.storage.report import Report, Table
from throughtime.tasks.pictures.measures.frechet import Gaussian, frechet_distance
from throughtime.tasks.pictures.measures.kernel import kernel_distance
from throughtime.tasks.pictures.measures.precision_recall import NEIGHBOURS, precision_recall
from throughtime.tasks.pictures.picture import PictureSet

FEWEST = NEIGHBOURS + 1
_SEED = 2018  # of the noise


class FeatureExtractor(Protocol):
    """What pictures are compared in; `str` says what it is."""

    @property
    def names(self) -> tuple[str, str, str, str]:
        """Of Frechet distance, kernel distance, precision and recall in these features."""

    def features(self, pictures: PictureSet | np.ndarray) -> np.ndarray:
        """(N, F), of pictures (N, H, W, C) uint8."""


ExtractorT = TypeVar("ExtractorT", bound=FeatureExtractor)


class Judge(Generic[ExtractorT]):
    """Measures pictures in some features.

    Args:
        extractor: gives the features.

    Example:
        >>> from pathlib import Path
        >>> from throughtime.tasks.pictures.measures.classifier import Classifier
        >>> dots = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
        >>> train = PictureSet(dots, [None] * 40, [(Path("dots"), row) for row in range(1, 41)])
        >>> judge = Judge(Classifier.fit(train, steps=2))
        >>> judge.distance(dots, judge.gaussian(train)) < 1e-6
        True
        >>> sorted(judge.measure(dots[:10], train, train[10:20]).metrics)
        ['frechet', 'kid', 'precision', 'recall']
    """

    def __init__(self, extractor: ExtractorT) -> None:
        self.extractor = extractor

    def gaussian(self, pictures: PictureSet | np.ndarray) -> Gaussian:
        """The normal distribution of the features of pictures (N, H, W, C) uint8, to measure distances from."""
        return Gaussian.of(self.extractor.features(pictures))

    def distance(self, made: np.ndarray, reference: Gaussian) -> float:
        """The squared Frechet distance of pictures (N, H, W, C) uint8 from a reference: quick, to watch training by."""
        return frechet_distance(self.gaussian(made), reference)

    def beside(self, real: PictureSet) -> Callable[[PictureSet | np.ndarray], dict[str, float]]:
        """What gives all measures of pictures (N, H, W, C) uint8 beside real ones, which are looked at once."""
        seen = self.extractor.features(real)
        return lambda pictures: self._measures(self.extractor.features(pictures), seen)

    def measure(self, made: np.ndarray, train: PictureSet, test: PictureSet) -> Report:
        """All measures of generated pictures against as many test pictures.

        As baselines the same of training pictures, the floor that no generator honestly goes below, and of noise. All
        depend on the number of pictures, so it is one for all: as many as there are of each kind.

        Args:
            made: (N, H, W, C) uint8.
            train: some that were learned from.
            test: what the numbers are to be compared with.

        Returns:
            Metrics, baselines, and a table that says what they are; no numbers where there are fewer than 4 pictures.
        """
        count = min(len(made), len(train), len(test))
        if count < FEWEST:
            few = f"found {count} of each kind, expected at least {FEWEST}"
            return Report({}, tables=[Table("generated pictures", ("", ""), [("not measured", few)])])
        noise = np.random.default_rng(_SEED).integers(0, 256, (count, *made.shape[1:]), dtype=np.uint8)
        measures = self.beside(spread(test, count))
        generated, floor, worst = (measures(one) for one in (made[:count], spread(train, count), noise))
        return Report(generated, {"training pictures": floor, "uniform noise": worst}, [self._table(count)])

    def _measures(self, made: np.ndarray, real: np.ndarray) -> dict[str, float]:
        """Of two sets of features."""
        frechet = frechet_distance(Gaussian.of(made), Gaussian.of(real))
        numbers = frechet, kernel_distance(made, real), *precision_recall(made, real)
        return dict(zip(self.extractor.names, numbers, strict=True))

    def _table(self, count: int) -> Table:
        frechet, kid, precision, recall = self.extractor.names
        rows = (
            ("pictures of each kind", count),
            (frechet, f"squared Frechet distance in the features of {self.extractor}"),
            (kid, "kernel distance in the same features, unbiased"),
            (precision, "share of the generated pictures that lie among the real ones"),
            (recall, "share of the real pictures that lie among the generated ones"),
            ("training pictures", "the floor: they are measured as if they had been generated"),
        )
        return Table("generated pictures beside those that they are judged by", ("", ""), rows)


def spread(pictures: PictureSet, count: int) -> PictureSet:
    """So many of the pictures, from beginning to end."""
    return pictures.pick(np.linspace(0, len(pictures) - 1, count).astype(int))
