"""The variational autoencoder (Kingma and Welling 2014; Rezende et al. 2014), of one or several latent layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.models.autoencoder import unit
from throughtime.models.base import Loss, Model
from throughtime.models.outputs.pixels import PixelLikelihood
from throughtime.models.parts.gaussian import divergence, gaussian, log_normal

_CHUNK = 4096  # samples that a decoder draws at a time where importance weights are computed


@dataclass(frozen=True)
class Bound:
    """What the evidence lower bound of a batch consists of.

    Args:
        log_likelihood: (B,) log p(x | z).
        divergence: (B,) of each latent layer, from the picture upwards: log q - log p, or its expectation.
    """

    log_likelihood: Tensor
    divergence: tuple[Tensor, ...]

    @property
    def elbo(self) -> Tensor:
        """(B,) log p(x | z) - Σ KL."""
        return self.log_likelihood - sum(self.divergence)


class VAE(Model):
    """q(z | x) = N(mean, deviation^2) by an encoder, p(x | z) by a decoder, p(z) = N(0, 1).

    With several latent layers z_1, z_2, ... (Rezende et al. 2014; Burda et al. 2016) q(z_2 | z_1) and p(z_1 | z_2) are
    networks of one hidden layer, and p is N(0, 1) for the last.

    Args:
        encoder: (B, C, H, W) -> (B, 2 L_1), means and log deviations.
        decoder: (B, L_1) -> (B, n C, H, W), n numbers for each pixel, as the likelihood wants them.
        likelihood: p(x | z).
        latents: L_1, L_2, ...: sizes of the latent layers.
        beta: weight of the divergences (Higgins et al. 2017).
        warmup: training steps over which their weight rises from 0 (Bowman et al. 2016; Sonderby et al. 2016).
        free_bits: nats of each layer's divergence, in the mean of a batch, that cost nothing (Kingma et al. 2016).
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: PixelLikelihood,
        latents: Sequence[int],
        *,
        beta: float = 1.0,
        warmup: int = 0,
        free_bits: float = 0.0,
        units: int = 200,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        self.latents = tuple(latents)
        self.beta, self.warmup, self.free_bits = beta, warmup, free_bits
        pairs = list(pairwise(latents))
        self.upward = nn.ModuleList(_conditional(below, above, units) for below, above in pairs)
        self.downward = nn.ModuleList(_conditional(above, below, units) for below, above in pairs)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.steps: Tensor

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Means and deviations (B, L_1) of q(z_1 | x), of pictures (B, C, H, W) from 0 to 1."""
        return gaussian(self.encoder(pictures))

    def decode(self, codes: Tensor) -> Tensor:
        """Expected pictures (B, C, H, W) of codes z_1 (B, L_1)."""
        return self.likelihood.mean(self.decoder(codes))

    def sample(self, count: int) -> Tensor:
        """Codes z_1 (count, L_1) of the prior, drawn from the top."""
        code = torch.randn(count, self.latents[-1], device=self.steps.device)
        for network in reversed(self.downward):
            mean, deviation = gaussian(network(code))
            code = mean + deviation * torch.randn_like(mean)
        return code

    def bound(self, pictures: Tensor, targets: Tensor) -> Bound:
        """One sample of the bound.

        Args:
            pictures: (B, C, H, W) from 0 to 1, which the encoder sees.
            targets: what is to be likely, as the likelihood has it.
        """
        mean, deviation = self.encode(pictures)
        codes, divergences = [mean + deviation * torch.randn_like(mean)], []
        if not self.upward:
            divergences.append(divergence(mean, deviation))
        else:
            log_q = [log_normal(codes[0], mean, deviation)]
            for network in self.upward:
                mean, deviation = gaussian(network(codes[-1]))
                codes.append(mean + deviation * torch.randn_like(mean))
                log_q.append(log_normal(codes[-1], mean, deviation))
            divergences = [q - p for q, p in zip(log_q, self._log_priors(codes), strict=True)]
        return Bound(self.likelihood.log_prob(self.decoder(codes[0]), targets), tuple(divergences))

    def _log_priors(self, codes: Sequence[Tensor]) -> list[Tensor]:
        """log p of each layer's code, given the one above."""
        above = [gaussian(network(code)) for network, code in zip(self.downward, codes[1:], strict=True)]
        log_p = [log_normal(code, *given) for code, given in zip(codes, above, strict=False)]
        return [*log_p, log_normal(codes[-1], torch.zeros_like(codes[-1]), torch.ones_like(codes[-1]))]

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """The negative bound, summed over pictures; in training with beta, warm-up and free bits."""
        pictures = unit(batch["inputs"])
        targets = self.likelihood.targets(pictures)
        bound = self.bound(targets if self.likelihood.discrete else pictures, targets)
        if not self.training:
            return Loss(-bound.elbo.sum(), len(pictures))
        self.steps += 1
        weight = self.beta * (min(1.0, int(self.steps) / self.warmup) if self.warmup else 1.0)
        divergence = sum(
            (layer.mean().clamp_min(self.free_bits) * len(pictures) for layer in bound.divergence),
            start=pictures.new_zeros(()),
        )
        return Loss(weight * divergence - bound.log_likelihood.sum(), len(pictures))

    @torch.no_grad()
    def log_likelihood(self, targets: Tensor, samples: int) -> Tensor:
        """(B,) the importance-weighted bound on log p(x): log 1/K Σ p(x, z_k) / q(z_k | x) (Burda et al. 2016).

        Args:
            targets: (B, C, H, W), as the likelihood has them; the encoder sees them too.
            samples: K; the bound is tighter with more.
        """
        weights = torch.cat([self._weights(one[None], samples) for one in targets])
        return weights.logsumexp(1) - math.log(samples)

    def _weights(self, target: Tensor, samples: int) -> Tensor:
        """log p(x, z) - log q(z | x), (1, K), of one picture."""
        mean, deviation = self.encode(target)
        found = []
        for first in range(0, samples, _CHUNK):
            count = min(_CHUNK, samples - first)
            codes = [mean + deviation * torch.randn(count, mean.shape[1], device=mean.device)]
            log_q = log_normal(codes[0], mean, deviation)
            for network in self.upward:
                centre, spread = gaussian(network(codes[-1]))
                codes.append(centre + spread * torch.randn_like(centre))
                log_q = log_q + log_normal(codes[-1], centre, spread)
            log_x = self.likelihood.log_prob(self.decoder(codes[0]), target.expand(count, -1, -1, -1))
            found.append(log_x + sum(self._log_priors(codes)) - log_q)
        return torch.cat(found)[None]


def active_units(means: Tensor, least: float = 0.01) -> int:
    """How many latent units say anything: those whose mean varies over pictures (N, L) by more than `least`
    (Burda et al. 2016).
    """
    return int((means.var(dim=0) > least).sum())


def _conditional(inputs: int, outputs: int, units: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, units), nn.Tanh(), nn.Linear(units, 2 * outputs))
