"""Likelihoods of pictures: what a decoder's numbers say of each pixel, in nats."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_LEVELS = 256


class PixelLikelihood(nn.Module, ABC):
    """p(x | z) = Π p(pixel | the decoder's numbers for it)."""

    numbers: ClassVar[int]
    """That the decoder gives for each pixel and channel."""
    discrete: ClassVar[bool]
    """Whether it is of values that can be counted, so that bits are bits of a file."""

    def targets(self, pictures: Tensor) -> Tensor:
        """What is said to have been seen, of pictures (B, C, H, W) from 0 to 1."""
        return pictures

    @abstractmethod
    def log_prob(self, given: Tensor, pictures: Tensor) -> Tensor:
        """log p (B,) of pictures (B, C, H, W) under a decoder's numbers (B, n C, H, W)."""

    @abstractmethod
    def mean(self, given: Tensor) -> Tensor:
        """Expected pictures (B, C, H, W), from 0 to 1."""


class Bernoulli(PixelLikelihood):
    """Each pixel is on or off; grey ones are drawn anew each time they are seen (dynamic binarisation,
    Salakhutdinov and Murray 2008).
    """

    numbers = 1
    discrete = True

    def targets(self, pictures: Tensor) -> Tensor:
        """Each pixel on with its grey value as probability."""
        # as torch.bernoulli, in half the time: its numbers have twice as many digits
        return (torch.rand_like(pictures) < pictures).to(pictures)

    def log_prob(self, given: Tensor, pictures: Tensor) -> Tensor:
        """-Σ binary cross-entropy of the logits."""
        return -F.binary_cross_entropy_with_logits(given, pictures, reduction="none").flatten(1).sum(1)

    def mean(self, given: Tensor) -> Tensor:
        """How probably each is on."""
        return given.sigmoid()


class Gaussian(PixelLikelihood):
    """Each pixel has a mean of its own and all have one deviation, which is learned."""

    numbers = 1
    discrete = False

    def __init__(self) -> None:
        super().__init__()
        self.log_deviation = nn.Parameter(torch.tensor(-1.5))

    def log_prob(self, given: Tensor, pictures: Tensor) -> Tensor:
        """Of values from 0 to 1, as densities."""
        scaled = (pictures - self.mean(given)) * (-self.log_deviation).exp()
        terms = 0.5 * scaled.square() + self.log_deviation + 0.5 * math.log(2 * math.pi)
        return -terms.flatten(1).sum(1)

    def mean(self, given: Tensor) -> Tensor:
        """The means."""
        return given.sigmoid()


class DiscretisedLogistic(PixelLikelihood):
    """Each pixel is one of 256 levels, with the mass of a logistic between its borders (Kingma et al. 2016)."""

    numbers = 2
    discrete = True

    def log_prob(self, given: Tensor, pictures: Tensor) -> Tensor:
        """Mass between half a level below and half a level above; the tails belong to the ends."""
        centre, log_scale = self._parts(given)
        half, inverse = 0.5 / (_LEVELS - 1), (-log_scale).exp()
        above, below = (pictures + half - centre) * inverse, (pictures - half - centre) * inverse
        inside = (above.sigmoid() - below.sigmoid()).clamp_min(1e-12).log()
        inside = torch.where(pictures < half, F.logsigmoid(above), inside)
        return torch.where(pictures > 1 - half, F.logsigmoid(-below), inside).flatten(1).sum(1)

    def mean(self, given: Tensor) -> Tensor:
        """The centres."""
        return self._parts(given)[0].clamp(0, 1)

    @staticmethod
    def _parts(given: Tensor) -> tuple[Tensor, Tensor]:
        centre, log_scale = given.chunk(2, dim=1)
        return centre.sigmoid(), (log_scale - 3).clamp(-7, 2)
