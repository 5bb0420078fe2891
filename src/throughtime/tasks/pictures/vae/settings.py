"""What can be asked of a variational autoencoder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from throughtime.tasks.pictures.measures.settings import JudgedSettings
from throughtime.tasks.pictures.settings import CodingSettings, PictureGeneration


class VAESettings(CodingSettings, JudgedSettings):
    """A variational autoencoder; plain: convolutions, 20 latent numbers, pixels on or off."""

    latent: Annotated[tuple[Annotated[int, Field(ge=2, le=4096)], ...], Field(min_length=1, max_length=4)] = (20,)
    """Numbers of each latent layer, from the picture upwards."""
    likelihood: Literal["auto", "bernoulli", "gaussian", "logistic"] = "auto"
    """Of a pixel: on or off with its grey value as probability, drawn anew each time (dynamic binarisation); a normal
    with one deviation for all; a discretised logistic of 256 levels; auto: bernoulli for grey, logistic for colour."""
    beta: float = Field(default=1.0, ge=0, le=1_000)
    """Weight of the divergence from the prior (beta-VAE)."""
    kl_warmup: int = Field(default=0, ge=0)
    """Training steps over which the divergence's weight rises from 0."""
    free_bits: float = Field(default=0.0, ge=0, le=1_000)
    """Nats of each latent layer's divergence that cost nothing."""
    importance_samples: int = Field(default=200, ge=1, le=100_000)
    """K of the importance-weighted bound that `evaluate` computes."""
    judged: int = Field(default=1_000, ge=1)
    """Pictures of the test split that it is computed on, at most."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Highest learning rate."""
    classifier_steps: int = Field(default=0, ge=0)
    """Training steps of the classifier in whose features samples are measured (600 will do); 0: they are not."""


class VAEGeneration(PictureGeneration):
    """What is drawn."""

    what: Literal["samples", "manifold", "reconstructions", "interpolation", "map"] = "samples"
    """samples: from the prior; manifold: a lattice through the middle of the latent space; reconstructions: pictures
    and what is made of them; interpolation: from one picture to another, a row each; map: where the means lie, by
    label."""
