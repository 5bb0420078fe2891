"""What each example of a split adds to a metric: of the model and of the baselines, on the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

MODEL = "model"
"""What the model is called among the methods."""
_KEPT = 12
_LONGEST = 400  # characters of a text that is kept


class Shown(NamedTuple):
    """An example for people: what it is, what is right, and what the model said; "" where there is no such."""

    example: str
    expected: str
    answer: str


@dataclass(frozen=True, eq=False)
class Scores:
    """Per-example shares of a metric; summed over examples they give it (`Task.pooled`): a ratio, where they are two.

    Args:
        metric: its name among a report's metrics.
        best: whether a smaller or a larger value is better.
        counts: method, the model first -> (N, K), such as the errors and the words of each example.
        shown: of each example, or, read from a file, of those that are kept, by their places.
        surprise: (N,) nats: -log p that the model gave to what is right; None where it says no such thing.
        values: (N,) how the model does on each example by itself; None: the ratio of its first two counts.
    """

    metric: str
    best: Literal["min", "max"]
    counts: Mapping[str, np.ndarray]
    shown: Sequence[Shown] | Mapping[int, Shown]
    surprise: np.ndarray | None = None
    values: np.ndarray | None = None

    def __len__(self) -> int:
        """N."""
        return len(self.counts[MODEL])

    @property
    def each(self) -> np.ndarray:
        """(N,) how the model does on each example by itself; where there was nothing to do, as well as can be."""
        if self.values is not None:
            return np.asarray(self.values)
        first, second = self.counts[MODEL][:, :2].astype(np.float64).T
        nothing = np.full(len(first), float(self.best == "max"))
        return np.asarray(np.divide(first, second, out=nothing, where=second != 0))

    @property
    def worst(self) -> list[int]:
        """Places of the examples that are answered worst; of equals those whose right answer surprises most."""
        value = self.each if self.best == "max" else -self.each
        surprise = np.zeros(len(self)) if self.surprise is None else self.surprise
        return [int(place) for place in np.lexsort((-surprise, value))[:_KEPT]]

    @property
    def most_surprising(self) -> list[int]:
        """Places of the examples whose right answer the model holds for the least probable."""
        return [] if self.surprise is None else [int(place) for place in np.argsort(-self.surprise)[:_KEPT]]

    def to_json(self) -> dict[str, Any]:
        """As it is stored: all counts, and the examples that are worth a look."""
        places = sorted({*self.worst, *self.most_surprising})
        return {
            "metric": self.metric,
            "best": self.best,
            "counts": {method: some.tolist() for method, some in self.counts.items()},
            "surprise": None if self.surprise is None else self.surprise.tolist(),
            "values": None if self.values is None else self.values.tolist(),
            "shown": [[place, *map(_short, self.shown[place])] for place in places],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Scores:
        """What `to_json` gave."""
        counts = {str(method): np.array(some, dtype=np.float64) for method, some in stored["counts"].items()}
        shapes = {some.shape for some in counts.values()}
        if MODEL not in counts or len(shapes) != 1 or len(shape := shapes.pop()) != 2 or shape[1] < 2:
            raise ValueError("expected counts of the same examples for each method")
        surprise, values = (
            None if stored[name] is None else np.array(stored[name], dtype=np.float64)
            for name in ("surprise", "values")
        )
        shown = {int(place): Shown(*map(str, texts)) for place, *texts in stored["shown"]}
        found = cls(str(stored["metric"]), stored["best"], counts, shown, surprise, values)
        if not {*found.worst, *found.most_surprising} <= shown.keys() or found.best not in ("min", "max"):
            raise ValueError("expected the examples that are answered worst")
        return found


def of_values(values: Sequence[float] | Sequence[bool] | np.ndarray) -> np.ndarray:
    """(N, 2) counts of a mean, such as an accuracy: of each example its value, and one.

    Example:
        >>> of_values([True, False]).tolist()
        [[1.0, 1.0], [0.0, 1.0]]
    """
    return np.stack([np.asarray(values, dtype=np.float64), np.ones(len(values))], axis=1)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
