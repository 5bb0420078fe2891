"""Normal distributions of independent numbers, as encoders give them and bounds weigh them."""

from __future__ import annotations

import math

from torch import Tensor


def gaussian(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation (..., L) of a network's numbers (..., 2 L); the logarithm of the latter is kept where exp is
    finite.
    """
    mean, log_deviation = numbers.chunk(2, dim=-1)
    return mean, log_deviation.clamp(-10, 10).exp()


def divergence(mean: Tensor, deviation: Tensor) -> Tensor:
    """KL(N(mean, deviation^2) || N(0, 1)), summed over the last axis."""
    return 0.5 * (mean.square() + deviation.square() - 1 - 2 * deviation.log()).sum(-1)


def log_normal(value: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """log N(value; mean, deviation^2), summed over the last axis."""
    terms = 0.5 * ((value - mean) / deviation).square() + deviation.log() + 0.5 * math.log(2 * math.pi)
    return -terms.sum(-1)
