"""Modulated convolution: a style scales the input channels, and the output is brought back to variance 1.

Karras et al. 2020a, section 2.2. The paper scales the weights for each picture, w'_ijk = s_i w_ijk, and demodulates
them, w''_ijk = w'_ijk / sqrt(Σ_ik w'_ijk^2 + eps). It is the same to scale the inputs by s_i, to convolve all pictures
with the same weights, and to scale the outputs: one plain convolution in place of one group for each picture.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from throughtime.models.stylegan.equalised import EqualisedLinear, normal_weights
from throughtime.models.stylegan.resampling import blur

_EPSILON = 1e-8


class ModulatedConv2d(nn.Module):
    """A convolution whose weights depend on a style; the size is kept, or doubled.

    Args:
        inputs, outputs: channels.
        kernel: side of the kernel, odd.
        style: numbers of w.
        demodulate: bring the outputs back to variance 1.
        up: double the size: a transposed convolution of stride 2, then the filter of `resampling`.
        gain: of the result.

    Example:
        >>> layer = ModulatedConv2d(4, 2, 3, style=8, up=True)
        >>> layer(torch.ones(3, 4, 5, 5), torch.ones(3, 8)).shape
        torch.Size([3, 2, 10, 10])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        style: int,
        *,
        demodulate: bool = True,
        up: bool = False,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.affine = EqualisedLinear(style, inputs, bias=1.0)
        self.weight = nn.Parameter(normal_weights(outputs, inputs, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = 1 / math.sqrt(inputs * kernel**2)
        self.demodulate, self.up, self.gain = demodulate, up, gain

    def forward(self, inputs: Tensor, styles: Tensor) -> Tensor:
        """(B, inputs, H, W) and w (B, style) -> (B, outputs, H, W), or twice that size."""
        scales = self.affine(styles)
        weight = self.weight * self.scale
        outputs = self._convolve(inputs * _channels(scales, inputs), weight)
        factors = demodulation(weight, scales) if self.demodulate else torch.ones_like(self.bias)[None]
        bias = _channels(self.gain * self.bias[None], outputs)
        return torch.addcmul(bias, outputs, _channels(self.gain * factors, outputs))

    def _convolve(self, inputs: Tensor, weight: Tensor) -> Tensor:
        kernel = weight.shape[2]
        if not self.up:
            return F.conv2d(inputs, weight, padding=kernel // 2)
        # of 2 H + kernel - 2 pixels the filter leaves 2 H
        spread = F.conv_transpose2d(inputs, weight.transpose(0, 1), stride=2)
        return blur(spread, padding=(5 - kernel) // 2, gain=4)


def demodulation(weight: Tensor, scales: Tensor) -> Tensor:
    """(B, outputs): 1 / sqrt(Σ (w s)^2 + eps), for weights w (outputs, inputs, k, k) and scales s (B, inputs)."""
    return (scales.square() @ weight.square().sum((2, 3)).t() + _EPSILON).rsqrt()


def _channels(numbers: Tensor, pictures: Tensor) -> Tensor:
    """(B, C) beside (B, C, H, W), in the same type: mixed precision would be lost in a product with a wider one."""
    return numbers.to(pictures.dtype)[:, :, None, None]
