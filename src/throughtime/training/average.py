"""NT-ASGD: once the validation metric stalls, the model is the average of all weights that follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.tasks.base import Metric

INTERVAL = 5
"""Evaluations that a new best may take before averaging begins: n of Merity et al. 2018, algorithm 1."""


def has_stalled(values: Sequence[float], metric: Metric) -> bool:
    """Whether the latest value is worse than the best of those more than `INTERVAL` evaluations older.

    The condition of Merity et al. 2018, algorithm 1: t > n and v > min of the logs up to t - n - 1.

    Example:
        >>> has_stalled([3.0, 2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6], Metric("loss", "nats", "min"))
        True
    """
    earlier = values[: -INTERVAL - 1]
    if not earlier:
        return False
    best = min(earlier) if metric.best == "min" else max(earlier)
    return metric.better(best, values[-1])


class WeightAverage:
    """The plain mean of a model's parameters after each step since `begin`.

    What torch.optim.ASGD computes with t0=0 and lambd=0 (Polyak and Juditsky 1992), which leaves out the first step.

    Args:
        model: whose parameters are averaged.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> average = WeightAverage(model)
        >>> average.begin()
        >>> for value in (1.0, 2.0, 6.0):
        ...     _ = nn.init.constant_(model.weight, value)
        ...     average.update()
        >>> with average.applied():
        ...     model.weight.item()
        3.0
        >>> model.weight.item()
        6.0
    """

    def __init__(self, model: nn.Module) -> None:
        self._parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._means: list[Tensor] = []
        self._count = 0

    @property
    def running(self) -> bool:
        """Whether it has begun."""
        return bool(self._means)

    @torch.no_grad()
    def begin(self) -> None:
        """Average from now on."""
        self._means, self._count = [parameter.detach().clone() for parameter in self._parameters], 0

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights in; before `begin` this does nothing."""
        self._count += 1
        for mean, parameter in zip(self._means, self._parameters, strict=False):
            mean.lerp_(parameter, 1 / self._count)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the model has the averaged weights (if averaging has begun)."""
        own = [parameter.detach().clone() for parameter in self._parameters] if self.running else []
        self._copy(self._means)
        try:
            yield
        finally:
            self._copy(own)

    @torch.no_grad()
    def _copy(self, tensors: list[Tensor]) -> None:
        for parameter, tensor in zip(self._parameters, tensors, strict=False):
            parameter.copy_(tensor)

    def state_dict(self) -> dict[str, Any]:
        """A tree of tensors and numbers for the checkpoint."""
        return {"means": self._means, "count": self._count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        pairs = zip(state["means"], self._parameters, strict=bool(state["means"]))
        self._means = [mean.to(parameter) for mean, parameter in pairs]
        self._count = state["count"]
