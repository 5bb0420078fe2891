"""A recurrent variational autoencoder of sequences (Bowman et al. 2016; Roberts et al. 2018)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.errors import ArgumentError
from throughtime.models.base import Loss, Model
from throughtime.models.generator import Generator
from throughtime.models.parts.conditioned import Conditioned
from throughtime.models.parts.gaussian import divergence, gaussian, log_normal
from throughtime.models.parts.pooling import max_pooling, real_steps

_STEPS = 16_384  # of all sequences and samples, that are worked out at a time where importance weights are computed
_TERMS = 1_024  # of these, whose outputs are: with a large vocabulary each has many numbers


class SequenceVAE(Model):
    """p(x) = ∫ p(z) Π_t p(x<t> | x<1>, ..., x<t-1>, z) dz, with p(z) = N(0, 1) and q(z | x) = N(mean, deviation^2).

    The encoder reads a sequence from both ends; the largest value of each of its features over time says the posterior
    (of the last states alone, less gets through: Long et al. 2019). Without free bits or a warm-up a decoder that is
    good at predicting learns to do without the code before the code says anything (Bowman et al. 2016).

    Args:
        decoder: a generator whose recurrent layers are `Conditioned`; its own encoder is the front end of both.
        reader: recurrent layers that read what the front end gives, batch first and bidirectional.
        beta: weight of the divergence.
        warmup: training steps over which its weight rises from 0.
        free_bits: nats of it, in the mean of a batch, that cost nothing (Kingma et al. 2016).

    The batch holds `inputs`, `targets` and, if padded, `lengths`, as a generator's does; sequences are whole.

    Raises:
        ArgumentError: a decoder whose layers are told nothing.
    """

    def __init__(
        self, decoder: Generator, reader: Any, *, beta: float = 1.0, warmup: int = 0, free_bits: float = 0.0
    ) -> None:
        super().__init__()
        if not isinstance(decoder.recurrent, Conditioned):
            raise ArgumentError(f"found a decoder with {type(decoder.recurrent).__name__}, expected Conditioned layers")
        self.decoder, self.reader = decoder, reader
        self.numbers = nn.Linear(reader.num_directions * reader.hidden_size, 2 * self.told.code_size)
        self.beta, self.warmup, self.free_bits = beta, warmup, free_bits
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.steps: Tensor

    @property
    def told(self) -> Conditioned:
        """The decoder's layers, which are told the code."""
        layers: Any = self.decoder.recurrent
        told: Conditioned = layers
        return told

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Means and deviations (B, L) of q(z | x), where x are the batch's targets."""
        elements = batch["targets"].to(batch["inputs"].dtype)
        lengths = batch.get("lengths")
        if lengths is None:
            lengths = torch.full((elements.shape[0],), elements.shape[1], device=elements.device)
        hidden, _ = self.reader(self.decoder.encoder(elements), lengths=lengths)
        return gaussian(self.numbers(max_pooling(hidden, lengths)))

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """The negative bound of one sample, summed over sequences; in training with beta, warm-up and free bits."""
        mean, deviation = self.encode(batch)
        codes = mean + deviation * torch.randn_like(mean)
        decoded = self.decoder.loss(batch, self.told.begin(codes))
        divergences = divergence(mean, deviation)
        if not self.training:
            return Loss(decoded.total + divergences.sum(), decoded.count)
        self.steps += 1
        weight = self.beta * (min(1.0, int(self.steps) / self.warmup) if self.warmup else 1.0)
        charged = divergences.mean().clamp_min(self.free_bits) * len(mean)
        measures = {"kl": divergences.mean().detach()}
        return Loss(decoded.total + weight * charged, decoded.count, penalty=decoded.penalty, measures=measures)

    @torch.no_grad()
    def log_weights(self, batch: Batch, samples: int) -> Tensor:
        """log p(x, z) - log q(z | x) of codes drawn from the posterior: (B, K).

        Their mean is the evidence lower bound; log 1/K Σ exp is the importance-weighted one, which is the tighter the
        more samples there are (Burda et al. 2016).

        Args:
            batch: B sequences.
            samples: K.
        """
        self.eval()
        mean, deviation = self.encode(batch)
        B, T = batch["targets"].shape[:2]
        at_once = max(1, _STEPS // (B * T))
        found = []
        for first in range(0, samples, at_once):
            K = min(at_once, samples - first)
            many = Batch({name: tensor.repeat_interleave(K, 0) for name, tensor in batch.tensors.items()}, B * K, 0)
            centre, spread = mean.repeat_interleave(K, 0), deviation.repeat_interleave(K, 0)
            codes = centre + spread * torch.randn_like(centre)
            log_p = log_normal(codes, torch.zeros_like(codes), torch.ones_like(codes)) - self._nll(many, codes)
            found.append((log_p - log_normal(codes, centre, spread)).view(B, K))
        return torch.cat(found, dim=1)

    def log_likelihood(self, batch: Batch, samples: int) -> Tensor:
        """(B,) the importance-weighted bound on log p(x)."""
        return self.log_weights(batch, samples).logsumexp(1) - math.log(samples)

    def _nll(self, batch: Batch, codes: Tensor) -> Tensor:
        """-log p(x | z) of each sequence: (B,)."""
        targets, lengths = batch["targets"], batch.get("lengths")
        hidden, _ = self.decoder(batch["inputs"], lengths, self.told.begin(codes))
        real = torch.ones(targets.shape[:2], dtype=torch.bool, device=targets.device)
        if lengths is not None:
            real = real_steps(lengths, targets.shape[1])
        terms = hidden.new_zeros(targets.shape[:2])
        flat = zip(torch.split(hidden[real], _TERMS), torch.split(targets[real], _TERMS), strict=True)
        terms[real] = torch.cat([self.decoder.output.nll(*some) for some in flat])
        nats: Tensor = terms.sum(1)
        return nats
