"""Equalised learning rate: weights of variance 1, scaled where they are used (Karras et al. 2018, section 4.1).

Adam moves every stored number by about the same amount; as all layers store numbers of the same size, all learn at the
same relative rate. A multiplier below 1 stores larger numbers, and so makes a layer learn more slowly.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
"""Of all leaky ReLUs, for negative inputs."""
ROOT2 = math.sqrt(2)
"""What a leaky ReLU is multiplied by, so that the variance is kept; layers before one take it as their `gain`, which is
the same, for lrelu(a x) = a lrelu(x), and a pass over the activations less."""


def activate(inputs: Tensor) -> Tensor:
    """The leaky ReLU, in place; the layer before it has the gain."""
    return F.leaky_relu(inputs, SLOPE, inplace=True)


class EqualisedLinear(nn.Module):
    """y = gain (W x + b).

    Args:
        inputs, outputs: their numbers.
        bias: what it begins with.
        multiplier: of the learning rate.
        gain: of the result.

    Example:
        >>> EqualisedLinear(4, 2)(torch.ones(3, 4)).shape
        torch.Size([3, 2])
    """

    def __init__(
        self, inputs: int, outputs: int, *, bias: float = 0.0, multiplier: float = 1.0, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / multiplier)
        self.bias = nn.Parameter(torch.full((outputs,), bias / multiplier))
        self.weight_scale, self.bias_scale = gain * multiplier / math.sqrt(inputs), gain * multiplier

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        return F.linear(inputs, self.weight * self.weight_scale, self.bias * self.bias_scale)


class EqualisedConv2d(nn.Module):
    """A convolution of a square kernel, its weights in channels_last order.

    Args:
        inputs, outputs: channels.
        kernel: side of the kernel.
        bias: whether there is one.
        stride: 1: zeros around keep the size; else there are none around.
        gain: of the result.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, bias: bool = True, stride: int = 1, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(normal_weights(outputs, inputs, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale, self.gain = gain / math.sqrt(inputs * kernel**2), gain
        self.stride, self.padding = stride, kernel // 2 if stride == 1 else 0

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W')."""
        bias = None if self.bias is None else self.bias * self.gain
        return F.conv2d(inputs, self.weight * self.scale, bias, self.stride, self.padding)


def normal_weights(outputs: int, inputs: int, kernel: int) -> Tensor:
    """Weights (outputs, inputs, kernel, kernel) of a convolution, N(0, 1), in channels_last order."""
    return torch.randn(outputs, inputs, kernel, kernel).contiguous(memory_format=torch.channels_last)
