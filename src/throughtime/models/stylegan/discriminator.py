"""The discriminator: residual, with the deviation of a few pictures as a feature (Karras et al. 2020a)."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from throughtime.models.parts.deviation import GroupDeviation
from throughtime.models.stylegan.equalised import ROOT2, EqualisedConv2d, EqualisedLinear, activate
from throughtime.models.stylegan.resampling import blur, downsample
from throughtime.models.stylegan.synthesis import SMALLEST, channels_at, sides_up_to


class ResidualBlock(nn.Module):
    """Two convolutions to half the size, and a way past them; both divided by sqrt 2, so that the variance is kept."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = EqualisedConv2d(inputs, inputs, 3, gain=ROOT2)
        # sqrt 2 of the leaky ReLU and 1 / sqrt 2 of the sum cancel each other
        self.second = EqualisedConv2d(inputs, outputs, 3, stride=2)
        self.past = EqualisedConv2d(inputs, outputs, 1, bias=False, gain=1 / ROOT2)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / 2, W / 2)."""
        features = activate(self.first(inputs))
        past: Tensor = self.past(downsample(inputs))
        return past + activate(self.second(blur(features, padding=2)))


class Discriminator(nn.Module):
    """Pictures -> a number each, larger where they look real; of their class, where there are classes.

    Args:
        colours, side, width, widest: as `Synthesis` takes them.
        classes: 0: labels are not known, or not used. Else the label's projection is part of the score (Miyato and
            Koyama 2018).

    Example:
        >>> Discriminator(1, 16, width=4, widest=8)(torch.zeros(6, 1, 16, 16)).shape
        torch.Size([6])
    """

    def __init__(self, colours: int, side: int, width: int, widest: int, classes: int = 0) -> None:
        super().__init__()
        channels = [channels_at(one, side, width, widest) for one in reversed(sides_up_to(side))]
        last = channels[-1]
        self.from_picture = EqualisedConv2d(colours, channels[0], 1, gain=ROOT2)
        self.blocks = nn.ModuleList(ResidualBlock(inputs, outputs) for inputs, outputs in pairwise(channels))
        self.deviation = GroupDeviation()
        self.convolution = EqualisedConv2d(last + 1, last, 3, gain=ROOT2)
        self.dense = EqualisedLinear(last * SMALLEST**2, last, gain=ROOT2)
        self.output = EqualisedLinear(last, 1)
        self.embedding = nn.Parameter(torch.randn(classes, last)) if classes else None

    def forward(self, pictures: Tensor, labels: Tensor | None = None, sets: int = 1) -> Tensor:
        """Scores (B,) of pictures (B, C, H, W), from -1 to 1.

        Args:
            pictures: one set after the other, all of one size: all real ones, then all drawn ones.
            labels: (B,) where there are classes.
            sets: how many, the real one first; no deviation is taken over pictures of two.
        """
        features = activate(self.from_picture(_channels_last(pictures)))
        for block in self.blocks:
            features = block(features)
        features = self.deviation(features, sets).contiguous(memory_format=torch.channels_last)
        features = activate(self.dense(activate(self.convolution(features)).flatten(1)))
        scores: Tensor = self.output(features).squeeze(1)
        if self.embedding is not None:
            assert labels is not None
            projected = (features * self.embedding[labels]).sum(1) / math.sqrt(features.shape[1])
            scores = scores + projected
        return scores


def _channels_last(pictures: Tensor) -> Tensor:
    if pictures.shape[1] > 1:
        return pictures.contiguous(memory_format=torch.channels_last)
    # of one channel both orders are the same, and torch takes the other: all layers that follow would be in that
    return pictures.squeeze(1).unsqueeze(3).permute(0, 3, 1, 2)
