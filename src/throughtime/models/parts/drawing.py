"""Networks that make pictures of chance, and networks that tell real ones from made ones: plain or residual."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from throughtime.models.parts.deviation import GroupDeviation

Design = Literal["dcgan", "resnet"]


def sides(side: int) -> list[int]:
    """Sides of a network's layers from the largest, each half of the one before, rounded up, to one of 4 to 8.

    Example:
        >>> sides(32), sides(28), sides(50)
        ([32, 16, 8, 4], [28, 14, 7], [50, 25, 13, 7])
    """
    found = [side]
    while found[-1] >= 8:
        found.append(-(-found[-1] // 2))
    return found


def _widths(layers: int, width: int) -> list[int]:
    """Channels from the largest picture down: twice as many at each halving, eight times as many at most."""
    return [width << min(layer, 3) for layer in range(layers)]


class PictureMaker(nn.Module):
    """Chance (B, Z) to pictures (B, C, S, S) from -1 to 1: a dense layer to the smallest side, then doublings.

    Args:
        design: dcgan: transposed convolutions (Radford et al. 2016); resnet: residual blocks (Gulrajani et al. 2017).
        latent: Z.
        channels: C.
        side: S.
        width: channels of the largest layer.
        classes: how many; each has a vector that is put beside the chance.

    Example:
        >>> PictureMaker("dcgan", 8, 1, 28, width=4)(torch.zeros(2, 8)).shape
        torch.Size([2, 1, 28, 28])
    """

    def __init__(self, design: Design, latent: int, channels: int, side: int, width: int, classes: int = 0) -> None:
        super().__init__()
        self.sides = sides(side)
        widths = _widths(len(self.sides), width)
        self.embedding = nn.Embedding(classes, latent) if classes else None
        inputs = latent * 2 if classes else latent
        self.begin = nn.Linear(inputs, widths[-1] * self.sides[-1] ** 2)
        self.width = widths[-1]
        block = _Doubled if design == "dcgan" else _ResidualUp
        self.blocks = nn.ModuleList(block(wide, narrow) for wide, narrow in pairwise(reversed(widths)))
        self.norm = nn.BatchNorm2d(widths[0])
        self.output = nn.Conv2d(widths[0], channels, 3, padding=1)

    def forward(self, chance: Tensor, classes: Tensor | None = None) -> Tensor:
        """(B, Z), (B,) -> (B, C, S, S)."""
        if self.embedding is not None:
            chance = torch.cat([chance, self.embedding(classes)], dim=1)
        least = self.sides[-1]
        # the dense layer's numbers are taken as (S, S, C): the convolutions want channels last
        layer = self.begin(chance).view(-1, least, least, self.width).permute(0, 3, 1, 2)
        for block, side in zip(self.blocks, reversed(self.sides[:-1]), strict=True):
            layer = block(layer)[..., :side, :side]  # twice a half that was rounded up is one too many
        picture: Tensor = self.output(F.relu(self.norm(layer))).tanh()
        return picture


class _Doubled(nn.Module):
    """Batch normalisation, ReLU, transposed convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.convolution = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)

    def forward(self, layer: Tensor) -> Tensor:
        doubled: Tensor = self.convolution(F.relu(self.norm(layer)))
        return doubled


class _ResidualUp(nn.Module):
    """Two convolutions, the first of them on the doubled layer, and a way around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.up = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.convolution = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.around = nn.Conv2d(inputs, outputs, 1)

    def forward(self, layer: Tensor) -> Tensor:
        doubled = self.up(_twice(F.relu(self.first(layer))))
        residual: Tensor = self.convolution(F.relu(self.second(doubled)))
        return residual + _twice(self.around(layer))


def _twice(layer: Tensor) -> Tensor:
    return F.interpolate(layer, scale_factor=2, mode="nearest")


class PictureCritic(nn.Module):
    """Pictures (B, C, S, S) to one number each, (B,): halvings, how much they differ, a convolution, a dense layer.

    Of classes it adds the product of the last layer with a vector of the class (Miyato and Koyama 2018).

    Args:
        design: dcgan: strided convolutions; resnet: residual blocks.
        channels: C.
        side: S.
        width: channels of the first layer.
        classes: how many.
        spectral: divide each weight by its largest singular value (Miyato et al. 2018).

    Example:
        >>> PictureCritic("resnet", 3, 28, width=4, spectral=True)(torch.zeros(2, 3, 28, 28)).shape
        torch.Size([2])
    """

    def __init__(
        self, design: Design, channels: int, side: int, width: int, classes: int = 0, *, spectral: bool = False
    ) -> None:
        super().__init__()
        halvings = len(sides(side)) - 1
        widths = [channels, *_widths(max(halvings, 1), width)]
        block = _Halved if design == "dcgan" else _ResidualDown
        self.blocks = nn.Sequential(*(block(inputs, outputs, spectral) for inputs, outputs in pairwise(widths)))
        self.deviation = GroupDeviation()
        self.last = _bounded(nn.Conv2d(widths[-1] + 1, widths[-1], 3, padding=1), spectral)
        with torch.no_grad():
            features = self.blocks(torch.zeros(1, channels, side, side)).numel()
        self.output = _bounded(nn.Linear(features, 1), spectral)
        self.embedding = _bounded(nn.Embedding(classes, features), spectral) if classes else None

    def forward(self, pictures: Tensor, classes: Tensor | None = None, sets: int = 1) -> Tensor:
        """(B, C, S, S), (B,) -> (B,).

        Args:
            pictures: one set after the other, all of one size: all real ones, then all generated ones.
            classes: where there are such.
            sets: how many.
        """
        layer = self.deviation(self.blocks(pictures), sets)
        features = F.leaky_relu(self.last(layer), 0.2).flatten(1)
        value: Tensor = self.output(features).squeeze(1)
        if self.embedding is not None:
            value = value + (self.embedding(classes) * features).sum(1)
        return value


def _bounded(layer: Any, spectral: bool) -> Any:
    return spectral_norm(layer) if spectral else layer


class _Halved(nn.Module):
    """Strided convolution, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, spectral: bool) -> None:
        super().__init__()
        self.convolution = _bounded(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), spectral)

    def forward(self, layer: Tensor) -> Tensor:
        return F.leaky_relu(self.convolution(layer), 0.2)


class _ResidualDown(nn.Module):
    """Two convolutions, the last of them halved, and a way around them."""

    def __init__(self, inputs: int, outputs: int, spectral: bool) -> None:
        super().__init__()
        self.first = _bounded(nn.Conv2d(inputs, outputs, 3, padding=1), spectral)
        self.second = _bounded(nn.Conv2d(outputs, outputs, 3, padding=1), spectral)
        self.around = _bounded(nn.Conv2d(inputs, outputs, 1), spectral)

    def forward(self, layer: Tensor) -> Tensor:
        residual = self.second(F.leaky_relu(self.first(layer), 0.2))
        return F.leaky_relu(F.avg_pool2d(residual + self.around(layer), 2), 0.2)
