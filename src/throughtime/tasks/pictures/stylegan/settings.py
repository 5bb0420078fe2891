"""What can be asked of a StyleGAN."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from throughtime.settings import Probability
from throughtime.tasks.pictures.adversarial import AdversarialSettings
from throughtime.tasks.pictures.settings import PictureGeneration


class StyleGANSettings(AdversarialSettings):
    """A StyleGAN; plain: 32 channels at the full size, adaptive augmentation, all regularisation."""

    width: int = Field(default=32, ge=1, le=1024)
    """Channels of the layers at the full size, twice as many at each half of it."""
    widest: int = Field(default=512, ge=1, le=1024)
    """Channels at most."""
    style: int = Field(default=128, ge=1, le=1024)
    """Numbers that a picture is made of, and of the style that they are made into."""
    mapping_layers: int = Field(default=4, ge=1, le=8)
    """Dense layers from the former to the latter."""
    r1: float = Field(default=1.0, ge=0, le=1e6)
    """Gamma of the penalty on the discriminator's slope at real pictures; where it is too small pictures are alike."""
    r1_every: int = Field(default=16, ge=1)
    """Steps between two times that it is worked out (and weighs as much more)."""
    path_length: float = Field(default=2.0, ge=0, le=1e6)
    """Weight of the path length penalty on the generator."""
    path_length_every: int = Field(default=4, ge=1)
    """Steps between two times that it is worked out, on half a batch (and weighs as much more)."""
    style_mixing: Annotated[float, Field(ge=0, le=1)] = 0.9
    """Share of the drawn pictures whose later layers have another style, in training."""
    augment: Literal["adaptive", "none"] = "adaptive"
    """adaptive: the discriminator sees disturbed pictures, as often as keeps it from knowing the real ones by heart."""
    augment_target: Annotated[float, Field(ge=-1, le=1)] = 0.6
    """Mean sign of the discriminator on real pictures that is aimed at."""
    augment_pictures: int = Field(default=100_000, ge=1)
    """Pictures in which the probability of disturbing goes from 0 to 1 at most (the paper's 500,000 are for days)."""
    batch_size: int = Field(default=32, ge=2)
    """Pictures in a batch."""
    learning_rate: float = Field(default=2.5e-3, gt=0)
    """Highest learning rate, of both."""
    betas: tuple[Probability, Probability] = (0.0, 0.99)
    """Adam: how much of the mean gradient and of the mean square is kept at each step."""
    clip_norm: float | None = Field(default=None, gt=0)
    """Largest norm of the whole gradient; none: no clipping."""


class StyleGANGeneration(PictureGeneration):
    """What is drawn."""

    what: Literal["samples", "mixing", "interpolation", "walk", "projection"] = "samples"
    """samples: new pictures, none chosen; mixing: a row for each picture of which the coarse styles are taken, a column
    for each that lends the fine ones; interpolation: from one style to another, a row each; walk: a film (.mp4) of a
    way through the styles and back; projection: each picture of --like beside the nearest that can be drawn."""
    label: str | None = None
    """Of which class, where the model has classes; none: as often as in training."""
    psi: Annotated[float, Field(ge=0, le=2)] = 1.0
    """Truncation: how far styles are from their mean; below 1 pictures are better and less varied."""
    psi_resolutions: Annotated[str, Field(pattern=r"^\d+-\d+$")] | None = None
    """Resolutions whose layers are truncated, as 4-32; none: all."""
    coarse_to: int = 8
    """Mixing: the largest resolution whose styles are coarse ones."""
    frames: int = Field(default=240, ge=2, le=10_000)
    """Walk: pictures of the film, 30 a second."""
    like: Path | None = None
    """Projection: the picture, or pictures, to be found again."""
    projection_steps: int = Field(default=300, ge=1, le=100_000)
    """Projection: steps of the search."""
