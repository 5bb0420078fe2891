"""What turns the frames of a clip into vectors: a small convolutional network for pictures, a layer for vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from throughtime.errors import ArgumentError


class PictureEncoder(nn.Module):
    """Two streams of convolutions, one for what a picture shows and one for what moves in it (Simonyan and Zisserman
    2014; Donahue et al. 2015), then a layer.

    What moves is seen as the distance from the clip's mean picture, and the change of that distance since the picture
    before: it grows where something arrives and falls where it leaves, whatever the colours (a plain stand-in for
    optical flow). All is pooled over the picture, so that it does not matter where something moves.

    Args:
        size: S of the pictures (B, T, S, S, 3), uint8, at least 8.
        width: channels of the first convolutions; each of the next two has twice as many.
        features: of the vectors (B, T, features).

    Raises:
        ArgumentError: too small a size.

    Example:
        >>> PictureEncoder(16, 4, 10)(torch.zeros(2, 3, 16, 16, 3, dtype=torch.uint8)).shape
        torch.Size([2, 3, 10])
    """

    def __init__(self, size: int, width: int, features: int) -> None:
        super().__init__()
        if size < 8:
            raise ArgumentError(f"found pictures of size {size}, expected at least 8")
        self.shown, self.moved = _stream(3, width), _stream(2, width)
        self.output = nn.Linear(16 * width, features)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, T, S, S, 3) -> (B, T, F)"""
        shown = pictures.to(self.output.weight.dtype) / 127.5 - 1
        apart = 4 * (shown - shown.mean(dim=1, keepdim=True)).abs().mean(dim=-1, keepdim=True)
        moved = torch.cat([apart, _change(apart)], dim=-1)
        pooled = []
        for stream, seen in ((self.shown, shown), (self.moved, moved)):
            maps = stream(seen.flatten(0, 1).permute(0, 3, 1, 2).contiguous())
            pooled += [maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))]
        return torch.relu(self.output(torch.cat(pooled, dim=-1))).reshape(*pictures.shape[:2], -1)


def _stream(inputs: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for outputs, kernel in ((width, 5), (2 * width, 3), (4 * width, 3)):
        layers += [nn.Conv2d(inputs, outputs, kernel, stride=2, padding=kernel // 2)]
        layers += [nn.GroupNorm(1, outputs), nn.ReLU()]
        inputs = outputs
    return nn.Sequential(*layers)


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
        return torch.relu(self.layer(torch.cat([vectors, _change(vectors)], dim=-1)))


def _change(frames: Tensor) -> Tensor:
    """Each frame (B, T, ...) less the one before; the first has none."""
    return torch.diff(frames, dim=1, prepend=frames[:, :1])
