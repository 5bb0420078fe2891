"""StyleGAN: generator and discriminator, what they descend on, and what moves beside them (Karras et al. 2020a, b)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.data.batch import Batch
from throughtime.models.base import Loss, Model, Objective
from throughtime.models.gan import symmetric
from throughtime.models.parts.adversarial import discriminator_terms, generator_terms, squared_slopes
from throughtime.models.parts.exponential import ExponentialAverage
from throughtime.models.stylegan.augmentation import AdaptiveAugmentation
from throughtime.models.stylegan.discriminator import Discriminator
from throughtime.models.stylegan.generator import Generator

_LENGTHS_KEPT = 0.99  # of the mean path length at each measurement


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

    r1: float = 1.0
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
        side: pixels of a side of the pictures, where that is no power of two: they lie in the middle of what the
            networks see and draw, and their edges go on around them.

    Attributes:
        average: the generator whose weights are the moving average, which draws what is shown.
        path_length: the moving mean of path lengths.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        augmentation: AdaptiveAugmentation | None = None,
        regularisation: Regularisation | None = None,
        side: int | None = None,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.augmentation = generator, discriminator, augmentation
        self.regularisation = regularisation or Regularisation()
        self.average = ExponentialAverage(generator, self.regularisation.half_life)
        self.register_buffer("path_length", torch.zeros(()))
        self.register_buffer("paths_measured", torch.zeros((), dtype=torch.int64))
        self.path_length: Tensor
        self.paths_measured: Tensor
        self.side = side or generator.layer_sides[-1]
        self._pictures = 0  # of the step under way

    @property
    def latent(self) -> int:
        """Numbers of z."""
        return self.generator.mapping.style

    @property
    def averaged(self) -> Generator:
        """The generator of averaged weights."""
        network = self.average.network
        assert isinstance(network, Generator)
        return network

    @torch.no_grad()
    def sample(self, chance: Tensor, classes: Tensor | None = None, **options: Any) -> Tensor:
        """Pictures (B, C, H, W), from 0 to 1, by the averaged generator.

        Args:
            chance: z (B, style).
            classes: (B,), where the model has classes.
            options: as `Generator.forward` takes them: psi, psi_sides, noises.
        """
        return positive(self.cut(self.averaged(chance, classes, **options)))

    @torch.no_grad()
    def realness(self, pictures: Tensor, classes: Tensor | None = None) -> Tensor:
        """D (B,) of pictures (B, H, W, C) uint8, undisturbed: how surely they are no generated ones."""
        values: Tensor = self.discriminator(self._framed(pictures), classes)
        return values

    def cut(self, pictures: Tensor) -> Tensor:
        """The middle of what the synthesis network draws, which is the picture."""
        before = (pictures.shape[3] - self.side) // 2
        inside = slice(before, before + self.side)
        return pictures[:, :, inside, inside]

    def _framed(self, pixels: Tensor) -> Tensor:
        """Pixels (B, H, W, C) uint8 as the networks have them."""
        pictures, more = symmetric(pixels), self.generator.layer_sides[-1] - self.side
        if not more:
            return pictures
        before, after = more // 2, more - more // 2
        return F.pad(pictures, (before, after, before, after), "replicate")

    def objectives(self) -> Sequence[Objective]:
        """The discriminator's and the generator's, each with its lazy penalty."""
        asked = self.regularisation
        found = [Objective("discriminator", self.discriminator, self.loss)]
        if asked.r1:
            found.append(Objective("r1", self.discriminator, self.gradient_penalty, asked.r1_every))
        found.append(Objective("generator", self.generator, self.deceit))
        if asked.path_length:
            found.append(Objective("path_length", self.generator, self.path_penalty, asked.path_length_every))
        return found

    # -- the discriminator -----------------------------------------------------------------------------------

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """-log s(D(x)) - log(1 - s(D(G(z)))), real and drawn pictures in one pass (s: the logistic function)."""
        real, classes = self._framed(batch["inputs"]), batch.get("classes")
        count = len(real)
        with torch.no_grad():
            drawn = self._drawn(count, classes).to(real.dtype)
        both = None if classes is None else classes.repeat(2)
        of_real, of_drawn = self._judged(torch.cat([real, drawn]), both, sets=2).chunk(2)
        if self.training:
            self._pictures += count
            if self.augmentation is not None:
                self.augmentation.observe(of_real)
        total = discriminator_terms("non-saturating", of_real, of_drawn).sum()
        measures = {"d_real": of_real.detach().sigmoid().mean(), "d_fake": of_drawn.detach().sigmoid().mean()}
        if self.augmentation is not None:
            measures |= {"augmented": self.augmentation.p.clone(), "overfitting": self.augmentation.overfitting.clone()}
        return Loss(total, count, measures=measures)

    def gradient_penalty(self, batch: Batch, state: Any = None) -> Loss:
        """R1, lazily: gamma / 2 |dD/dx|^2 at real pictures as the discriminator sees them (Mescheder et al. 2018)."""
        asked = self.regularisation
        pictures = self._seen(self._framed(batch["inputs"])).detach().requires_grad_()
        slopes = squared_slopes(self.discriminator(pictures, batch.get("classes")), pictures)
        return Loss(asked.r1_every * asked.r1 / 2 * slopes.sum(), len(pictures))

    # -- the generator ---------------------------------------------------------------------------------------

    def deceit(self, batch: Batch, state: Any = None) -> Loss:
        """-log s(D(G(z))), for as many drawn pictures as the batch has real ones."""
        count, classes = len(batch["inputs"]), batch.get("classes")
        scores = self._judged(self._drawn(count, classes), classes)
        return Loss(generator_terms("non-saturating", scores).sum(), count)

    def path_penalty(self, batch: Batch, state: Any = None) -> Loss:
        """Path length, lazily: weight (|J_w^T y| - a)^2, a their moving mean, on a part of the batch (Karras et al.
        2020a, section 3.2): a step in w shall change a picture by the same amount wherever it starts.
        """
        asked, classes = self.regularisation, batch.get("classes")
        count = max(1, round(asked.path_length_share * len(batch["inputs"])))
        styles = self.generator.mixed_styles(None if classes is None else classes[:count], count, asked.mixing)
        lengths = path_lengths(self.generator.synthesis(styles), styles)
        if self.training:
            # a plain mean in the beginning: to pull lengths towards 0 would teach the generator to ignore z
            self.paths_measured += 1
            share = (1 / self.paths_measured).clamp_min(1 - _LENGTHS_KEPT).to(self.path_length)
            self.path_length.lerp_(lengths.detach().mean().to(self.path_length), share)
        penalty = asked.path_length_every * asked.path_length * (lengths - self.path_length).square().sum()
        return Loss(penalty, count, measures={"path_length": lengths.detach().mean()})

    def _drawn(self, count: int, classes: Tensor | None) -> Tensor:
        pictures: Tensor = self.generator.synthesis(
            self.generator.mixed_styles(classes, count, self.regularisation.mixing)
        )
        return pictures

    def _seen(self, pictures: Tensor) -> Tensor:
        return pictures if self.augmentation is None else self.augmentation(pictures)

    def _judged(self, pictures: Tensor, classes: Tensor | None, sets: int = 1) -> Tensor:
        scores: Tensor = self.discriminator(self._seen(pictures), classes, sets)
        return scores.to(torch.get_default_dtype())

    def stepped(self) -> None:
        """The averaged generator follows, and the probability of augmentation moves."""
        self.average.follow(self.generator, self._pictures)
        self._pictures = 0
        if self.augmentation is not None:
            self.augmentation.stepped()


def positive(pictures: Tensor) -> Tensor:
    """Pictures from -1 to 1, and beyond, as such from 0 to 1."""
    return (pictures.clamp(-1, 1) + 1) / 2


def path_lengths(pictures: Tensor, styles: Tensor) -> Tensor:
    """(B,) |J^T y| for y ~ N(0, 1 / pixels), root mean square over layers, which can itself be differentiated.

    Args:
        pictures: (B, C, H, W), made of
        styles: (B, layers, style).
    """
    noise = torch.randn_like(pictures) / (pictures.shape[2] * pictures.shape[3]) ** 0.5
    (gradient,) = torch.autograd.grad((pictures * noise).sum(), styles, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()
