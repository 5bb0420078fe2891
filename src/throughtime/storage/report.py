"""What an evaluation found: numbers of the model and of the baselines beside it, and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from throughtime.storage.scores import Scores


@dataclass(frozen=True)
class Table:
    """A table for people: a title, column heads and rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | int]]


@dataclass(frozen=True)
class Report:
    """What an evaluation found.

    Args:
        metrics: the model's numbers by name; the task's own metric among them.
        baselines: the same numbers for each simple method, on the same examples.
        tables: anything more worth showing (a confusion matrix).
        scores: of each example, where the metric is made of such; they are stored by themselves.
    """

    metrics: dict[str, float]
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    scores: Scores | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """As it is stored, without the examples' scores."""
        whole = asdict(replace(self, scores=None))
        del whole["scores"]
        return whole
