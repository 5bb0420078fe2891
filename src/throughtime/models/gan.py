"""The generative adversarial network (Goodfellow et al. 2014): one network makes pictures, one tells them from real."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.models.base import Loss, Model, Objective
from throughtime.models.parts.adversarial import (
    Game,
    discriminator_terms,
    distance_from_slope_one,
    generator_terms,
    mixed,
    squared_slopes,
)
from throughtime.models.parts.exponential import ExponentialAverage

Penalty = Literal["none", "r1", "slope-one"]


class GAN(Model):
    """G(z, c) makes a picture of chance z ~ N(0, 1) and a class c; D(x, c) is high for real ones.

    Args:
        generator: z (B, Z), classes (B,) or None -> (B, C, H, W), from -1 to 1.
        discriminator: (B, C, H, W), classes (B,) or None, sets -> (B,); of several sets the first is real.
        latent: Z.
        classes: how many there are; 0: the networks are given None.
        game: what they play for.
        penalty: on the discriminator's slope: R1 at real pictures, or that of WGAN-GP between real and generated ones.
        weight: gamma of R1, lambda of WGAN-GP.
        penalty_every: steps between two times that the penalty is worked out, and weighs as much more.
        critic_steps: steps of the discriminator for each of the generator.
        half_life: of the averaged generator, in pictures.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        latent: int,
        *,
        classes: int = 0,
        game: Game = "non-saturating",
        penalty: Penalty = "none",
        weight: float = 10.0,
        penalty_every: int = 1,
        critic_steps: int = 1,
        half_life: float = 5_000,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.average = ExponentialAverage(generator, half_life)
        self.latent, self.classes, self.game = latent, classes, game
        self.penalty, self.weight = penalty, weight
        self.penalty_every, self.critic_steps = penalty_every, critic_steps
        # of the step under way: how many real pictures, and generated ones that both opponents see
        self._pictures, self._made = 0, deque[Tensor]()

    def chance(self, count: int) -> Tensor:
        """(count, Z) numbers to make pictures of."""
        return torch.randn(count, self.latent, device=next(self.parameters()).device)

    def some_classes(self, count: int) -> Tensor | None:
        """(count,) classes drawn by chance; None where there are none."""
        if not self.classes:
            return None
        return torch.randint(self.classes, (count,), device=next(self.parameters()).device)

    @torch.no_grad()
    def sample(self, chance: Tensor, classes: Tensor | None = None) -> Tensor:
        """Pictures (B, C, H, W), from 0 to 1, by the averaged generator.

        Args:
            chance: (B, Z)
            classes: (B,), where the model has classes.
        """
        made: Tensor = self.average(chance, classes)
        return (made.clamp(-1, 1) + 1) / 2

    @torch.no_grad()
    def realness(self, pictures: Tensor, classes: Tensor | None = None) -> Tensor:
        """D (B,) of pictures (B, H, W, C) uint8: how surely they are no generated ones."""
        values: Tensor = self.discriminator(symmetric(pictures), classes)
        return values

    # -- what they play for --------------------------------------------------------------------------------------

    def objectives(self) -> Sequence[Objective]:
        """The discriminator's, its penalty if that is not worked out at each step, the generator's."""
        lazy = [Objective("penalty", self.discriminator, self.steepness, self.penalty_every)]
        return (
            Objective("discriminator", self.discriminator, self.loss),
            *(lazy if self.penalty != "none" and self.penalty_every > 1 else ()),
            Objective("generator", self.generator, self.deceit, self.critic_steps),
        )

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """The discriminator's: real pictures of a batch against as many generated ones, in one pass."""
        real, classes = symmetric(batch["inputs"]), batch.get("classes")
        count = len(real)
        # the generator is to learn from the same pictures, where it learns as often
        shared = self.training and self.critic_steps == 1
        with torch.set_grad_enabled(shared):
            fake = self.generator(self.chance(count), classes)
        if self.training:
            self._pictures += count
        if shared:
            self._made.append(fake)
        fake = fake.detach()
        both = torch.cat([real, fake]).contiguous(memory_format=torch.channels_last)
        labels = None if classes is None else classes.repeat(2)
        of_real, of_fake = self.discriminator(both, labels, sets=2).split(count)
        total = discriminator_terms(self.game, of_real, of_fake).sum()
        if self.penalty != "none" and self.penalty_every == 1:
            total = total + self._slopes(real, fake, classes).sum()
        return Loss(total, count, measures={"d_real": self._shown(of_real), "d_fake": self._shown(of_fake)})

    def steepness(self, batch: Batch, state: Any = None) -> Loss:
        """The penalty on the discriminator's slope, for all the steps that it is not worked out in."""
        real, classes = symmetric(batch["inputs"]), batch.get("classes")
        with torch.no_grad():
            fake = real if self.penalty == "r1" else self.generator(self.chance(len(real)), classes)
        return Loss(self.penalty_every * self._slopes(real, fake, classes).sum(), len(real))

    def _slopes(self, real: Tensor, fake: Tensor, classes: Tensor | None) -> Tensor:
        """(B,), weighed."""
        places = (real if self.penalty == "r1" else mixed(real, fake)).detach().requires_grad_()
        values = self.discriminator(places, classes)
        if self.penalty == "r1":
            return self.weight / 2 * squared_slopes(values, places)
        return self.weight * distance_from_slope_one(values, places)

    def deceit(self, batch: Batch, state: Any = None) -> Loss:
        """The generator's: that its pictures are taken for real; those that the discriminator has just learned from."""
        count, classes = len(batch["inputs"]), batch.get("classes")
        fake = self._made.popleft() if self._made else self.generator(self.chance(count), classes)
        values = self.discriminator(fake, classes)
        return Loss(generator_terms(self.game, values).sum(), count)

    def _shown(self, values: Tensor) -> Tensor:
        """The mean of D; as a probability, where it is one."""
        return (values.sigmoid() if self.game == "non-saturating" else values).detach().float().mean()

    def stepped(self) -> None:
        """The averaged generator follows."""
        self.average.follow(self.generator, self._pictures)
        self._pictures = 0
        self._made.clear()


def symmetric(pixels: Tensor) -> Tensor:
    """Pixels (B, H, W, C) uint8 as numbers (B, C, H, W) from -1 to 1, in torch's default type.

    Example:
        >>> symmetric(torch.tensor([[[[0], [255]]]], dtype=torch.uint8)).flatten().tolist()
        [-1.0, 1.0]
    """
    return pixels.permute(0, 3, 1, 2).to(torch.get_default_dtype()) / 127.5 - 1
