"""Networks from a picture to a vector and back: dense, convolutional, or recurrent over the picture's rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Literal

from torch import Tensor, nn

from throughtime.layers import LSTM

Architecture = Literal["dense", "convolutional", "recurrent"]
Shape = tuple[int, int, int]
"""(C, H, W)"""
_SMALLEST = 4  # pixels of a side that the convolutions go down to


def encoder(architecture: Architecture, shape: Shape, outputs: int, units: Sequence[int]) -> nn.Module:
    """A network (B, C, H, W) -> (B, outputs).

    Args:
        architecture: of its layers.
        shape: C, H, W of the pictures.
        outputs: numbers that it gives.
        units: dense: of each hidden layer; convolutional: channels of the first, doubled at each halving, and no more;
            recurrent: of the one layer.

    Example:
        >>> import torch
        >>> encoder("convolutional", (1, 28, 28), 5, [8])(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 5])
    """
    if architecture == "dense":
        return nn.Sequential(
            nn.Flatten(), *_hidden([prod(shape), *units]), nn.Linear([prod(shape), *units][-1], outputs)
        )
    if architecture == "convolutional":
        return _down(shape, outputs, units[0])
    return RowReader(shape, outputs, units[0])


def decoder(architecture: Architecture, latent: int, shape: Shape, units: Sequence[int]) -> nn.Module:
    """A network (B, latent) -> (B, C, H, W), the mirror of `encoder`; C may count several numbers for each pixel.

    Example:
        >>> import torch
        >>> decoder("recurrent", 5, (2, 28, 28), [8])(torch.zeros(3, 5)).shape
        torch.Size([3, 2, 28, 28])
    """
    if architecture == "dense":
        sizes = [latent, *reversed(units)]
        return nn.Sequential(*_hidden(sizes), nn.Linear(sizes[-1], prod(shape)), nn.Unflatten(1, shape))
    if architecture == "convolutional":
        return _up(latent, shape, units[0])
    return RowWriter(latent, shape, units[0])


def _hidden(sizes: Sequence[int]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return layers


def _sides(side: int) -> list[int]:
    """Sides of the layers, each half of the one before, rounded up.

    Example:
        >>> _sides(28)
        [28, 14, 7, 4]
    """
    sides = [side]
    while sides[-1] > _SMALLEST:
        sides.append(-(-sides[-1] // 2))
    return sides


def _down(shape: Shape, outputs: int, width: int) -> nn.Module:
    channels, height, across = shape
    layers: list[nn.Module] = []
    halvings = max(len(_sides(height)), len(_sides(across))) - 1
    for halving in range(halvings):
        layers += [nn.Conv2d(channels, width << halving, 3, stride=2, padding=1), nn.ReLU()]
        channels, height, across = width << halving, -(-height // 2), -(-across // 2)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * across, outputs))


def _up(latent: int, shape: Shape, width: int) -> nn.Module:
    halvings = max(len(_sides(shape[1])), len(_sides(shape[2]))) - 1
    heights, widths = [shape[1]], [shape[2]]
    for _ in range(halvings):
        heights.append(-(-heights[-1] // 2))
        widths.append(-(-widths[-1] // 2))
    channels = width << max(halvings - 1, 0)
    begin = (channels, heights[-1], widths[-1])
    layers: list[nn.Module] = [nn.Linear(latent, prod(begin)), nn.ReLU(), nn.Unflatten(1, begin)]
    for step in reversed(range(halvings)):
        outputs = shape[0] if step == 0 else width << (step - 1)
        # of an odd side half, rounded up, was one pixel more
        extra = (1 - heights[step] % 2, 1 - widths[step] % 2)
        layers += [nn.ConvTranspose2d(channels, outputs, 3, stride=2, padding=1, output_padding=extra)]
        layers += [nn.ReLU()] if step else []
        channels = outputs
    return nn.Sequential(*layers) if halvings else nn.Sequential(*layers, nn.Conv2d(channels, shape[0], 3, padding=1))


class RowReader(nn.Module):
    """An LSTM that reads a picture row by row; its last state says the rest.

    Args:
        shape: C, H, W of the pictures.
        outputs: numbers that it gives.
        units: of the LSTM.
    """

    def __init__(self, shape: Shape, outputs: int, units: int) -> None:
        super().__init__()
        self.recurrent = LSTM(shape[0] * shape[2], units, batch_first=True)
        self.output = nn.Linear(units, outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, outputs)."""
        _, (hidden, _) = self.recurrent(pictures.transpose(1, 2).flatten(2))
        numbers: Tensor = self.output(hidden[-1])
        return numbers


class RowWriter(nn.Module):
    """An LSTM that writes a picture row by row; it is given the vector at each.

    Args:
        latent: numbers that it is given.
        shape: C, H, W of the pictures.
        units: of the LSTM.
    """

    def __init__(self, latent: int, shape: Shape, units: int) -> None:
        super().__init__()
        self.shape = shape
        self.recurrent = LSTM(latent, units, batch_first=True)
        self.output = nn.Linear(units, shape[0] * shape[2])

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, latent) -> (B, C, H, W)."""
        channels, height, width = self.shape
        hidden, _ = self.recurrent(vectors[:, None].expand(-1, height, -1))
        rows: Tensor = self.output(hidden).unflatten(2, (channels, width))
        return rows.transpose(1, 2)
