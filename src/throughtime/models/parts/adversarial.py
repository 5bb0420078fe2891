"""What generator and discriminator descend on, and penalties on the discriminator's gradient."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Game = Literal["non-saturating", "hinge", "wasserstein"]


def discriminator_terms(game: Game, real: Tensor, fake: Tensor) -> Tensor:
    """What a discriminator descends on, (B,), of its values for real and for generated pictures.

    Args:
        game: the cross-entropy of real against generated (Goodfellow et al. 2014), its hinge (Lim and Ye 2017), or the
            difference that Wasserstein's distance is the largest value of (Arjovsky et al. 2017).
        real: (B,)
        fake: (B,)

    Example:
        >>> discriminator_terms("hinge", torch.tensor([2.0]), torch.tensor([0.5]))
        tensor([1.5000])
    """
    match game:
        case "non-saturating":
            return F.softplus(-real) + F.softplus(fake)
        case "hinge":
            return F.relu(1 - real) + F.relu(1 + fake)
        case "wasserstein":
            return fake - real


def generator_terms(game: Game, fake: Tensor) -> Tensor:
    """What a generator descends on, (B,), of the discriminator's values for its pictures."""
    return F.softplus(-fake) if game == "non-saturating" else -fake


def squared_slopes(values: Tensor, pictures: Tensor) -> Tensor:
    """||dD/dx||^2 of each picture, (B,), to be differentiated once more.

    Half of its mean over real pictures is R1 (Mescheder et al. 2018).

    Args:
        values: (B,), each of its own picture alone.
        pictures: (B, C, H, W), what they were computed from.
    """
    (slopes,) = torch.autograd.grad(values.sum(), pictures, create_graph=True)
    return slopes.square().flatten(1).sum(1)


def distance_from_slope_one(values: Tensor, pictures: Tensor) -> Tensor:
    """(||dD/dx|| - 1)^2 of each picture, (B,): the penalty of WGAN-GP (Gulrajani et al. 2017)."""
    # the root has no slope at nought
    return ((squared_slopes(values, pictures) + 1e-12).sqrt() - 1).square()


def mixed(real: Tensor, fake: Tensor) -> Tensor:
    """Points on the straight lines from real to generated pictures, each at a place of its own drawn by chance."""
    place = torch.rand(len(real), 1, 1, 1, device=real.device, dtype=real.dtype)
    return torch.lerp(real, fake, place)
