"""The synthesis network: from a learnt 4 x 4 to a picture, the style of each layer given (Karras et al. 2020a)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from throughtime.models.stylegan.equalised import ROOT2, activate
from throughtime.models.stylegan.modulation import ModulatedConv2d
from throughtime.models.stylegan.resampling import upsample

SMALLEST = 4
"""Pixels of a side that the networks begin and end with."""


def sides_up_to(side: int) -> list[int]:
    """The resolutions of the networks: 4, 8, ..., side.

    Raises:
        ValueError: the side is no power of two, or below 8.
    """
    if side < 2 * SMALLEST or side & (side - 1):
        raise ValueError(f"found pictures of {side} pixels a side, expected a power of two from {2 * SMALLEST}")
    return [1 << power for power in range(SMALLEST.bit_length() - 1, side.bit_length())]


def channels_at(side: int, largest: int, width: int, widest: int) -> int:
    """Channels of the layers at a resolution: `width` at the largest, twice as many at each half, `widest` at most."""
    return min(widest, width * (largest // side))


class StyledLayer(nn.Module):
    """Modulated convolution with bias, noise of a learnt strength, leaky ReLU.

    Args:
        inputs, outputs: channels.
        style: numbers of w.
        up: whether it doubles the size.
    """

    def __init__(self, inputs: int, outputs: int, style: int, *, up: bool = False) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(inputs, outputs, 3, style, up=up, gain=ROOT2)
        self.strength = nn.Parameter(torch.zeros(()))

    def forward(self, inputs: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
        """(B, inputs, H, W), w (B, style), noise (B or 1, 1, H', W') -> (B, outputs, H', W')."""
        outputs: Tensor = self.convolution(inputs, styles)
        return activate(outputs.add_((ROOT2 * self.strength * noise).to(outputs.dtype)))


class Synthesis(nn.Module):
    """Two styled layers at each resolution (at the first one), and a picture whose parts of all resolutions are summed.

    Args:
        colours: channels of a picture.
        side: of a picture, a power of two.
        width: channels at the largest resolution, doubled at each smaller one.
        widest: channels, at most.
        style: numbers of w.

    Attributes:
        layer_sides: the resolution of each styled layer: 4, 8, 8, 16, 16, ...

    Example:
        >>> network = Synthesis(1, 16, width=4, widest=8, style=6)
        >>> network(torch.zeros(2, len(network.layer_sides), 6)).shape
        torch.Size([2, 1, 16, 16])
    """

    def __init__(self, colours: int, side: int, width: int, widest: int, style: int) -> None:
        super().__init__()
        self.sides = sides_up_to(side)
        channels = [channels_at(one, side, width, widest) for one in self.sides]
        self.layer_sides = [SMALLEST] + [one for one in self.sides[1:] for _ in range(2)]
        self.constant = nn.Parameter(torch.randn(1, channels[0], SMALLEST, SMALLEST))
        layers = [StyledLayer(channels[0], channels[0], style)]
        for below, here in pairwise(channels):
            layers += [StyledLayer(below, here, style, up=True), StyledLayer(here, here, style)]
        self.layers = nn.ModuleList(layers)
        self.pictures = nn.ModuleList(ModulatedConv2d(here, colours, 1, style, demodulate=False) for here in channels)

    def draw_noise(self, count: int, random: torch.Generator | None = None) -> list[Tensor]:
        """Noise (count, 1, H, W) for each layer, N(0, 1).

        Args:
            count: 1: all pictures have the same.
            random: on the CPU, so that it is the same on every device; None: the device's own.
        """
        like = self.constant
        where = like.device if random is None else torch.device("cpu")
        shapes = [(count, 1, side, side) for side in self.layer_sides]
        return [
            torch.randn(shape, generator=random, device=where, dtype=like.dtype).to(like.device) for shape in shapes
        ]

    def forward(self, styles: Tensor, noises: Sequence[Tensor] | None = None) -> Tensor:
        """Pictures (B, colours, H, W), about -1 to 1, of a w for each layer.

        Args:
            styles: (B, layers, style).
            noises: (B or 1, 1, H, W) for each layer; None: drawn.
        """
        noises = self.draw_noise(len(styles)) if noises is None else noises
        each = zip(self.layers, styles.unbind(1), noises, strict=True)
        features = self.constant.expand(len(styles), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        picture: Tensor | None = None
        for to_picture, side in zip(self.pictures, self.sides, strict=True):
            for _ in range(self.layer_sides.count(side)):
                layer, style, noise = next(each)
                features = layer(features, style, noise)
            # a picture takes the style of the layer that it is made of
            part: Tensor = to_picture(features, style)
            # sums of all resolutions are kept in full precision
            picture = part.to(self.constant.dtype) + (0 if picture is None else _enlarged(picture))
        assert picture is not None
        return picture


def _enlarged(picture: Tensor) -> Tensor:
    with torch.autocast(picture.device.type, enabled=False):
        return upsample(picture)
