"""The number that decides which model is best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """The number that decides which model is best.

    Args:
        name: key in a report's metrics.
        unit: what it counts, for people.
        best: whether a smaller or a larger value is better.
    """

    name: str
    unit: str
    best: Literal["min", "max"]

    def better(self, new: float, old: float | None) -> bool:
        """Whether `new` beats `old` (None: nothing yet)."""
        return old is None or (new < old if self.best == "min" else new > old)
