"""The variational autoencoder of pictures, from files to bounds, samples and maps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.errors import ThroughtimeError
from throughtime.storage.report import Report, Table
from throughtime.storage.scores import MODEL, Scores, Shown, of_values
from throughtime.storage.written import read_arrays, readable
from throughtime.tasks.base import Metric, Prediction
from throughtime.tasks.pictures.baselines.principal import flat
from throughtime.tasks.pictures.coding import CodingTask
from throughtime.tasks.pictures.latent import Plane
from throughtime.tasks.pictures.measures.task import JudgedTask
from throughtime.tasks.pictures.picture import Picture, PictureSet, joined
from throughtime.tasks.pictures.vae.settings import VAEGeneration, VAESettings

if TYPE_CHECKING:
    from throughtime.models.base import Model
    from throughtime.models.outputs.pixels import PixelLikelihood
    from throughtime.models.vae import VAE

_BATCH = 500
_COLLAPSED = 0.1  # share of the latent units that say anything below which the posterior has collapsed


class PictureVAE(CodingTask[VAESettings], JudgedTask[VAESettings]):
    """Learns a distribution over pictures through one over codes."""

    name = "vae"
    summary = "learns where pictures lie in a space of a few numbers, and draws new ones from it"
    metric = Metric("nelbo", "nats, the mean negative evidence lower bound of a picture", "min")
    Settings = VAESettings
    Generation = VAEGeneration

    def __init__(self, settings: VAESettings, cache: Path) -> None:
        super().__init__(settings, cache)
        self.frequency: np.ndarray

    def fit(self, train: Sequence[Picture]) -> None:
        """Size, pictures to draw with, and how often each pixel is on."""
        super().fit(train)
        pictures = joined(train)
        starts = range(0, len(pictures), _BATCH)
        parts = (pictures.array(range(start, min(start + _BATCH, len(pictures)))) for start in starts)
        sums = sum(flat(part).sum(axis=0) for part in parts)
        self.frequency = ((np.asarray(sums) + 1) / (len(pictures) + 2)).astype(np.float32)

    def save_features(self, folder: Path) -> None:
        """These too."""
        super().save_features(folder)
        np.savez(folder / "frequency.npz", frequency=self.frequency)

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        super().load_features(folder)
        with readable(folder / "frequency.npz", "frequencies of pixels"):
            self.frequency = read_arrays(folder / "frequency.npz")["frequency"]

    @property
    def likelihood(self) -> str:
        """Of a pixel, as it was asked for or follows from the colours."""
        if self.settings.likelihood != "auto":
            return self.settings.likelihood
        return "bernoulli" if self.shape[0] == 1 else "logistic"

    def model(self) -> VAE:
        """Encoder, decoder, likelihood."""
        from throughtime.models.outputs.pixels import Bernoulli, DiscretisedLogistic, Gaussian
        from throughtime.models.parts.coders import decoder, encoder
        from throughtime.models.vae import VAE

        asked = self.settings
        if asked.architecture != "dense" and not asked.units:
            raise ThroughtimeError(f"found no units for a {asked.architecture} network, expected one number: --units")
        kinds = {"bernoulli": Bernoulli, "gaussian": Gaussian, "logistic": DiscretisedLogistic}
        likelihood: PixelLikelihood = kinds[self.likelihood]()
        channels, height, width = self.shape
        return VAE(
            encoder(asked.architecture, self.shape, 2 * asked.latent[0], asked.units),
            decoder(asked.architecture, asked.latent[0], (likelihood.numbers * channels, height, width), asked.units),
            likelihood,
            asked.latent,
            beta=asked.beta,
            warmup=asked.kl_warmup,
            free_bits=asked.free_bits,
        )

    def evaluate(self, model: Model, examples: Sequence[Picture]) -> Report:
        """Bounds in nats and bits a dimension, active units; beside pixels that know nothing of each other. Samples are
        measured where that was asked for.
        """
        import torch

        from throughtime.models.vae import active_units

        network: Any = model.eval()
        pictures = joined(examples)
        chosen = np.linspace(0, len(pictures) - 1, min(self.settings.judged, len(pictures))).astype(int)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(self.settings.seed)
            negative = network.mean_loss(self.loader(pictures, training=False))
            seen = torch.from_numpy(flat(pictures.array(chosen))).view(-1, *self.shape)
            targets = network.likelihood.targets(seen.to(network.steps.device))
            each = -network.log_likelihood(targets, self.settings.importance_samples).double().cpu().numpy()
            weighted = float(each.mean())
            divergences = [float(one.mean()) for one in network.bound(targets, targets).divergence]
            active = active_units(network.encode(targets)[0])
        metrics = {"nelbo": negative, "nll": weighted, **self._bits(negative, weighted)}
        rows: list[tuple[str, str | int | float]] = [
            ("pictures of the importance-weighted bound", len(chosen)),
            ("its samples of each", self.settings.importance_samples),
            *((f"divergence of latent layer {layer}, nats", value) for layer, value in enumerate(divergences, 1)),
            (f"active units of {self.settings.latent[0]}", active),
        ]
        if active < _COLLAPSED * self.settings.latent[0]:
            rows.append(("the posterior has collapsed", "most latent units say nothing: --kl-warmup, --free-bits"))
        baselines = self._baselines(flat(pictures.array(chosen)))
        measured = self._measured(network, pictures)
        tables = [Table("the bound", ("", ""), rows), *measured.tables]
        places = (self.show(pictures[place]) for place in chosen)
        shown = [Shown(place, "", f"{nats:.2f} nats") for place, nats in zip(places, each, strict=True)]
        shares = Scores("nll", "min", {MODEL: of_values(each)}, shown)
        return Report(metrics | measured.metrics, baselines | measured.baselines, tables, shares)

    def _measured(self, network: Any, pictures: PictureSet) -> Report:
        if self.sample_judge is None and self.inception_judge is None:
            return Report({})
        return self.measure(self.samples(network, self.drawn_beside(pictures), self.settings.seed), pictures)

    def _bits(self, negative: float, weighted: float) -> dict[str, float]:
        """Bits a dimension, of values that can be counted."""
        if self.likelihood == "gaussian":
            return {}
        scale = 1 / (math.log(2) * float(np.prod(self.shape)))
        return {"bits": negative * scale, "bits_iwae": weighted * scale}

    def _baselines(self, rows: np.ndarray) -> dict[str, dict[str, float]]:
        """Each pixel on as often as in training, whatever the others are; of binary pixels only."""
        if self.likelihood != "bernoulli":
            return {}
        entropy = -(rows @ np.log(self.frequency) + (1 - rows) @ np.log(1 - self.frequency)).mean()
        nats = float(entropy)
        return {"each pixel by itself": {"nelbo": nats, "nll": nats, **self._bits(nats, nats)}}

    # -- use -------------------------------------------------------------------------------------------------

    def judge(self, model: Any, pictures: PictureSet) -> Iterator[Prediction]:
        """How probable each picture is (a bound of 50 samples), and the mean of its code."""
        import torch

        rows = flat(pictures.array())
        codes = self.encode(model, rows)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.seed)
            seen = torch.from_numpy(rows).view(-1, *self.shape).to(model.steps.device)
            nats = -model.log_likelihood(model.likelihood.targets(seen), 50).cpu().numpy()
        drawn = self.pixels(self.decode(model, codes))
        for picture, value, code, made in zip(pictures, nats, codes, drawn, strict=True):
            yield {"nll": float(value), "code": code.tolist(), **self.seen(picture.pixels, made)}

    def render(self, prediction: Prediction) -> str:
        """The negative log-likelihood, and where the picture comes from."""
        return f"{prediction['nll']:.2f} nats\t{self.place(prediction)}"

    def sheet(self, model: Any, asked: Any, rows: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Samples and the manifold; the rest as every model with codes draws it."""
        if asked.what == "manifold":
            return self.decode(model, Plane.of(codes).lattice(asked.rows, asked.columns))
        if asked.what != "samples":
            return super().sheet(model, asked, rows, codes)
        return self._drawn(model, asked.rows * asked.columns, asked.seed, asked.temperature)

    def samples(self, model: Any, count: int, seed: int) -> np.ndarray:
        """Expected pictures of codes from the prior, as `generate` draws them."""
        return self.pixels(self._drawn(model, count, seed))

    def _drawn(self, model: Any, count: int, seed: int, temperature: float = 1.0) -> np.ndarray:
        """Rows (count, C H W) of codes from the prior, whose deviation is the temperature."""
        import torch

        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            codes = (model.sample(count) * temperature).cpu().numpy()
        parts = [self.decode(model, codes[start : start + _BATCH]) for start in range(0, count, _BATCH)]
        return np.concatenate(parts)
