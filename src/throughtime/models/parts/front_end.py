"""What makes fewer and richer steps of many frames: convolutions over time and frequency, whole or as a stream."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.errors import ArgumentError


class _Convolution(nn.Conv2d):
    """A convolution over time and frequency and a ReLU; every second frequency is taken.

    Args:
        inputs: channels.
        outputs: channels.
        kernel: width of its window in time and frequency.
        step: frames from one window to the next.
        causal: the window ends with the block of `step` frames that it is for.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, step: int, causal: bool) -> None:
        super().__init__(inputs, outputs, kernel, (step, 2), (0, kernel // 2))
        self.window, self.step = kernel, step
        self.before = kernel - step if causal else kernel // 2  # frames of the window that lie before that block

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, F), padded in time -> (B, C', T', ⌈F / 2⌉)."""
        if x.shape[2] < self.window:
            return x.new_empty(len(x), self.out_channels, 0, -(-x.shape[3] // 2))
        return torch.relu(super().forward(x))


class ConvolutionFrontEnd(nn.Module):
    """Convolutions over time and frequency, each with a ReLU, then layer normalisation of each step.

    As in Deep Speech 2 (Amodei et al. 2016, section 3.5) the first layers take every second frame, and every layer
    every second frequency. A step stands for `stride` frames; a row of L frames has ⌈L / stride⌉ steps. What lies
    before a row's begin and behind its end counts as zero in every layer, so that a padded batch gives each row what
    it gives alone.

    Args:
        features: F, frequencies of a frame.
        channels: of each layer.
        stride: 1, 2 or 4 frames a step.
        causal: no window reaches beyond the frames that its step stands for, as a stream wants it; else the windows
            lie about the middle, and all layers together look `kernel` // 2 frames or more ahead.
        kernel: width of the windows, in frames and frequencies, odd.

    Raises:
        ArgumentError: no features, no layers, an even kernel, another stride, or too few layers for it.

    Example:
        >>> front = ConvolutionFrontEnd(80, (8, 16), stride=4)
        >>> steps = front(torch.zeros(2, 9, 80), torch.tensor([9, 6]))
        >>> steps.shape, front.size, front.lengths(torch.tensor([9, 6])).tolist()
        (torch.Size([2, 3, 320]), 320, [3, 2])
    """

    def __init__(
        self, features: int, channels: Sequence[int], stride: int = 4, causal: bool = False, kernel: int = 3
    ) -> None:
        super().__init__()
        halvings = {1: 0, 2: 1, 4: 2}.get(stride, len(channels) + 1)
        if (
            features < 1
            or not channels
            or min(channels) < 1
            or halvings > len(channels)
            or kernel < 3
            or not kernel % 2
        ):
            raise ArgumentError(
                f"found {features} features, channels {tuple(channels)}, stride {stride}, kernel {kernel}, expected at "
                "least 1 of each, a stride of 1, 2 (one layer or more) or 4 (two or more), and an odd kernel from 3"
            )
        self.features, self.stride, self.causal = features, stride, causal
        strides = [2 if layer < halvings else 1 for layer in range(len(channels))]
        self.convolutions = nn.ModuleList(
            _Convolution(inputs, outputs, kernel, step, causal)
            for inputs, outputs, step in zip((1, *channels), channels, strides, strict=False)
        )
        for _ in channels:
            features = -(-features // 2)
        self.size = features * channels[-1]
        self.normalisation = nn.LayerNorm(self.size)

    @property
    def layers(self) -> list[_Convolution]:
        """The convolutions in order."""
        return [layer for layer in self.convolutions if isinstance(layer, _Convolution)]

    def lengths(self, lengths: Tensor) -> Tensor:
        """Steps (B,) that rows of so many frames (B,) have."""
        return (lengths + self.stride - 1) // self.stride

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Frames (B, T, F) of these lengths (B,) -> steps (B, ⌈T / stride⌉, S); what is behind a row's end is zero."""
        x = _cut(frames.unsqueeze(1), lengths)
        for layer in self.layers:
            steps = -(-x.shape[2] // layer.step)
            behind = (steps - 1) * layer.step + layer.window - layer.before - x.shape[2]
            lengths = (lengths + layer.step - 1) // layer.step
            x = _cut(layer(F.pad(x, (0, 0, layer.before, behind))), lengths)
        return _cut(self._rows(x).unsqueeze(1), lengths).squeeze(1)

    def stream(self) -> FrontEndStream:
        """The same for frames that come one after the other.

        Raises:
            ArgumentError: it is not causal.
        """
        if not self.causal:
            raise ArgumentError("found a front end that looks ahead, expected a causal one for a stream")
        return FrontEndStream(self)

    def _rows(self, x: Tensor) -> Tensor:
        """(B, C, T, F) -> (B, T, S)"""
        rows: Tensor = self.normalisation(x.transpose(1, 2).flatten(2))
        return rows


class FrontEndStream:
    """A causal front end at work on one row; a step is there as soon as the frames that it stands for are.

    Args:
        front: in evaluation mode.
    """

    def __init__(self, front: ConvolutionFrontEnd) -> None:
        self._front = front
        self._held: list[Tensor] = []  # by layer, what windows to come begin with

    def add(self, frames: Tensor) -> Tensor:
        """Frames (N, F) -> the steps (N', S) that they complete."""
        return self._run(frames, last=False)

    def end(self) -> Tensor:
        """The last step (N', S), N' = 0 or 1, of frames that are left over, fewer than a stride."""
        return self._run(self._front.normalisation.weight.new_empty(0, self._front.features), last=True)

    def _run(self, frames: Tensor, last: bool) -> Tensor:
        x = frames[None, None]
        for number, layer in enumerate(self._front.layers):
            if number == len(self._held):
                self._held.append(x.new_zeros(1, layer.in_channels, layer.before, x.shape[3]))
            x = torch.cat((self._held[number], x), dim=2)
            if last:
                x = F.pad(x, (0, 0, 0, -(x.shape[2] - layer.before) % layer.step))
            steps = (x.shape[2] - layer.before) // layer.step
            self._held[number] = x[:, :, steps * layer.step :]
            x = layer(x)
        return self._front._rows(x)[0]


def _cut(x: Tensor, lengths: Tensor) -> Tensor:
    """(B, C, T, F), now zero behind each row's end."""
    behind = torch.arange(x.shape[2], device=x.device) >= lengths.to(x.device)[:, None]
    return x.masked_fill(behind[:, None, :, None], 0.0)
