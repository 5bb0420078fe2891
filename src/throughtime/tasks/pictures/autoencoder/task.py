"""The autoencoder of pictures, from files to codes and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.errors import ThroughtimeError
from throughtime.storage.report import Report
from throughtime.storage.scores import MODEL, Scores, Shown, of_values
from throughtime.tasks.base import GenerateSettings, Metric, Prediction
from throughtime.tasks.pictures.autoencoder.settings import AutoencoderGeneration, AutoencoderSettings
from throughtime.tasks.pictures.baselines.principal import Principal, flat
from throughtime.tasks.pictures.coding import CodingTask
from throughtime.tasks.pictures.gaps import draw_gaps
from throughtime.tasks.pictures.picture import Picture, PictureSet, joined

if TYPE_CHECKING:
    from throughtime.models.autoencoder import Autoencoder
    from throughtime.models.base import Model

_BATCH = 500


class PictureAutoencoder(CodingTask[AutoencoderSettings]):
    """Squeezes pictures through a few numbers and draws them again."""

    name = "autoencoder"
    summary = "squeezes pictures through a few numbers and draws them again"
    metric = Metric("error", "mean squared error of a pixel from 0 to 1", "min")
    Settings = AutoencoderSettings
    Generation = AutoencoderGeneration

    def __init__(self, settings: AutoencoderSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        self.principal: Principal

    def fit(self, train: Sequence[Picture]) -> None:
        """Size, pictures to draw with, and the principal components."""
        super().fit(train)
        self.principal = Principal.fit(joined(train), self.settings.latent)

    def save_features(self, folder: Path) -> None:
        """These too."""
        super().save_features(folder)
        self.principal.save(folder / "principal.npz")

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        super().load_features(folder)
        self.principal = Principal.load(folder / "principal.npz")

    def model(self) -> Autoencoder:
        """Encoder and decoder."""
        from throughtime.models.autoencoder import Autoencoder
        from throughtime.models.parts.coders import decoder, encoder

        asked = self.settings
        kind, units = ("dense", ()) if asked.linear else (asked.architecture, asked.units)
        if kind != "dense" and not units:
            raise ThroughtimeError(f"found no units for a {kind} network, expected one number: --units")
        return Autoencoder(
            encoder(kind, self.shape, asked.latent, units),
            decoder(kind, asked.latent, self.shape, units),
            bounded=not asked.linear,
            noise=asked.noise,
        )

    def validate(self, model: Model, examples: Sequence[Picture]) -> float:
        """The mean squared error of a pixel."""
        return super().validate(model, examples) / float(np.prod(self.shape))

    def evaluate(self, model: Model, examples: Sequence[Picture]) -> Report:
        """The squared error, beside the principal components of as many numbers and the mean picture."""
        pictures = joined(examples)
        each: list[np.ndarray] = []
        for start in range(0, len(pictures), _BATCH):
            rows = flat(pictures.array(range(start, min(start + _BATCH, len(pictures)))))
            drawn = (self.decode(model, self.encode(model, rows)), self.principal.draw(rows), self.principal.mean)
            each.append(np.stack([np.square(rows - one).mean(axis=1, dtype=np.float64) for one in drawn]))
        methods = (MODEL, f"{self.settings.latent} principal components", "the mean picture")
        errors = dict(zip(methods, np.concatenate(each, axis=1), strict=True))
        found = {method: {"error": float(some.mean())} for method, some in errors.items()}
        shown = [Shown(self.show(p), "", f"{error:.4g}") for p, error in zip(pictures, errors[MODEL], strict=True)]
        shares = Scores("error", "min", {method: of_values(some) for method, some in errors.items()}, shown)
        return Report(found.pop(MODEL), found, scores=shares)

    # -- use -------------------------------------------------------------------------------------------------

    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Draw what was asked for, gaps beside those of another run where there is one."""
        asked: Any = self.Generation(**options.model_dump())
        if asked.what != "gaps":
            if asked.beside is not None:
                raise ThroughtimeError(f"found --beside with --what {asked.what}, expected --what gaps")
            return super().generate(model, out, options)
        assert self.kept is not None
        views = [self.view(model, self.kept, asked.rows, asked.columns)]
        if asked.beside is not None:
            other, its_model = self._other(asked.beside)
            views.append(other.view(its_model, self.kept, asked.rows, asked.columns))
        draw_gaps(views, out)
        return [out]

    def _other(self, folder: Path) -> tuple[CodingTask[Any], Model]:
        """The task and the model of another run, whose codes are of the same pictures."""
        from throughtime.storage.folder import RunFolder
        from throughtime.tasks.pictures.vae import PictureVAE

        run = RunFolder.open(folder)
        config, kinds = run.read_config(), {kind.name: kind for kind in (PictureVAE, PictureAutoencoder)}
        if config["task"] not in kinds:
            raise ThroughtimeError(f"{folder}: found a run of {config['task']}, expected one of {', '.join(kinds)}")
        kind: Any = kinds[config["task"]]
        other: CodingTask[Any] = kind(kind.Settings(**config["settings"]), self.cache)
        other.load_features(run.features)
        if other.shape != self.shape:
            found, expected = ("x".join(map(str, one.shape)) for one in (other, self))
            raise ThroughtimeError(f"{folder}: found a run of pictures of {found}, expected {expected} as in this run")
        model = run.build_model(other.model)
        run.load_model(model)
        return other, model.eval()

    def judge(self, model: Any, pictures: PictureSet) -> Iterator[Prediction]:
        """The error of each picture, and its code."""
        rows = flat(pictures.array())
        codes = self.encode(model, rows)
        drawn = self.decode(model, codes)
        errors = np.square(rows - drawn).mean(axis=1)
        for picture, error, code, made in zip(pictures, errors, codes, self.pixels(drawn), strict=True):
            yield {"error": float(error), "code": code.tolist(), **self.seen(picture.pixels, made)}

    def render(self, prediction: Prediction) -> str:
        """The error, and where the picture comes from."""
        return f"{prediction['error']:.5f}\t{self.place(prediction)}"
