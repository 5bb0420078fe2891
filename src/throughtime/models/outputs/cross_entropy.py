"""The cross-entropy of a softmax layer in one step, with label smoothing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def smoothed_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Σ_n (1-ε) (-log p_n(y_n)) - ε/V Σ_k log p_n(k), where p_n = softmax(W h_n + b) (Szegedy et al. 2016, section 7).

    The logits, of which there are N V, need not all be there: block by block they are made, exponentiated and turned
    into gradients, all in one place, and the gradients wait for the way back. Differentiable once.

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
        # inside `forward`, needs_input_grad does not know of torch.no_grad()
        learning = torch.is_grad_enabled() and any(value.requires_grad for value in (hidden, weight, bias))
        total: Tensor = apply(hidden.to(weight.dtype), weight, bias, targets, smoothing, learning)
    return total


BLOCK = 2**22
"""Logits of a block on the CPU: 16 MB. In smaller blocks the products lose more than the cache saves."""


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float, learning: bool
    ) -> Tensor:
        N, V = len(hidden), len(weight)
        rows = max(64, BLOCK // V) if hidden.device.type == "cpu" else max(1, N)
        logits, total = hidden.new_empty(min(rows, N), V), hidden.new_zeros(())
        gradients = [torch.zeros_like(value) for value in (hidden, weight, bias)] if learning else []
        for begin in range(0, N, rows):
            block = slice(begin, min(begin + rows, N))
            here = torch.addmm(bias, hidden[block], weight.t(), out=logits[: block.stop - begin])
            total += _exponentiate(here, targets[block], smoothing)
            if learning:
                _add(gradients, block, here, hidden, weight)
        ctx.save_for_backward(*gradients)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return (*(value * gradient for value in ctx.saved_tensors), None, None, None)


def _exponentiate(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """The sum over rows; the logits become its gradient with respect to them."""
    largest = logits.amax(dim=1, keepdim=True)
    chosen = logits.gather(1, targets.unsqueeze(1))
    mean = logits.mean(dim=1, keepdim=True) if smoothing else chosen
    total = logits.sub_(largest).exp_().sum(dim=1, keepdim=True)
    logits.div_(total)
    if smoothing:
        logits.sub_(smoothing / logits.shape[1])
    logits[torch.arange(len(targets), device=targets.device), targets] -= 1 - smoothing
    return (largest + total.log() - (1 - smoothing) * chosen - smoothing * mean).sum()


def _add(gradients: list[Tensor], block: slice, slope: Tensor, hidden: Tensor, weight: Tensor) -> None:
    """The gradients of hidden states, weight and bias from those of a block's logits."""
    of_hidden, of_weight, of_bias = gradients
    torch.mm(slope, weight, out=of_hidden[block])
    of_weight.addmm_(slope.t(), hidden[block])
    of_bias.add_(slope.sum(dim=0))
