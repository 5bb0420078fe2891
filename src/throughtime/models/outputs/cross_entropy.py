"""The cross-entropy of a softmax layer in one step, with label smoothing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def smoothed_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Σ_n (1-ε) (-log p_n(y_n)) - ε/V Σ_k log p_n(k), where p_n = softmax(W h_n + b) (Szegedy et al. 2016, section 7).

    The logits, of which there are N V, are made and exponentiated once, and the smoothing costs no pass of its own on
    the way back. It can be differentiated once.

    Args:
        hidden: (N, H).
        weight: W, (V, H).
        bias: b, (V,).
        targets: y, (N,) int64.
        smoothing: ε.

    Returns:
        The sum, a scalar, in nats.

    Example:
        >>> smoothed_cross_entropy(torch.zeros(3, 2), torch.zeros(4, 2), torch.zeros(4), torch.tensor([0, 3, 1]))
        tensor(4.1589)
    """
    with torch.autocast(hidden.device.type, enabled=False):  # a sum of thousands of exponentials wants its digits
        apply: Any = _CrossEntropy.apply
        total: Tensor = apply(hidden.to(weight.dtype), weight, bias, targets, smoothing)
    return total


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        logits = torch.addmm(bias, hidden, weight.t())
        largest = logits.amax(dim=1, keepdim=True)
        chosen = logits.gather(1, targets.unsqueeze(1))
        mean = logits.mean(dim=1, keepdim=True) if smoothing else chosen
        powers = logits.sub_(largest).exp_()
        total = powers.sum(dim=1, keepdim=True)
        ctx.save_for_backward(hidden, weight, targets, powers, total)
        ctx.smoothing = smoothing
        return (largest + total.log() - (1 - smoothing) * chosen - smoothing * mean).sum()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, targets, powers, total = ctx.saved_tensors
        slope = powers * (gradient / total)
        if ctx.smoothing:
            slope.sub_(gradient * (ctx.smoothing / slope.shape[1]))
        slope[torch.arange(len(targets), device=targets.device), targets] -= gradient * (1 - ctx.smoothing)
        return slope @ weight, slope.t() @ hidden, slope.sum(dim=0), None, None
