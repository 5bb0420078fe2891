"""What each symbol of an input counts for the answer: integrated gradients (Sundararajan, Taly and Yan, 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from throughtime.errors import ArgumentError
from throughtime.insight.recording import layers_of, loss_of
from throughtime.layers import Recurrent
from throughtime.tasks.base.symbols import SymbolSequence

_ENOUGH = 0.01


@dataclass(frozen=True, eq=False)
class Saliency:
    """What each symbol counts for an answer.

    The answer's log-probability is attributed to the vectors that enter the first recurrent layer, on the straight way
    to them from vectors of zeros. Where every step has an answer of its own it is that of one step.

    Args:
        symbols: (T,), what stands at each step.
        unit: what they are, in the plural.
        answer: what the model says.
        scores: (T,), in nats: above 0 for what makes the answer more probable. They sum to `value` - `baseline`, but
            for `error`.
        value: log p of the answer.
        baseline: the same where the layers read zeros.
        step: which step's answer it is, from 0; None: that of the whole.
    """

    symbols: tuple[str, ...]
    unit: str
    answer: str
    scores: NDArray[np.float64]
    value: float
    baseline: float
    step: int | None

    @property
    def error(self) -> float:
        """By how much the scores' sum misses the difference that they explain, in nats."""
        return float(self.scores.sum() - (self.value - self.baseline))


def saliency(model: nn.Module, reading: SymbolSequence, *, points: int = 64, step: int | None = None) -> Saliency:
    """Integrated gradients of an answer with respect to what the recurrent layers read.

    Args:
        model: in evaluation mode.
        reading: the input.
        points: at which the gradient is computed on the way (Gauss and Legendre's); 4 or 16 times as many where the
            scores' sum would else miss the difference by more than a hundredth of the largest score: a model that is
            not smooth (a ReLU, a maximum over time) has corners on the way.
        step: whose answer is explained, of readings that have one for each; None: the last.

    Raises:
        ArgumentError: there is no such step.
    """
    T = len(reading.symbols)
    if step is not None and not (reading.each and 0 <= step < T):
        expected = f"one from 0 to {T - 1}" if reading.each else "none: there is one answer to the whole"
        raise ArgumentError(f"found the step {step}, expected {expected}")
    if step is None and reading.each:
        step = T - 1
    layers = layers_of(model, reading)
    seen = _Seen()
    with _intercepted(layers, seen, step):
        value = -float(loss_of(model, reading, learning=False))
        assert seen.x is not None
        x, seen.x = seen.x, torch.zeros_like(seen.x)
        baseline = -float(loss_of(model, reading, learning=False))
        for count in (points, 4 * points, 16 * points):
            slopes = torch.zeros_like(x, dtype=torch.float64)
            for place, weight in zip(*_points(count), strict=True):
                seen.x = (place * x).requires_grad_()
                (gradient,) = torch.autograd.grad(loss_of(model, reading, learning=True), seen.x)
                slopes -= weight * gradient
            scores = (slopes * x).sum(dim=-1).cpu().numpy().reshape(-1)
            found = Saliency(reading.symbols, reading.unit, reading.answer, scores, value, baseline, step)
            if abs(found.error) <= _ENOUGH * np.abs(scores).max():
                break
    return found


def _points(count: int) -> tuple[list[float], list[float]]:
    """Places between 0 and 1, and their weights, which sum to 1."""
    places, weights = np.polynomial.legendre.leggauss(count)
    return ((places + 1) / 2).tolist(), (weights / 2).tolist()


class _Seen:
    """What the layers read: as it came, until something else stands here, which they then read in its place."""

    x: Tensor | None = None
    output: Tensor | None = None


@contextmanager
def _intercepted(layers: list[Recurrent], seen: _Seen, step: int | None) -> Iterator[None]:
    """Inside, the first of some layers reads what stands in `seen`; of the last one only one step's output changes."""

    def read(_: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if seen.x is None:
            seen.x = args[0].detach()
        return (seen.x, *args[1:]), named

    def put(module: Recurrent, _: tuple[Any, ...], answer: tuple[Any, ...]) -> Any:
        output, *rest = answer
        if seen.output is None:
            seen.output = output.detach()
        if step is None:
            return answer
        mixed, time = seen.output.clone(), 1 if module.batch_first else 0
        mixed.narrow(time, step, 1).copy_(output.narrow(time, step, 1))
        return (mixed, *rest)

    handles = [
        layers[0].register_forward_pre_hook(read, with_kwargs=True),
        layers[-1].register_forward_hook(put),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
