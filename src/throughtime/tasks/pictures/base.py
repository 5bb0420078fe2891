"""What all models of pictures share: how they are read, described, batched, and looked at."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from throughtime.data.splits import hold_out, named_splits, read_named
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.written import read_arrays, readable
from throughtime.tasks.base import Described, Generates, Prediction, Splits, Task
from throughtime.tasks.pictures import built_in
from throughtime.tasks.pictures.glyphs import typefaces
from throughtime.tasks.pictures.loader import PictureLoader
from throughtime.tasks.pictures.picture import Picture, PictureSet, joined
from throughtime.tasks.pictures.reading.fitting import Fitting
from throughtime.tasks.pictures.reading.sets import Reading, parts_of, read_set
from throughtime.tasks.pictures.settings import PictureSettings

if TYPE_CHECKING:
    from throughtime.models.base import Model

SettingsT = TypeVar("SettingsT", bound=PictureSettings)
_EVALUATION_BATCH = 500
_KEPT = 2_000  # training pictures that the run folder keeps, to draw maps and reconstructions of
_PREDICTED = 100


class PictureTask(Task[Picture, SettingsT], Generates):
    """A model of pictures; what it learns and draws is its own."""

    reads = (
        "a folder of pictures of any sizes (PNG, JPEG, WebP, GIF, BMP, TIFF), one for each class where there are such; "
        "IDX files as MNIST's (.gz too); arrays (NPY, NPZ); parquet tables of picture files"
    )
    built_in = (
        "30,000 digits and letters, 28 x 28, that our own renderer draws from the typefaces of six pinned packages "
        "(PyPI; SIL Open Font License, Apache); or 1,797 handwritten digits (--built-in digits; scikit-learn, BSD)"
    )
    carriers = typefaces.CARRIERS
    unit = "pixels"
    ending = ".png"

    def __init__(self, settings: SettingsT, cache: Path) -> None:
        super().__init__(settings, cache)
        self.fitting: Fitting | None = None
        self.kept: PictureSet | None = None

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[Picture]:
        """Glyphs, or handwritten digits."""
        if self.settings.built_in == "digits":
            return built_in.digits(self.findings)
        return built_in.glyphs(self.cache)

    def read(self, path: Path) -> PictureSet:
        """The pictures of a folder or file, all brought to one size."""
        asked = self.settings
        reading = Reading(asked.size, asked.channels, asked.crop, asked.background, asked.skip_broken, self.cache)
        return read_set(path, reading, self.findings, self.fitting)

    def read_splits(self, path: Path) -> Splits[Picture]:
        """As folders or files of many pictures are called (train, val, test), else split 80/10/10 by chance."""
        if (named := named_splits(path, parts_of(path), self.findings)) is not None:
            return read_named(named, self._read_alike, self.hold_out, self.findings)
        pictures = self.read(path)
        parts = self.split(range(len(pictures)))  # type: ignore[arg-type]  # places of pictures stand for them
        return Splits(*(pictures.pick(part) for _, part in parts.items()))  # type: ignore[arg-type]

    def _read_alike(self, path: Path) -> PictureSet:
        """The pictures of one split; all splits get the size of the first that is read."""
        pictures = self.read(path)
        channels, side, _ = pictures.shape
        self.fitting = self.fitting or Fitting(side, 1 if channels == 1 else 3, self.settings.crop)
        return pictures

    def hold_out(self, train: Sequence[Picture]) -> tuple[PictureSet, PictureSet]:
        """All but a tenth of the pictures, and that tenth."""
        pictures = joined(train)
        rest, held = hold_out(range(len(pictures)), range(len(pictures)), self.settings.seed)
        return pictures.pick(rest), pictures.pick(held)

    def describe(self, example: Picture) -> Described:
        """Its pixels and its label."""
        label = "" if example.label is None else example.label
        classes = () if example.label is None else (example.label,)
        return Described(example.pixels.tobytes(), label, example.pixels.size, classes, example.path, example.line)

    def show(self, example: Picture) -> str:
        """Where it comes from, and its size."""
        height, width, channels = example.pixels.shape
        place = example.path.name + (f" {example.line}" if example.line is not None else "")
        label = f"{example.label}: " if example.label is not None else ""
        return f"{label}{place}, {height} x {width}, {'grey' if channels == 1 else 'colour'}"

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Picture]) -> None:
        """The one size of all pictures; some of them are kept, to be drawn from."""
        pictures = joined(train)
        channels, height, width = pictures.shape
        if height != width:
            raise ThroughtimeError(f"found pictures of {height} x {width} pixels, expected square ones: --size, --crop")
        asked = self.settings
        self.fitting = Fitting(height, 1 if channels == 1 else 3, asked.crop)
        places = np.linspace(0, len(pictures) - 1, min(_KEPT, len(pictures))).astype(int)
        some = pictures.pick(places)
        self.kept = PictureSet(some.array(), [picture.label for picture in some], [(p.path, p.line) for p in some])

    def save_features(self, folder: Path) -> None:
        """Size, colours, and the pictures that are kept."""
        assert self.fitting is not None
        assert self.kept is not None
        labels = list(self.kept.labels)
        learned = {"size": self.fitting.size, "channels": self.fitting.channels, "labels": labels}
        (folder / "pictures.json").write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")
        np.savez_compressed(folder / "pictures.npz", pixels=self.kept.pixels)

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        with readable(folder, f"features of a run of {self.name}"):
            learned = json.loads((folder / "pictures.json").read_text(encoding="utf-8"))
            pixels = read_arrays(folder / "pictures.npz")["pixels"]
            places = [(Path("kept"), row) for row in range(1, len(pixels) + 1)]
            self.fitting = Fitting(int(learned["size"]), learned["channels"], self.settings.crop)
            self.kept = PictureSet(pixels, list(learned["labels"]), places)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of all pictures."""
        assert self.fitting is not None
        return self.fitting.channels, self.fitting.size, self.fitting.size

    def accept(self, examples: Sequence[Picture]) -> None:
        """They must have the size and the colours of training."""
        shape = joined(examples).shape
        if shape != self.shape:
            found, expected = ("x".join(map(str, one)) for one in (shape, self.shape))
            raise DataError(examples[0].path, f"pictures of {found}", f"{expected} as in training")

    # -- learning --------------------------------------------------------------------------------------------

    def loader(self, examples: Sequence[Picture], *, training: bool) -> PictureLoader:
        """Batches of pixels."""
        self.accept(examples)
        asked = self.settings
        if not training:
            return PictureLoader(joined(examples), _EVALUATION_BATCH)
        return PictureLoader(joined(examples), asked.batch_size, seed=asked.seed, shuffle=True, mirror=asked.mirror)

    def validate(self, model: Model, examples: Sequence[Picture]) -> float:
        """The mean loss of a picture."""
        return model.mean_loss(self.watched(examples))

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[Any]:
        """The pictures that an argument stands for."""
        yield from self.read(Path(argument))

    @abstractmethod
    def judge(self, model: Any, pictures: PictureSet) -> Iterator[Prediction]:
        """What the model says of each picture."""

    def predict(self, model: Model, inputs: Iterable[Any]) -> Iterator[Prediction]:
        """What the model says of each picture; it looks at a hundred at a time."""
        for given in inputs:
            pictures = joined([given]) if isinstance(given, Picture) else self.read(Path(given))
            self.accept(pictures)
            for start in range(0, len(pictures), _PREDICTED):
                some = pictures[start : start + _PREDICTED]
                for picture, said in zip(some, self.judge(model.eval(), some), strict=True):
                    yield {"file": str(picture.path), "line": picture.line, **said}

    @staticmethod
    def place(prediction: Prediction) -> str:
        """Where the picture of a prediction comes from."""
        line = prediction["line"]
        return f"{prediction['file']}" + ("" if line is None else f", {line}")
