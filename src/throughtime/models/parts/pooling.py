"""From the hidden states of all steps to one vector for the sequence: last, mean, max, attention."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

Pooling = Literal["last", "mean", "max", "attention"]


def real_steps(lengths: Tensor, steps: int) -> Tensor:
    """Which steps are no padding: lengths (B,) -> bool (B, T)."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def last_pooling(hidden: Tensor, lengths: Tensor, directions: int) -> Tensor:
    """What each direction knows when it has read everything: after the last real step, and backwards after the first.

    Args:
        hidden: (B, T, D * H), the directions one after the other.
        lengths: (B,); rows of length 0 give zeros, as in all poolings.
        directions: D, 1 or 2.

    Returns:
        (B, D * H)
    """
    forward, *backward = hidden.chunk(directions, dim=-1)
    place = (lengths - 1).clamp(min=0)[:, None, None].expand(-1, 1, forward.shape[-1])
    pooled = torch.cat([forward.gather(1, place)[:, 0], *(part[:, 0] for part in backward)], dim=-1)
    return pooled.where((lengths > 0)[:, None], 0.0)


def mean_pooling(hidden: Tensor, lengths: Tensor) -> Tensor:
    """Mean over the real steps: (B, T, F) -> (B, F)."""
    real = real_steps(lengths, hidden.shape[1])[..., None]
    # where, not a product: padded steps may hold anything
    return hidden.where(real, 0.0).sum(dim=1) / lengths.clamp(min=1)[:, None]


def max_pooling(hidden: Tensor, lengths: Tensor) -> Tensor:
    """Largest value of each feature over the real steps: (B, T, F) -> (B, F)."""
    real = real_steps(lengths, hidden.shape[1])[..., None]
    largest = hidden.where(real, -math.inf).amax(dim=1)
    return largest.where((lengths > 0)[:, None], 0.0)


class AttentionPooling(nn.Module):
    """Mean weighted by additive attention: w<t> = softmax_t(v · tanh(W h<t> + b)) (Yang et al. 2016).

    Args:
        features: F, of the hidden states.
        size: of the layer that scores them.

    Example:
        >>> pooled, weights = AttentionPooling(features=4, size=3)(torch.ones(1, 5, 4), torch.tensor([2]))
        >>> pooled.shape, weights.tolist()
        (torch.Size([1, 4]), [[0.5, 0.5, 0.0, 0.0, 0.0]])
    """

    def __init__(self, features: int, size: int) -> None:
        super().__init__()
        self.project = nn.Linear(features, size)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, hidden: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states (B, T, F) -> pooled (B, F) and the weights (B, T), which sum to 1 (rows of length 0: to 0)."""
        real = real_steps(lengths, hidden.shape[1])
        scores = self.score(torch.tanh(self.project(hidden.where(real[..., None], 0.0))))[..., 0]
        # a finite mask, for the softmax of a row of length 0 would else be NaN, in the gradient too
        weights = scores.masked_fill(~real, torch.finfo(scores.dtype).min).softmax(dim=1) * real
        return (hidden.where(real[..., None], 0.0) * weights[..., None]).sum(dim=1), weights
