"""Inception v3 (Szegedy et al. 2016), in the variant in whose features the Frechet Inception distance is measured.

Heusel et al. (2017) took the network that TensorFlow gave away on 2015-12-05. It differs from the paper's in how it
pools: a mean over a window at the edge counts no zeros that lie outside, and the last block takes the maximum in place
of the mean. Its pictures are enlarged as TensorFlow 1 enlarged them. Layers are called as in the PyTorch files of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 299
"""Pixels of a side that the network looks at."""
FEATURES = 2048
CLASSES = 1008
"""Of the layer that follows the features, which no distance needs."""

Kernel = int | tuple[int, int]
Chain = Sequence[Sequence[tuple[int, Kernel]]]
"""Convolutions one after the other, as (channels, kernel); where there are two at one place, both follow the one before
and are joined."""
_WIDE, _TALL = (1, 7), (7, 1)


class Inception(nn.Sequential):
    """Pictures (B, 3, H, W) of numbers from 0 to 255 -> features (B, 2048): the last layer's means over all places."""

    def __init__(self) -> None:
        layers: Mapping[str, nn.Module] = {
            "enlarged": Enlarged(),
            "Conv2d_1a_3x3": Convolution(3, 32, 3, stride=2, padded=False),
            "Conv2d_2a_3x3": Convolution(32, 32, 3, padded=False),
            "Conv2d_2b_3x3": Convolution(32, 64, 3),
            "pool_2": nn.MaxPool2d(3, 2),
            "Conv2d_3b_1x1": Convolution(64, 80, 1),
            "Conv2d_4a_3x3": Convolution(80, 192, 3, padded=False),
            "pool_4": nn.MaxPool2d(3, 2),
            "Mixed_5b": _fives(192, pooled=32),
            "Mixed_5c": _fives(256, pooled=64),
            "Mixed_5d": _fives(288, pooled=64),
            "Mixed_6a": Mixed(288, {"branch3x3": _chain((384, 3)), "branch3x3dbl": _chain((64, 1), (96, 3), (96, 3))}),
            "Mixed_6b": _sevens(128),
            "Mixed_6c": _sevens(160),
            "Mixed_6d": _sevens(160),
            "Mixed_6e": _sevens(192),
            "Mixed_7a": Mixed(
                768,
                {
                    "branch3x3": _chain((192, 1), (320, 3)),
                    "branch7x7x3": _chain((192, 1), (192, _WIDE), (192, _TALL), (192, 3)),
                },
            ),
            "Mixed_7b": _split(1280, "mean"),
            "Mixed_7c": _split(2048, "maximum"),
            "mean": nn.AdaptiveAvgPool2d(1),
            "features": nn.Flatten(),
        }
        super().__init__(OrderedDict(layers))


class Enlarged(nn.Module):
    """Numbers from 0 to 255 as such from -1 to 1, at 299 x 299."""

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 299, 299)."""
        return (bilinear(pictures, SIDE) - 128) / 128


def bilinear(pictures: Tensor, side: int) -> Tensor:
    """(B, C, H, W) -> (B, C, side, side), as TensorFlow 1 did it: pixel i lies at i times the ratio of the sides,
    corner on corner, in place of middle on middle.

    Example:
        >>> bilinear(torch.tensor([[0.0, 8.0]])[None, None], 4)[0, 0, 0]
        tensor([0., 4., 8., 8.])
    """
    rows, columns = (_nearest_two(own, side).to(pictures) for own in pictures.shape[2:])
    return rows @ pictures @ columns.T


def _nearest_two(own: int, side: int) -> Tensor:
    """(side, own): how much of each of the old pixels is in each of the new ones."""
    at = torch.arange(side, dtype=torch.float64) * (own / side)
    share = (at - at.floor()).float()[:, None]
    lower = at.floor().long()
    upper = (lower + 1).clamp_max(own - 1)
    return (1 - share) * F.one_hot(lower, own) + share * F.one_hot(upper, own)


class Convolution(nn.Module):
    """Convolution without bias, batch normalisation, ReLU.

    Args:
        inputs, outputs: channels.
        kernel: its sides.
        stride: of both axes.
        padded: with zeros, so that of stride 1 the size is kept.
    """

    def __init__(self, inputs: int, outputs: int, kernel: Kernel, *, stride: int = 1, padded: bool = True) -> None:
        super().__init__()
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        around = (sides[0] // 2, sides[1] // 2) if padded else 0
        self.conv = nn.Conv2d(inputs, outputs, sides, stride, around, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W')."""
        return F.relu(self.bn(self.conv(inputs)), inplace=True)


class Mixed(nn.Module):
    """Chains of convolutions and a pooling side by side, their channels joined.

    Args:
        inputs: channels.
        branches: the chains by name; convolutions of a chain of several are called NAME_1, NAME_2, ..., two at one
            place NAME_3a and NAME_3b.
        pooled: channels of the convolution that follows the pooling; 0: there is none, and all halve the size.
        pooling: what is taken of each 3 x 3 pixels, where the size is kept.
    """

    def __init__(
        self, inputs: int, branches: Mapping[str, Chain], pooled: int = 0, pooling: Literal["mean", "maximum"] = "mean"
    ) -> None:
        super().__init__()
        self.halving, self.pooling = not pooled, pooling
        self.chains = [self._add(name, inputs, chain) for name, chain in branches.items()]
        self.branch_pool = Convolution(inputs, pooled, 1) if pooled else None

    def _add(self, name: str, inputs: int, chain: Chain) -> list[list[Convolution]]:
        made = []
        for number, stage in enumerate(chain, 1):
            halving = self.halving and number == len(chain)
            made.append(
                [Convolution(inputs, one, kernel, stride=1 + halving, padded=not halving) for one, kernel in stage]
            )
            inputs = stage[0][0]
            for letter, convolution in zip("ab", made[-1], strict=False):
                suffix = f"_{number}" * (len(chain) > 1) + letter * (len(stage) > 1)
                self.add_module(name + suffix, convolution)
        return made

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W')."""
        parts = []
        for chain in self.chains:
            seen = [inputs]
            for stage in chain:
                seen = [convolution(seen[0]) for convolution in stage]
            parts += seen
        return torch.cat([*parts, self._pooled(inputs)], dim=1)

    def _pooled(self, inputs: Tensor) -> Tensor:
        if self.branch_pool is None:
            return F.max_pool2d(inputs, 3, stride=2)
        if self.pooling == "maximum":
            pooled = F.max_pool2d(inputs, 3, stride=1, padding=1)
        else:
            pooled = F.avg_pool2d(inputs, 3, stride=1, padding=1, count_include_pad=False)
        found: Tensor = self.branch_pool(pooled)
        return found


def _chain(*convolutions: tuple[int, Kernel]) -> Chain:
    """One at each place."""
    return [[one] for one in convolutions]


def _fives(inputs: int, pooled: int) -> Mixed:
    """35 x 35: the paper's figure 5, which left the first of its branches a 5 x 5."""
    branches = {
        "branch1x1": _chain((64, 1)),
        "branch5x5": _chain((48, 1), (64, 5)),
        "branch3x3dbl": _chain((64, 1), (96, 3), (96, 3)),
    }
    return Mixed(inputs, branches, pooled)


def _sevens(narrow: int) -> Mixed:
    """17 x 17: the paper's figure 6, kernels of 7 x 7 as two of one row and one column."""
    branches = {
        "branch1x1": _chain((192, 1)),
        "branch7x7": _chain((narrow, 1), (narrow, _WIDE), (192, _TALL)),
        "branch7x7dbl": _chain((narrow, 1), (narrow, _TALL), (narrow, _WIDE), (narrow, _TALL), (192, _WIDE)),
    }
    return Mixed(768, branches, pooled=192)


def _split(inputs: int, pooling: Literal["mean", "maximum"]) -> Mixed:
    """8 x 8: the paper's figure 7, a row and a column side by side."""
    sides = [(384, (1, 3)), (384, (3, 1))]
    branches: Mapping[str, Chain] = {
        "branch1x1": _chain((320, 1)),
        "branch3x3": [[(384, 1)], sides],
        "branch3x3dbl": [[(448, 1)], [(384, 3)], sides],
    }
    return Mixed(inputs, branches, 192, pooling)
