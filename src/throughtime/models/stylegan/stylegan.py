"""StyleGAN: a generator and a discriminator, what each descends on, and what moves beside them (Karras et al. 2020a, b)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.models.base import Loss, Model, Objective
from throughtime.models.stylegan.augmentation import AdaptiveAugmentation
from throughtime.models.stylegan.discriminator import Discriminator
from throughtime.models.stylegan.generator import Generator

_LENGTHS_KEPT = 0.99  # of the mean path length at each measurement
_RAMP = 0.05  # the half-life of the average is at most this share of the pictures seen so far


@dataclass(frozen=True)
class Regularisation:
    """What keeps the two networks in order.

    Args:
        r1: gamma of the penalty on the discriminator's gradient at real pictures (Mescheder et al. 2018).
        r1_every: steps between two.
        path_length: weight of the generator's path length penalty; 0: none.
        path_length_every: steps between two.
        path_length_share: of the batch that it is measured on.
        mixing: probability that a drawn picture has the styles of two z.
        half_life: pictures after which a generator has half of its weight left in the average.
    """

    r1: float = 0.01
    r1_every: int = 16
    path_length: float = 2.0
    path_length_every: int = 4
    path_length_share: float = 0.5
    mixing: float = 0.9
    half_life: float = 10_000.0


class StyleGAN(Model):
    """Learns to draw pictures that the discriminator takes for real ones.

    Args:
        generator: z -> a picture.
        discriminator: a picture -> a number.
        augmentation: what the discriminator sees pictures through; None: undisturbed.
        regularisation: penalties, style mixing, average.

    Attributes:
        averaged: the generator whose weights are the moving average, which draws what is shown.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        augmentation: AdaptiveAugmentation | None = None,
        regularisation: Regularisation | None = None,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.augmentation = generator, discriminator, augmentation
        self.regularisation = regularisation or Regularisation()
        self.averaged = copy.deepcopy(generator).requires_grad_(False)
        self.register_buffer("path_length", torch.zeros(()))
        self.register_buffer("pictures", torch.zeros((), dtype=torch.int64))  # real ones that were seen
        self.register_buffer("averaged_at", torch.zeros((), dtype=torch.int64))
        self.path_length: Tensor
        self.pictures: Tensor
        self.averaged_at: Tensor

    def objectives(self) -> Sequence[Objective]:
        """Discriminator and generator, each with its lazy penalty."""
        asked = self.regularisation
        found = [Objective("discriminator", self.discriminator, self.loss)]
        if asked.r1:
            found.append(Objective("r1", self.discriminator, self.gradient_penalty, asked.r1_every))
        found.append(Objective("generator", self.generator, self.generator_loss))
        if asked.path_length:
            found.append(Objective("path_length", self.generator, self.path_penalty, asked.path_length_every))
        return found

    # -- the discriminator -----------------------------------------------------------------------------------

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """-log s(D(x)) - log(1 - s(D(G(z)))), summed over the pictures of a batch (s: the logistic function)."""
        real, labels = signed(batch["inputs"]), batch.get("labels")
        with torch.no_grad():
            drawn = self._drawn(len(real), labels)
        both = None if labels is None else labels.repeat(2)
        scores = self._judged(torch.cat([real, drawn.to(real.dtype)]), both, sets=2)
        of_real, of_drawn = scores.float().chunk(2)
        if self.training:
            self.pictures += len(real)
            if self.augmentation is not None:
                self.augmentation.observe(of_real)
        total = F.softplus(-of_real).sum() + F.softplus(of_drawn).sum()
        return Loss(total, len(real), measures=self._measures(of_real.detach(), of_drawn.detach()))

    def gradient_penalty(self, batch: Batch, state: Any = None) -> Loss:
        """R1, lazily: gamma / 2 |dD/dx|^2 at real pictures as the discriminator sees them (Mescheder et al. 2018)."""
        asked = self.regularisation
        pictures = self._seen(signed(batch["inputs"])).detach().requires_grad_()
        scores = self.discriminator(pictures, batch.get("labels"))
        penalty = squared_gradient(scores, pictures)
        return Loss(asked.r1_every * asked.r1 / 2 * penalty.sum(), len(pictures))

    # -- the generator ---------------------------------------------------------------------------------------

    def generator_loss(self, batch: Batch, state: Any = None) -> Loss:
        """-log s(D(G(z))), summed over as many drawn pictures as the batch has real ones."""
        count, labels = len(batch["inputs"]), batch.get("labels")
        scores = self._judged(self._drawn(count, labels), labels)
        return Loss(F.softplus(-scores.float()).sum(), count)

    def path_penalty(self, batch: Batch, state: Any = None) -> Loss:
        """Path length, lazily: weight (|J_w^T y| - a)^2, a their moving mean, on a part of the batch (Karras et al.
        2020a, section 3.2): a step in w shall change a picture by the same amount wherever it starts.
        """
        asked, labels = self.regularisation, batch.get("labels")
        count = max(1, round(asked.path_length_share * len(batch["inputs"])))
        styles = self.generator.mixed_styles(None if labels is None else labels[:count], count, asked.mixing)
        lengths = path_lengths(self.generator.synthesis(styles), styles)
        if self.training:
            self.path_length.lerp_(lengths.detach().mean().to(self.path_length), 1 - _LENGTHS_KEPT)
        penalty = asked.path_length_every * asked.path_length * (lengths - self.path_length).square().sum()
        return Loss(penalty, count, measures={"path_length": self.path_length.clone()})

    def _drawn(self, count: int, labels: Tensor | None) -> Tensor:
        styles = self.generator.mixed_styles(labels, count, self.regularisation.mixing)
        pictures: Tensor = self.generator.synthesis(styles)
        return pictures

    def _seen(self, pictures: Tensor) -> Tensor:
        return pictures if self.augmentation is None else self.augmentation(pictures)

    def _judged(self, pictures: Tensor, labels: Tensor | None, sets: int = 1) -> Tensor:
        scores: Tensor = self.discriminator(self._seen(pictures), labels, sets)
        return scores

    def _measures(self, of_real: Tensor, of_drawn: Tensor) -> dict[str, Tensor]:
        found = {"score_real": of_real.mean(), "score_drawn": of_drawn.mean()}
        if self.augmentation is not None:
            found |= {"augmentation": self.augmentation.p.clone(), "overfitting": self.augmentation.overfitting.clone()}
        return found

    # -- beside them -----------------------------------------------------------------------------------------

    @torch.no_grad()
    def stepped(self) -> None:
        """Move the average and the probability of augmentation."""
        seen = int(self.pictures)
        half_life = min(self.regularisation.half_life, _RAMP * seen)
        kept = 0.5 ** ((seen - int(self.averaged_at)) / half_life) if half_life else 0.0
        self.averaged_at.copy_(self.pictures)
        for mean, own in zip(_numbers(self.averaged), _numbers(self.generator), strict=True):
            mean.lerp_(own, 1 - kept)
        if self.augmentation is not None:
            self.augmentation.stepped()

    @torch.no_grad()
    def draw(self, z: Tensor, labels: Tensor | None = None, **options: Any) -> Tensor:
        """Pictures (B, C, H, W) from 0 to 1, of the averaged generator; options as `Generator.forward` takes them."""
        return unsigned(self.averaged(z, labels, **options))


def signed(pixels: Tensor) -> Tensor:
    """Pixels (B, H, W, C) uint8 as pictures (B, C, H, W) from -1 to 1, in channels_last order."""
    return pixels.permute(0, 3, 1, 2).to(torch.get_default_dtype()) / 127.5 - 1


def unsigned(pictures: Tensor) -> Tensor:
    """Pictures from -1 to 1, and beyond, as such from 0 to 1."""
    return ((pictures + 1) / 2).clamp(0, 1)


def squared_gradient(scores: Tensor, pictures: Tensor) -> Tensor:
    """(B,) |d scores / d pictures|^2 of each picture, which can itself be differentiated."""
    (gradient,) = torch.autograd.grad(scores.sum(), pictures, create_graph=True)
    return gradient.square().sum((1, 2, 3))


def path_lengths(pictures: Tensor, styles: Tensor) -> Tensor:
    """(B,) |J^T y| for y ~ N(0, 1 / pixels), root mean square over layers, which can itself be differentiated.

    Args:
        pictures: (B, C, H, W), made of
        styles: (B, layers, style).
    """
    noise = torch.randn_like(pictures) / (pictures.shape[2] * pictures.shape[3]) ** 0.5
    (gradient,) = torch.autograd.grad((pictures * noise).sum(), styles, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()


def _numbers(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]
