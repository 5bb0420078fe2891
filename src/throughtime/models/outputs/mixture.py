"""Mixture density output: a mixture of normal distributions with full covariances."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

_WIDEST = 7.0  # logarithm of the largest standard deviation, and minus that of the smallest
WIDEST = 8.0
"""Factor by which regions are made wider or narrower at most."""


class Mixture(NamedTuple):
    """p(y) = Σ_m w_m N(y; μ_m, L_m L_mᵀ) (Bishop 1994), any number of them side by side.

    Args:
        logits: (..., M); their softmax are the weights w.
        means: (..., M, D).
        factors: (..., M, D, D), lower triangular with positive diagonals: L.

    Example:
        >>> one = Mixture(torch.zeros(1), torch.zeros(1, 2), torch.eye(2)[None])
        >>> round(one.log_prob(torch.zeros(2)).item(), 4), one.mean.tolist()
        (-1.8379, [0.0, 0.0])
    """

    logits: Tensor
    means: Tensor
    factors: Tensor

    @property
    def weights(self) -> Tensor:
        """w (..., M)."""
        return self.logits.softmax(dim=-1)

    @property
    def mean(self) -> Tensor:
        """The whole distribution's (..., D)."""
        return (self.weights[..., None] * self.means).sum(dim=-2)

    @property
    def covariance(self) -> Tensor:
        """The whole distribution's (..., D, D): within the components, and between them."""
        apart = self.means - self.mean[..., None, :]
        each = self.factors @ self.factors.mT + apart[..., :, None] * apart[..., None, :]
        return (self.weights[..., None, None] * each).sum(dim=-3)

    def log_prob(self, y: Tensor) -> Tensor:
        """log p(y) in nats: (..., D) -> (...)."""
        apart = y[..., None, :] - self.means
        size = apart.shape[-1]
        diagonal = self.factors.diagonal(dim1=-2, dim2=-1)
        # L z = y - μ by forward substitution: D is 2 or 3, and this is quicker than a solver's call for each
        solved: list[Tensor] = []
        for row in range(size):
            rest = apart[..., row]
            for column in range(row):
                rest = rest - self.factors[..., row, column] * solved[column]
            solved.append(rest / diagonal[..., row])
        distance = torch.stack(solved, dim=-1).square().sum(dim=-1)
        each = -0.5 * distance - diagonal.log().sum(dim=-1) - 0.5 * size * math.log(2 * math.pi)
        return (self.logits.log_softmax(dim=-1) + each).logsumexp(dim=-1)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws (count, ..., D)."""
        flat = self.weights.flatten(0, -2)
        chosen = torch.multinomial(flat, count, replacement=True, generator=generator)
        chosen = chosen.T.reshape(count, *self.logits.shape[:-1])
        size = self.means.shape[-1]
        noise = torch.randn((*chosen.shape, size), generator=generator, device=flat.device, dtype=flat.dtype)
        place = chosen[..., None, None].expand(*chosen.shape, 1, size)
        means = self.means.expand(count, *self.means.shape).gather(-2, place)[..., 0, :]
        places = chosen[..., None, None, None].expand(*chosen.shape, 1, size, size)
        factors = self.factors.expand(count, *self.factors.shape).gather(-3, places)[..., 0, :, :]
        return means + (factors @ noise[..., None])[..., 0]

    def widened(self, scale: Tensor | float) -> Mixture:
        """The distribution of mean + scale * (y - mean)."""
        centre = self.mean[..., None, :]
        return Mixture(self.logits, centre + scale * (self.means - centre), scale * self.factors)

    def threshold(self, level: float, draws: int = 200, generator: torch.Generator | None = None) -> Tensor:
        """log p at the edge of the smallest region that holds a share `level` (Hyndman 1996), by sampling: (...)."""
        values = self.log_prob(self.sample(draws, generator))
        return torch.quantile(values.float(), 1 - level, dim=0)


class MixtureOutput(nn.Module):
    """Vectors -> mixtures, which start close to the standard normal distribution.

    Logarithms of standard deviations are held within ±7 smoothly, so that no density can run away.

    Args:
        features: of the vectors.
        components: M.
        dimensions: D.

    Example:
        >>> MixtureOutput(8, components=4, dimensions=3)(torch.zeros(5, 8)).factors.shape
        torch.Size([5, 4, 3, 3])
    """

    def __init__(self, features: int, components: int, dimensions: int) -> None:
        super().__init__()
        self.components, self.dimensions = components, dimensions
        self.below = dimensions * (dimensions - 1) // 2
        self.output = nn.Linear(features, components * (1 + 2 * dimensions + self.below))
        with torch.no_grad():
            self.output.weight.mul_(0.1)
            self.output.bias.mul_(0.1)

    def forward(self, vectors: Tensor) -> Mixture:
        """(..., F) -> (...) mixtures."""
        D = self.dimensions
        values = self.output(vectors).unflatten(-1, (self.components, -1))
        logits, means, scales, below = values.split([1, D, D, self.below], dim=-1)
        factors = torch.diag_embed((_WIDEST * torch.tanh(scales / _WIDEST)).exp())
        rows, columns = torch.tril_indices(D, D, offset=-1)
        factors[..., rows, columns] = below
        return Mixture(logits[..., 0], means, factors)


def coverage(mixture: Mixture, y: Tensor, level: float, scale: float = 1.0, seed: int = 0) -> Tensor:
    """Which y (..., D) lie in the smallest region of probability `level` of the widened mixture: (...) bool."""
    generator = torch.Generator(mixture.logits.device).manual_seed(seed)
    back = mixture.mean + (y - mixture.mean) / scale
    return mixture.log_prob(back) >= mixture.threshold(level, generator=generator)


def calibrated_scale(mixture: Mixture, y: Tensor, level: float, seed: int = 0) -> float:
    """By how much to widen mixtures (N, ...), so that their regions of probability `level` hold that share of y (N, D).

    Found by bisection between 1/8 and 8 (the coverage grows with the scale).
    """
    generator = torch.Generator(mixture.logits.device).manual_seed(seed)
    edge, centre = mixture.threshold(level, generator=generator), mixture.mean
    low, high = math.log(1 / WIDEST), math.log(WIDEST)
    for _ in range(20):
        middle = (low + high) / 2
        held = mixture.log_prob(centre + (y - centre) / math.exp(middle)) >= edge
        low, high = (middle, high) if float(held.float().mean()) < level else (low, middle)
    return math.exp((low + high) / 2)
