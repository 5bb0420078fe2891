"""Independent keys: each of K on/off variables has its own probability given the hidden state."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from throughtime.decoding.sampling import Sampling
from throughtime.models.outputs.base import Output

SILENT = -3.0
"""Bias that keys begin with: few of them sound at a time."""


class Bernoulli(Output):
    """p(v | h) = Π_k p_k^v_k (1 - p_k)^(1 - v_k), p = σ(W h + b).

    Sampling, for the on/off choice of each key: temperature divides the logit (0: on if more probable than not);
    top-p takes the more probable of on and off for certain where its probability reaches p; top-k lets at most the
    k most probable keys sound.

    Args:
        hidden_size: H.
        keys: K.

    Source: the polyphonic-music experiments of Boulanger-Lewandowski et al. 2012 (their RNN).

    Example:
        >>> Bernoulli(3, 88).nll(torch.zeros(2, 3), torch.zeros(2, 88)).shape
        torch.Size([2])
    """

    def __init__(self, hidden_size: int, keys: int) -> None:
        super().__init__()
        self.linear = nn.Linear(hidden_size, keys)
        nn.init.constant_(self.linear.bias, SILENT)

    def logits(self, hidden: Tensor) -> Tensor:
        """Log-odds of every key: (N, H) -> (N, K)."""
        logits: Tensor = self.linear(hidden)
        return logits

    def nll(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Sum of the K Bernoulli terms of each step: (N, H), (N, K) -> (N,)."""
        logits = self.logits(hidden)
        return binary_cross_entropy_with_logits(logits, targets.to(logits.dtype), reduction="none").sum(-1)

    def sample(self, hidden: Tensor, sampling: Sampling) -> Tensor:
        """Draw all keys at once: (B, H) -> (B, K) of zeros and ones."""
        logits = self.logits(hidden)
        on = draw_on(logits, sampling)
        if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
            kept = torch.zeros_like(on).scatter(-1, logits.topk(sampling.top_k, dim=-1).indices, 1.0)
            on = on * kept
        return on


def draw_on(logits: Tensor, sampling: Sampling) -> Tensor:
    """Draw on (1.) or off (0.) for log-odds of any shape, with temperature and top-p as in `Bernoulli`.

    Example:
        >>> draw_on(torch.tensor([-9.0, 9.0]), Sampling(top_p=0.9))
        tensor([0., 1.])
    """
    if sampling.temperature == 0:
        return (logits > 0).to(logits.dtype)
    probability = torch.sigmoid(logits / sampling.temperature)
    if sampling.top_p is not None:
        # of two outcomes, the smallest set that reaches p is the likelier one alone, or both
        certain = torch.maximum(probability, 1 - probability) >= sampling.top_p
        probability = torch.where(certain, (probability > 0.5).to(probability.dtype), probability)
    noise = torch.rand(
        probability.shape, generator=sampling.generator, dtype=probability.dtype, device=probability.device
    )
    return (noise < probability).to(logits.dtype)
