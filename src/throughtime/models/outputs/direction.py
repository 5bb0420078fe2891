"""Distributions of a direction (von Mises, von Mises-Fisher) and of a speed (log-normal)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

_SMALL = 1e-2  # below it, series; there both forms agree to the last digit of float32


class VonMisesFisher(NamedTuple):
    """p(u) = C(κ) exp(κ μ·u) over unit vectors u in 2 or 3 dimensions (Mardia and Jupp 2000); κ = 0: all alike.

    In 2 dimensions it is von Mises' distribution.

    Args:
        eta: (..., D), κ μ.

    Example:
        >>> flat = VonMisesFisher(torch.zeros(2))
        >>> round(flat.log_prob(torch.tensor([1.0, 0.0])).exp().item() * 2 * math.pi, 6)
        1.0
    """

    eta: Tensor

    @property
    def concentration(self) -> Tensor:
        """κ (...)."""
        # the tiny addition keeps the square root's slope finite at 0
        kappa: Tensor = (self.eta.square().sum(dim=-1) + 1e-12).sqrt()
        return kappa

    @property
    def direction(self) -> Tensor:
        """μ (..., D); of length 0 where κ is."""
        return self.eta / self.concentration[..., None]

    @property
    def resultant(self) -> Tensor:
        """Length of the mean of u (...): 0 where all directions are alike, near 1 where one is certain."""
        kappa = self.concentration
        if self.eta.shape[-1] == 2:
            ratio: Tensor = torch.special.i1e(kappa) / torch.special.i0e(kappa)
            return ratio
        large = kappa.clamp(min=_SMALL)
        return torch.where(kappa < _SMALL, kappa / 3, 1 / torch.tanh(large) - 1 / large)

    def log_prob(self, u: Tensor) -> Tensor:
        """log p of unit vectors (..., D) in nats."""
        return (self.eta * u).sum(dim=-1) - self.log_normaliser

    @property
    def log_normaliser(self) -> Tensor:
        """-log C(κ) (...)."""
        kappa = self.concentration
        if self.eta.shape[-1] == 2:
            bessel: Tensor = torch.special.i0e(kappa)
            return math.log(2 * math.pi) + bessel.log() + kappa
        large = kappa.clamp(min=_SMALL)
        # log(sinh κ / κ)
        far = large + torch.log1p(-torch.exp(-2 * large)) - math.log(2) - large.log()
        return math.log(4 * math.pi) + torch.where(kappa < _SMALL, kappa.square() / 6, far)

    @property
    def entropy(self) -> Tensor:
        """In nats (...); log 2π or log 4π where all directions are alike."""
        return self.log_normaliser - self.concentration * self.resultant

    def spread(self, level: float = 0.9) -> Tensor:
        """Half the opening angle, in degrees, of the cone around μ that holds a share `level` (...)."""
        kappa = self.concentration.double()
        if self.eta.shape[-1] == 3:
            # closed form of the cap: 1 - cos = -log(1 - level (1 - exp(-2κ))) / κ
            large = kappa.clamp(min=1e-6)
            fall = -torch.log1p(-level * -torch.expm1(-2 * large)) / large
            return torch.rad2deg(torch.acos((1 - fall).clamp(-1, 1))).to(self.eta)
        # the grid is finer where all is near μ; density by angle, summed up
        angle = math.pi * torch.linspace(0, 1, 4001, dtype=torch.float64, device=kappa.device) ** 3
        density = torch.exp(kappa[..., None] * (torch.cos(angle) - 1))
        share = torch.cumulative_trapezoid(density, angle, dim=-1)
        reached = (share < level * share[..., -1:]).sum(dim=-1)
        return torch.rad2deg(angle[reached + 1]).to(self.eta)


class LogNormal(NamedTuple):
    """log v ~ N(location, deviation²), for speeds v > 0.

    Args:
        location: (...), the median's logarithm.
        log_deviation: (...), logarithm of the standard deviation.
    """

    location: Tensor
    log_deviation: Tensor

    def log_prob(self, v: Tensor) -> Tensor:
        """log p(v) in nats (...)."""
        z = (v.log() - self.location) * torch.exp(-self.log_deviation)
        return -0.5 * z.square() - self.log_deviation - 0.5 * math.log(2 * math.pi) - v.log()

    def quantile(self, share: float) -> Tensor:
        """The speed that a share of them stays below (...)."""
        normal = math.sqrt(2) * torch.erfinv(torch.tensor(2 * share - 1, dtype=torch.float64)).item()
        return (self.location + normal * self.log_deviation.exp()).exp()
