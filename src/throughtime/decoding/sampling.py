"""Sampling from a distribution over a vocabulary: temperature, top-k and top-p (nucleus)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from throughtime.errors import ArgumentError, NotANumberError


@dataclass(frozen=True)
class Sampling:
    """How adventurous a sample may be.

    Args:
        temperature: logits are divided by it; 0 (or less than a float32 can show) takes the most probable element.
        top_k: keep only the k most probable elements (of equals, those that come first; None: all).
        top_p: keep the smallest set of elements whose probability reaches p (Holtzman et al. 2020; None: all).
        generator: source of randomness (None: torch's own).
        exclude: elements that are never drawn, such as the unknown word.

    Raises:
        ArgumentError: a temperature below 0, k below 1, or p that is not above 0 and at most 1.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    generator: torch.Generator | None = None
    exclude: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise ArgumentError(f"found temperature {self.temperature}, expected a number of at least 0")
        if self.temperature < torch.finfo(torch.float32).tiny:  # nothing can be divided by it
            object.__setattr__(self, "temperature", 0.0)
        if self.top_k is not None and self.top_k < 1:
            raise ArgumentError(f"found top_k {self.top_k}, expected at least 1")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ArgumentError(f"found top_p {self.top_p}, expected a probability above 0 and at most 1")

    def filter(self, logits: Tensor) -> Tensor:
        """Logits (..., V) after exclusion, temperature, top-k and top-p; what is excluded is -inf.

        Example:
            >>> Sampling(top_k=1).filter(torch.tensor([1.0, 3.0, 2.0]))
            tensor([-inf, 3., -inf])
        """
        if self.exclude:
            excluded = torch.tensor(self.exclude, device=logits.device)
            logits = logits.index_fill(-1, excluded, -torch.inf)
        if self.temperature not in (0.0, 1.0):
            # relative to the largest, so that a very low temperature cannot overflow
            logits = (logits - logits.amax(dim=-1, keepdim=True)) / self.temperature
        if self.top_k is not None and self.top_k < logits.shape[-1]:
            kept = logits.sort(dim=-1, descending=True, stable=True).indices[..., : self.top_k]
            logits = logits.masked_fill(torch.ones_like(logits, dtype=torch.bool).scatter(-1, kept, False), -torch.inf)
        if self.top_p is not None and self.top_p < 1:
            ordered, index = logits.sort(dim=-1, descending=True, stable=True)
            probability = ordered.softmax(dim=-1)
            # an element goes if those before it already reach p; the first always stays
            beyond = probability.cumsum(dim=-1) - probability >= self.top_p
            logits = logits.masked_fill(beyond.scatter(-1, index, beyond), -torch.inf)
        return logits

    def draw(self, logits: Tensor) -> Tensor:
        """One element for each row: logits (B, V) -> (B,).

        Raises:
            NotANumberError: the logits are no numbers.
            ArgumentError: all elements are excluded.
        """
        if bool(logits.isnan().any()):
            raise NotANumberError("found logits that are not a number, expected numbers: the model is damaged")
        allowed = self.filter(logits)
        if bool((allowed == -torch.inf).all(dim=-1).any()):
            raise ArgumentError("found every element excluded from sampling, expected at least one that may be drawn")
        if self.temperature == 0:
            return allowed.argmax(dim=-1)
        probability = allowed.softmax(dim=-1)
        if self.generator is not None:
            probability = probability.to(self.generator.device)
        return torch.multinomial(probability, 1, generator=self.generator).squeeze(-1).to(logits.device)
