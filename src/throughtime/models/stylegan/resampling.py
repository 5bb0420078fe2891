"""Twice and half the resolution, with the binomial filter [1, 3, 3, 1] in both directions against aliasing.

(Karras et al. 2019, section 2, after Zhang 2019.) Each is one depthwise convolution, of stride 2 where half of the
result would be thrown away: with channels_last less time than rows and columns one after the other.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor


def downsample(inputs: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H / 2, W / 2); outside are zeros.

    Example:
        >>> downsample(torch.ones(1, 1, 8, 8))[0, 0, 1:3, 1:3]
        tensor([[1., 1.],
                [1., 1.]])
    """
    return F.conv2d(inputs, _filter(inputs), stride=2, padding=1, groups=inputs.shape[1])


def upsample(inputs: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2 H, 2 W); outside are zeros."""
    return F.conv_transpose2d(inputs, 4 * _filter(inputs), stride=2, padding=1, groups=inputs.shape[1])


def blur(inputs: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """(B, C, H, W) -> (B, C, H + 2 padding - 3, W + 2 padding - 3).

    Args:
        inputs: what is blurred.
        padding: zeros on each side.
        gain: of the result.
    """
    return F.conv2d(inputs, gain * _filter(inputs), padding=padding, groups=inputs.shape[1])


def _filter(inputs: Tensor) -> Tensor:
    """(C, 1, 4, 4), a filter for each channel, whose sum is 1."""
    return _kernel(inputs.device, inputs.dtype).expand(inputs.shape[1], 1, 4, 4)


@cache
def _kernel(device: torch.device, dtype: torch.dtype) -> Tensor:
    # made once: copying it to a GPU at every call would make the CPU wait; not as an inference tensor, as it stays
    with torch.inference_mode(False):
        line = torch.tensor([1.0, 3.0, 3.0, 1.0])
        return (torch.outer(line, line) / 64).to(device, dtype)
