"""What can be asked of a generative adversarial network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from throughtime.settings import Probability
from throughtime.tasks.pictures.adversarial import AdversarialSettings
from throughtime.tasks.pictures.settings import PictureGeneration


class GANSettings(AdversarialSettings):
    """A generative adversarial network; plain: that of DCGAN, the cross-entropy, R1."""

    design: Literal["auto", "dcgan", "resnet"] = "auto"
    """Of the networks; auto: dcgan up to 32 pixels, residual blocks above."""
    width: int = Field(default=32, ge=1, le=1024)
    """Channels of the largest layer, twice as many after each halving, eight times as many at most."""
    latent: int = Field(default=64, ge=1, le=4096)
    """Numbers that a picture is made of."""
    game: Literal["non-saturating", "hinge", "wasserstein"] = "non-saturating"
    """What the two play for: cross-entropy, its hinge, or Wasserstein's distance."""
    spectral: Literal["auto", "yes", "no"] = "auto"
    """Spectral normalisation of the discriminator; auto: except where its slope is penalised."""
    penalty: Literal["auto", "none", "r1", "slope-one"] = "auto"
    """On the discriminator's slope: R1 (at real pictures), or slope-one (that of WGAN-GP, between real and generated);
    auto: slope-one for wasserstein, else r1, but none beside spectral normalisation."""
    penalty_weight: float = Field(default=1.0, ge=0, le=1e6)
    """Gamma of R1, lambda of WGAN-GP (whose authors took 10)."""
    penalty_every: int = Field(default=16, ge=1)
    """Steps between two times that the penalty is worked out (and weighs as much more)."""
    critic_steps: int = Field(default=1, ge=1)
    """Steps of the discriminator for each of the generator."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Highest learning rate, of both."""
    betas: tuple[Probability, Probability] = (0.5, 0.999)
    """Adam: how much of the mean gradient and of the mean square is kept at each step."""
    clip_norm: float | None = Field(default=None, gt=0)
    """Largest norm of the whole gradient; none: no clipping."""


class GANGeneration(PictureGeneration):
    """What is drawn."""

    what: Literal["samples", "interpolation", "classes"] = "samples"
    """samples: new pictures; interpolation: from one to another, a row each; classes: a row for each class, the same
    chance in a column."""
    label: str | None = None
    """Of which class, where the model has classes; none: as often as in training."""
