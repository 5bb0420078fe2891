"""Sampling from a distribution over a vocabulary: temperature, top-k and top-p (nucleus)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sampling:
    """How adventurous a sample may be.

    Args:
        temperature: logits are divided by it; 0 takes the most probable element.
        top_k: keep only the k most probable elements (None: all).
        top_p: keep the smallest set of elements whose probability reaches p (Holtzman et al. 2020; None: all).
        generator: source of randomness (None: torch's own).
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    generator: torch.Generator | None = None

    def filter(self, logits: Tensor) -> Tensor:
        """Logits (..., V) after temperature, top-k and top-p; what is excluded is -inf.

        Example:
            >>> Sampling(top_k=1).filter(torch.tensor([1.0, 3.0, 2.0]))
            tensor([-inf, 3., -inf])
        """
        if self.temperature > 0:
            logits = logits / self.temperature
        if self.top_k is not None and self.top_k < logits.shape[-1]:
            threshold = logits.topk(self.top_k, dim=-1).values[..., -1:]
            logits = logits.masked_fill(logits < threshold, -torch.inf)
        if self.top_p is not None and self.top_p < 1:
            ordered, index = logits.sort(dim=-1, descending=True)
            probability = ordered.softmax(dim=-1)
            # an element goes if those before it already reach p; the first always stays
            beyond = probability.cumsum(dim=-1) - probability >= self.top_p
            logits = logits.masked_fill(beyond.scatter(-1, index, beyond), -torch.inf)
        return logits

    def draw(self, logits: Tensor) -> Tensor:
        """One element for each row: logits (B, V) -> (B,)."""
        if self.temperature == 0:
            return logits.argmax(dim=-1)
        probability = self.filter(logits).softmax(dim=-1)
        return torch.multinomial(probability, 1, generator=self.generator).squeeze(-1)
