"""What models of two opponents share: classes, what training is watched by, the grid of fixed chance, the measures."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from pydantic import Field

from throughtime.errors import ThroughtimeError
from throughtime.storage.report import Report, Table
from throughtime.storage.written import readable
from throughtime.tasks.base import Metric, Prediction, Watches
from throughtime.tasks.pictures import grids
from throughtime.tasks.pictures.baselines.principal import Principal, flat
from throughtime.tasks.pictures.loader import PictureLoader
from throughtime.tasks.pictures.measures.frechet import Gaussian
from throughtime.tasks.pictures.measures.settings import JudgedSettings
from throughtime.tasks.pictures.measures.task import JudgedTask
from throughtime.tasks.pictures.measures.variety import variety
from throughtime.tasks.pictures.picture import Picture, PictureSet, joined

if TYPE_CHECKING:
    from throughtime.models.base import Model

_MOST_CLASSES = 1_000
_AT_ONCE = 250  # pictures that are drawn at a time
_GRID = 8  # rows and columns of what is drawn while it learns
_VARIED = 200  # pictures that tell whether a generator has collapsed
_COLLAPSED = 0.2  # share of the variance of real pictures
_COMPONENTS, _SHOWN = 64, 500  # of the simple method, and pictures that it is fitted to


class AdversarialSettings(JudgedSettings):
    """What two opponents learn from, and how often they are looked at."""

    classes: Literal["auto", "yes", "no"] = "auto"
    """Draw pictures of a class that is asked for; auto: where every training picture has a label."""
    half_life: float = Field(default=5_000, gt=0)
    """Of the generator's averaged weights, which draw: pictures after which older weights count half as much."""
    classifier_steps: int = Field(default=600, ge=1)
    """Training steps of the classifier in whose features generated pictures are measured."""
    batch_size: int = Field(default=64, ge=2)
    """Pictures in a batch."""
    evaluate_every: int | None = Field(default=500, ge=1)
    """Steps between two measurements on the validation split; none: once an epoch."""
    schedule: Literal["constant", "linear", "cosine", "plateau", "exponential"] = "constant"
    """Course of the learning rate after the warm-up; linear and cosine end at the limit of steps, epochs or minutes."""
    minutes: float | None = Field(default=10.0, gt=0)
    """Stop after this many minutes of training."""
    epochs: int | None = Field(default=None, ge=0)
    """Stop after this many passes over the training data."""


SettingsT = TypeVar("SettingsT", bound=AdversarialSettings)


class AdversarialTask(JudgedTask[SettingsT], Watches):
    """A generator that is measured, never asked how probable a picture is: it cannot say.

    Attributes:
        classes: names of the classes, where pictures of a class can be asked for.
        frequency: share of the training pictures of each.
    """

    metric = Metric("frechet", "squared Frechet distance in the features of a classifier", "min")

    def __init__(self, settings: SettingsT, cache: Path) -> None:
        super().__init__(settings, cache)
        self.classes: list[str] = []
        self.frequency = np.ones(1)
        self._reference: tuple[Sequence[Picture], Gaussian] | None = None
        self._to_be_seen: np.ndarray | None = None

    # -- features ------------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Picture]) -> None:
        """The classes too."""
        pictures = joined(train)
        wanted = self.settings.classes
        counts = Counter(picture.label for picture in pictures) if wanted != "no" else Counter[str | None]()
        possible = None not in counts and 2 <= len(counts) <= _MOST_CLASSES
        if wanted == "yes" and not possible:
            found = f"{counts[None]:,} without label" if None in counts else f"{len(counts)} classes"
            raise ThroughtimeError(
                f"--classes yes: found training pictures of {found}, expected 2 to {_MOST_CLASSES:,} classes and a "
                "label for each picture"
            )
        super().fit(train)
        if possible:
            self.classes = sorted(map(str, counts))
            self.frequency = np.array([counts[name] for name in self.classes]) / len(pictures)

    def save_features(self, folder: Path) -> None:
        """The classes too."""
        super().save_features(folder)
        learned = {"classes": self.classes, "frequency": self.frequency.tolist()}
        (folder / "classes.json").write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        super().load_features(folder)
        with readable(folder / "classes.json", "names of classes"):
            learned = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
            self.classes, self.frequency = list(learned["classes"]), np.array(learned["frequency"])

    def loader(self, examples: Sequence[Picture], *, training: bool) -> PictureLoader:
        """Batches of pixels, and classes where there are such."""
        pictures, asked = joined(examples), self.settings
        self.accept(pictures)
        return PictureLoader(
            pictures, asked.batch_size, seed=asked.seed, shuffle=training, mirror=asked.mirror, classes=self.classes
        )

    # -- drawing -------------------------------------------------------------------------------------------------

    @abstractmethod
    def drawn(self, model: Any, chance: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """Pictures (N, H, W, C) uint8 of chance (N, Z) and classes (N,)."""

    def chance(self, model: Any, count: int, seed: int) -> np.ndarray:
        """Normal numbers (count, Z), the same on every device."""
        return np.random.default_rng(seed).standard_normal((count, model.latent), dtype=np.float32)

    def some_classes(self, count: int, seed: int) -> np.ndarray | None:
        """Classes (count,) as often as in training, the first of many the same as few; None where there are none."""
        if not self.classes:
            return None
        return np.random.default_rng((seed, 1)).choice(len(self.classes), size=count, p=self.frequency)

    def of_class(self, count: int, asked: Any) -> np.ndarray | None:
        """Classes (count,): the one that is asked for, or as often as in training."""
        if asked.label is None:
            return self.some_classes(count, asked.seed)
        return np.full(count, self.number(asked.label))

    def number(self, label: str) -> int:
        """The number of a class.

        Raises:
            ThroughtimeError: there is no such class.
        """
        if label not in self.classes:
            known = f"one of: {', '.join(self.classes)}" if self.classes else "none: this model has no classes"
            raise ThroughtimeError(f"--label: found {label!r}, expected {known}")
        return self.classes.index(label)

    def in_parts(self, model: Any, chance: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """As `drawn`, not all at once."""
        cuts = [slice(start, start + _AT_ONCE) for start in range(0, len(chance), _AT_ONCE)]
        parts = (self.drawn(model, chance[cut], None if classes is None else classes[cut]) for cut in cuts)
        return np.concatenate([*parts])

    def samples(self, model: Any, count: int, seed: int) -> np.ndarray:
        """New pictures, their classes as frequent as in training."""
        return self.in_parts(model, self.chance(model, count, seed), self.some_classes(count, seed))

    # -- learning ------------------------------------------------------------------------------------------------

    def validate(self, model: Model, examples: Sequence[Picture]) -> float:
        """The distance of new pictures from the validation split; the first of them wait to be looked at."""
        assert self.sample_judge is not None
        if self._reference is None or self._reference[0] is not examples:
            some = joined(examples)[: self.settings.drawn]
            self._reference = examples, self.sample_judge.gaussian(some)
        count = max(2, min(self.settings.drawn, len(examples)))
        made = self.samples(model.eval(), max(count, _VARIED), self.settings.seed)
        self._to_be_seen = made[:_VARIED].copy()
        return self.sample_judge.distance(made[:count], self._reference[1])

    def watch(self, model: Model, path: Path) -> str | None:
        """A grid of fixed chance; a word where the pictures hardly differ from each other."""
        made, self._to_be_seen = self._to_be_seen, None
        if made is None:
            made = self.samples(model.eval(), _VARIED, self.settings.seed)
        grids.write_png(path, grids.grid(made[: _GRID**2], _GRID), zoom=2)
        return self._collapse(made, self.some_classes(_VARIED, self.settings.seed))

    @cached_property
    def _variety(self) -> float:
        """Of real pictures; worked out once, for it is asked for at each evaluation."""
        assert self.sample_judge is not None
        assert self.kept is not None
        numbers = {name: number for number, name in enumerate(self.classes)}
        classes = np.array([numbers[str(picture.label)] for picture in self.kept]) if numbers else None
        return variety(self.sample_judge.extractor.features(self.kept), classes)

    def _collapse(self, made: np.ndarray, classes: np.ndarray | None) -> str | None:
        """A sentence, if generated pictures (N, H, W, C) of classes (N,) vary much less than real ones."""
        assert self.sample_judge is not None
        share = variety(self.sample_judge.extractor.features(made), classes) / max(self._variety, 1e-12)
        if share >= _COLLAPSED:
            return None
        within = "" if classes is None else " within their classes"
        return (
            f"the generator's pictures vary {share:.1%} of what real ones do{within}: it has not begun to learn, or "
            "has collapsed (a lower --learning-rate, more pictures, or a penalty on the discriminator may help)"
        )

    def evaluate(self, model: Model, examples: Sequence[Picture]) -> Report:
        """All measures, beside the floor, noise, and normal draws along the principal components."""
        assert self.sample_judge is not None
        assert self.kept is not None
        pictures = joined(examples)
        count = self.drawn_beside(pictures)
        made = self.samples(model.eval(), max(count, _VARIED), self.settings.seed)
        report = self.measure(made[:count], pictures)
        if not report.metrics:
            return report
        simple = self._simple(count)
        distance = self.sample_judge.distance(simple, self.sample_judge.gaussian(pictures[:count]))
        said = self._collapse(made[:_VARIED], self.some_classes(_VARIED, self.settings.seed))
        rows: list[tuple[str, str | int | float]] = [
            (f"discriminator of {what} pictures", float(np.mean(self.realness(model, some))))
            for what, some in (("training", self.kept[:_SHOWN]), ("test", pictures[:_SHOWN]))
        ]
        rows += [("warning", said)] if said else []
        baselines = report.baselines | {f"{_COMPONENTS} principal components, normal codes": {"frechet": distance}}
        return Report(report.metrics, baselines, [*report.tables, Table("the opponents", ("", ""), rows)])

    def _simple(self, count: int) -> np.ndarray:
        """Pictures (count, H, W, C) drawn by a normal distribution along the principal components."""
        assert self.kept is not None
        some = self.kept[:_SHOWN]
        principal = Principal.fit(some, _COMPONENTS)
        rows = principal.sample(flat(some.array()), count, np.random.default_rng(self.settings.seed))
        return grids.to_bytes(rows.reshape(-1, *self.shape))

    # -- use -----------------------------------------------------------------------------------------------------

    def realness(self, model: Any, pictures: PictureSet) -> np.ndarray:
        """The discriminator's values (N,); of a picture without label the highest over the classes."""
        import torch

        device = next(model.parameters()).device
        seen = torch.from_numpy(pictures.array()).to(device)
        if not self.classes:
            return np.asarray(model.realness(seen).float().cpu().numpy())
        numbers = {name: number for number, name in enumerate(self.classes)}
        values = [model.realness(seen, torch.full((len(seen),), number, device=device)) for number in numbers.values()]
        of_each = torch.stack(values, dim=1).float().cpu().numpy()
        known = [numbers.get(str(picture.label)) for picture in pictures]
        return np.array([row.max() if own is None else row[own] for row, own in zip(of_each, known, strict=True)])

    def judge(self, model: Any, pictures: PictureSet) -> Iterator[Prediction]:
        """How real the discriminator finds each picture: above 0 rather real, below rather generated."""
        for value in self.realness(model, pictures):
            yield {"realness": float(value)}

    def render(self, prediction: Prediction) -> str:
        """The discriminator's value, and where the picture comes from."""
        return f"{prediction['realness']:+.3f}\t{self.place(prediction)}"
