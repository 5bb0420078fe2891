"""A sequence VAE at work on whole sequences: what it says of each, and what it makes of codes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from throughtime.data.batch import Loader
from throughtime.decoding.sampling import Sampling
from throughtime.models import listen
from throughtime.models.parts.gaussian import divergence
from throughtime.models.sequence_vae import SequenceVAE

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Judged:
    """What a sequence VAE says of one sequence.

    Args:
        code: (L,) the mean of its posterior.
        divergence: of the posterior from the prior, in nats.
        nelbo: the negative evidence lower bound, the mean over K samples, in nats.
        nll: the importance-weighted bound on -log p(x) of these samples, in nats.
        terms: (T,) -log p of each element, given those before and the code.
        guesses: as the targets: the likeliest of each, given those before and the code.
        remade: as the targets: what the code alone is decoded to, taking the likeliest each time.
    """

    code: Floats
    divergence: float
    nelbo: float
    nll: float
    terms: Floats
    guesses: NDArray[Any]
    remade: NDArray[Any]


@torch.no_grad()
def judge(model: SequenceVAE, loader: Loader, samples: int) -> Iterator[Judged]:
    """Judge each sequence of a loader, in order; random by torch's own generator.

    Args:
        model: what judges.
        loader: whole sequences, padded, with `lengths`.
        samples: K of the bounds.
    """
    model.eval()
    device = model.steps.device
    for batch in loader.epoch(0):
        batch = batch.to(device)
        weights = model.log_weights(batch, samples)
        mean, deviation = model.encode(batch)
        heard, _ = listen.judge(model.decoder, batch, model.told.begin(mean))
        likeliest = Sampling(temperature=0)
        drawn = model.decoder.generate(batch["inputs"][:, :1], likeliest, model.told.begin(mean))
        remade = torch.stack(list(islice(drawn, batch["targets"].shape[1])), dim=1).to(batch["targets"].dtype)
        numbers = zip(
            mean.double().cpu().numpy(),
            divergence(mean, deviation).tolist(),
            (-weights.mean(1)).tolist(),
            (math.log(samples) - weights.logsumexp(1)).tolist(),
            heard,
            remade.cpu().numpy(),
            strict=True,
        )
        for code, far, nelbo, nll, (terms, guesses), row in numbers:
            yield Judged(code, far, nelbo, nll, terms, guesses, row[: len(terms)])


@torch.no_grad()
def codes_of(model: SequenceVAE, loader: Loader) -> Floats:
    """The means (N, L) of the posteriors of a loader's sequences, in order."""
    model.eval()
    means = [model.encode(batch.to(model.steps.device))[0] for batch in loader.epoch(0)]
    return np.asarray(torch.cat(means).double().cpu().numpy())


def write(model: SequenceVAE, code: Floats, beginning: NDArray[Any], sampling: Sampling) -> Iterator[NDArray[Any]]:
    """The elements that a code (L,) is decoded to, for ever.

    Args:
        model: what decodes.
        code: where in the latent space.
        beginning: what its decoder reads first (1, ...): the element that stands before a sequence.
        sampling: how to draw.
    """
    parameter = next(model.parameters())
    with torch.no_grad():
        state = model.told.begin(torch.from_numpy(code)[None].to(parameter))
    for element in model.decoder.generate(torch.from_numpy(beginning)[None].to(parameter.device), sampling, state):
        yield element[0].cpu().numpy()


def drawn(size: int, random: np.random.Generator) -> Floats:
    """A code (size,) of the prior."""
    return random.standard_normal(size)


def near(code: Floats, spread: float, random: np.random.Generator) -> Floats:
    """A neighbour of a code: sqrt(1 - spread^2) of it and `spread` of another draw from the prior, which stays the
    distribution of all neighbours of all codes; 0: the code itself, 1: nothing of it.
    """
    return np.asarray(math.sqrt(1 - spread**2) * code + spread * drawn(len(code), random))
