"""The generative adversarial network of pictures, from files to new pictures and how near they come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.errors import ThroughtimeError
from throughtime.models.parts.arc import arc
from throughtime.tasks.base import GenerateSettings
from throughtime.tasks.pictures import grids
from throughtime.tasks.pictures.adversarial import AdversarialTask
from throughtime.tasks.pictures.gan.settings import GANGeneration, GANSettings

if TYPE_CHECKING:
    from throughtime.models.base import Model
    from throughtime.models.gan import GAN

_LARGEST_PLAIN = 32  # pixels of a side up to which plain convolutions will do


class PictureGAN(AdversarialTask[GANSettings]):
    """Learns to make pictures that an opponent cannot tell from real ones."""

    name = "gan"
    summary = "makes new pictures that an opponent, which learns too, cannot tell from real ones"
    Settings = GANSettings
    Generation = GANGeneration

    @property
    def penalty(self) -> str:
        """On the discriminator's slope, as it was asked for or follows from the rest."""
        asked = self.settings
        if asked.penalty != "auto":
            return asked.penalty
        if asked.game == "wasserstein":
            return "slope-one"
        return "none" if asked.spectral == "yes" else "r1"

    def model(self) -> GAN:
        """The two opponents."""
        import torch

        from throughtime.models.gan import GAN
        from throughtime.models.parts.drawing import PictureCritic, PictureMaker

        asked = self.settings
        channels, side, _ = self.shape
        design = asked.design
        if design == "auto":
            design = "dcgan" if side <= _LARGEST_PLAIN else "resnet"
        spectral = self.penalty == "none" if asked.spectral == "auto" else asked.spectral == "yes"
        classes = len(self.classes)
        model = GAN(
            PictureMaker(design, asked.latent, channels, side, asked.width, classes),
            PictureCritic(design, channels, side, asked.width, classes, spectral=spectral),
            asked.latent,
            classes=classes,
            game=asked.game,
            penalty=self.penalty,  # type: ignore[arg-type]
            weight=asked.penalty_weight,
            penalty_every=asked.penalty_every,
            critic_steps=asked.critic_steps,
            half_life=asked.half_life,
        )
        return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def drawn(self, model: Any, chance: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        """By the averaged generator."""
        import torch

        device = next(model.parameters()).device
        numbers = torch.from_numpy(chance).to(device, torch.get_default_dtype())
        made = model.sample(numbers, None if classes is None else torch.from_numpy(classes).to(device))
        return grids.to_bytes(made.float().cpu().numpy())

    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Draw what was asked for as a PNG file."""
        asked: Any = self.Generation(**options.model_dump())
        chance, classes = self._asked(model, asked)
        made = self.in_parts(model.eval(), asked.temperature * chance, classes)
        grids.write_png(out, grids.grid(made, asked.columns), asked.zoom)
        return [out]

    def _asked(self, model: Any, asked: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """The chance (N, Z) and the classes (N,) of a grid, row by row."""
        rows, columns = asked.rows, asked.columns
        if asked.what == "classes":
            if not self.classes:
                raise ThroughtimeError("--what classes: found a model without classes, expected one that has them")
            numbers = np.arange(len(self.classes)) if asked.label is None else np.array([self.number(asked.label)])
            chance = self.chance(model, columns, asked.seed)
            return np.tile(chance, (len(numbers), 1)), numbers.repeat(columns)
        if asked.what == "interpolation":
            ends = self.chance(model, 2 * rows, asked.seed)
            ways = [arc(first, second, columns) for first, second in zip(ends[::2], ends[1::2], strict=True)]
            classes = self.of_class(rows, asked)
            return np.concatenate(ways).astype(np.float32), None if classes is None else classes.repeat(columns)
        return self.chance(model, rows * columns, asked.seed), self.of_class(rows * columns, asked)
