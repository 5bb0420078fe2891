"""Twice and half the resolution, with the binomial filter [1, 3, 3, 1] in both directions against aliasing.

(Karras et al. 2019, section 2, after Zhang 2019.) Each is one depthwise convolution, of stride 2 where half of the
result would be thrown away: with channels_last less time than rows and columns one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
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
    return _depthwise(F.conv2d, inputs, 1.0, stride=2, padding=1)


def upsample(inputs: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, 2 H, 2 W); outside are zeros."""
    return _depthwise(F.conv_transpose2d, inputs, 4.0, stride=2, padding=1)


def blur(inputs: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """(B, C, H, W) -> (B, C, H + 2 padding - 3, W + 2 padding - 3).

    Args:
        inputs: what is blurred.
        padding: zeros on each side.
        gain: of the result.
    """
    return _depthwise(F.conv2d, inputs, gain, padding=padding)


def _depthwise(convolve: Callable[..., Tensor], inputs: Tensor, gain: float, **options: int) -> Tensor:
    """Each channel with the filter, whose sum is `gain`."""
    # on a CPU the backward pass of depthwise convolutions in bfloat16 takes forty times as long as in float32
    cpu = inputs.device.type == "cpu"
    given = inputs.to(torch.promote_types(inputs.dtype, torch.float32)) if cpu else inputs
    with torch.autocast(inputs.device.type, enabled=torch.is_autocast_enabled(inputs.device.type) and not cpu):
        filters = gain * _kernel(given.device, given.dtype).expand(inputs.shape[1], 1, 4, 4)
        return convolve(given, filters, groups=inputs.shape[1], **options).to(inputs.dtype)


@cache
def _kernel(device: torch.device, dtype: torch.dtype) -> Tensor:
    # made once: copying it to a GPU at every call would make the CPU wait; not as an inference tensor, as it stays
    with torch.inference_mode(False):
        line = torch.tensor([1.0, 3.0, 3.0, 1.0])
        return (torch.outer(line, line) / 64).to(device, dtype)
