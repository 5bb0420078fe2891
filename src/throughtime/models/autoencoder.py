"""The autoencoder: a picture squeezed through a few numbers and drawn again (Rumelhart et al. 1986)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.models.base import Loss, Model


class Autoencoder(Model):
    """z = encode(x), x^ = decode(z); the loss is the squared error Σ (x - x^)^2 of a picture.

    A linear encoder and decoder without hidden layers learn the subspace of the principal components (Bourlard and
    Kamp 1988; Baldi and Hornik 1989). With noise it has to draw the clean picture from a disturbed one (Vincent et al.
    2008).

    Args:
        encoder: (B, C, H, W) -> (B, L).
        decoder: (B, L) -> (B, C, H, W).
        bounded: squash what is drawn to 0 ... 1 by the logistic function.
        noise: standard deviation of what is added to pictures in training.

    Example:
        >>> model = Autoencoder(nn.Flatten(), nn.Unflatten(1, (1, 2, 2)), bounded=False)
        >>> model(torch.ones(3, 1, 2, 2)).shape
        torch.Size([3, 1, 2, 2])
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, bounded: bool = True, noise: float = 0.0) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.bounded, self.noise = bounded, noise

    def encode(self, pictures: Tensor) -> Tensor:
        """Codes (B, L) of pictures (B, C, H, W), from 0 to 1."""
        codes: Tensor = self.encoder(pictures)
        return codes

    def decode(self, codes: Tensor) -> Tensor:
        """Pictures (B, C, H, W) of codes (B, L)."""
        drawn: Tensor = self.decoder(codes)
        return drawn.sigmoid() if self.bounded else drawn

    def forward(self, pictures: Tensor) -> Tensor:
        """Each picture drawn again from its code."""
        return self.decode(self.encode(pictures))

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """The squared error, summed over pixels and pictures; its terms are pictures."""
        pictures = unit(batch["inputs"])
        seen = pictures
        if self.training and self.noise:
            seen = pictures + self.noise * torch.randn_like(pictures)
        return Loss((self(seen) - pictures).square().sum(), len(pictures))


def unit(pixels: Tensor) -> Tensor:
    """Pixels (B, H, W, C) uint8 as numbers (B, C, H, W) from 0 to 1, in torch's default type.

    Example:
        >>> unit(torch.full((1, 2, 2, 3), 255, dtype=torch.uint8)).shape
        torch.Size([1, 3, 2, 2])
    """
    return pixels.permute(0, 3, 1, 2).to(torch.get_default_dtype()) / 255
