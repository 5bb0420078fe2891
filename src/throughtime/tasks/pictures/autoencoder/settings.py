"""What can be asked of an autoencoder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from throughtime.tasks.pictures.settings import CodingSettings, PictureGeneration


class AutoencoderSettings(CodingSettings):
    """An autoencoder; plain: convolutions, codes of 16 numbers."""

    latent: int = Field(default=16, ge=2, le=4096)
    """Numbers of a code."""
    linear: bool = False
    """No hidden layers and nothing squashed: what it learns spans the principal components."""
    noise: float = Field(default=0.0, ge=0, le=10)
    """Standard deviation of what is added to the pictures in training, which are to be drawn without it (denoising)."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Highest learning rate."""


class AutoencoderGeneration(PictureGeneration):
    """What is drawn."""

    what: Literal["between", "reconstructions", "interpolation", "map", "gaps"] = "between"
    """between: what lies on a lattice between the codes, gaps and all; reconstructions: pictures and what is made of
    them; interpolation: from one picture to another, a row each; map: where the codes lie, by label; gaps: the map and
    the lattice in one figure."""
    beside: Path | None = None
    """gaps: the run folder of a VAE (or another autoencoder) of pictures of the same size, drawn below."""
