"""What turns the frames of a clip into vectors: a small convolutional network for pictures, a layer for vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from throughtime.errors import ArgumentError


class PictureEncoder(nn.Module):
    """Convolutions of stride 2, as many as bring the picture down to 4 x 4, then a layer: no place is pooled away,
    for where something is tells, over time, how it moves.

    Args:
        size: S of the pictures (B, T, S, S, 3), uint8; a power of 2, at least 8.
        width: channels of the first convolution; each further one has twice as many, up to four times.
        features: of the vectors (B, T, features).

    Raises:
        ArgumentError: no such size.

    Example:
        >>> PictureEncoder(16, 4, 10)(torch.zeros(2, 3, 16, 16, 3, dtype=torch.uint8)).shape
        torch.Size([2, 3, 10])
    """

    def __init__(self, size: int, width: int, features: int) -> None:
        super().__init__()
        if size < 8 or size & (size - 1):
            raise ArgumentError(f"found pictures of size {size}, expected a power of 2 from 8 up")
        layers: list[nn.Module] = []
        inputs, outputs = 3, width
        while size > 4:
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.GroupNorm(1, outputs), nn.ReLU()]
            inputs, outputs, size = outputs, min(2 * outputs, 4 * width), size // 2
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs * 16, features), nn.ReLU())

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, T, S, S, 3) -> (B, T, F)"""
        flat = pictures.flatten(0, 1).permute(0, 3, 1, 2).to(next(self.parameters()).dtype) / 127.5 - 1
        vectors: Tensor = self.layers(flat.contiguous())
        return vectors.reshape(*pictures.shape[:2], -1)


class VectorEncoder(nn.Module):
    """A layer for each step's vector beside its change since the step before.

    Args:
        inputs: I.
        features: F.

    Example:
        >>> VectorEncoder(3, 8)(torch.zeros(2, 5, 3)).shape
        torch.Size([2, 5, 8])
    """

    def __init__(self, inputs: int, features: int) -> None:
        super().__init__()
        self.layer = nn.Linear(2 * inputs, features)

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, T, I) -> (B, T, F)"""
        change = torch.diff(vectors, dim=1, prepend=vectors[:, :1])
        return torch.relu(self.layer(torch.cat([vectors, change], dim=-1)))
