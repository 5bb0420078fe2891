"""A capability: attention, how much each symbol of an input counted for each symbol of the answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import ThroughtimeError
from throughtime.tasks.base.capability import Capability

if TYPE_CHECKING:
    from throughtime.models.base import Model


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where a model looked while it answered.

    Args:
        symbols: (S,), what was read: words, frames.
        unit: what they are, in the plural.
        said: (T,), what was answered, symbol by symbol; an answer to the whole is one.
        answer: the same for people.
        weights: (T, S), how much each symbol counted for each that was said; every row sums to 1.

    Example:
        >>> found = Alignment(("a", "b"), "letters", ("x", "y"), "x y", np.array([[1.0, 0.0], [0.5, 0.5]]))
        >>> found.spread.tolist(), found.coverage.tolist()
        ([1.0, 2.0], [1.5, 0.5])
    """

    symbols: tuple[str, ...]
    unit: str
    said: tuple[str, ...]
    answer: str
    weights: NDArray[np.float64]

    @property
    def spread(self) -> NDArray[np.float64]:
        """Over how many symbols each that was said looked, (T,): the exponential of its weights' entropy, 1 where it
        looked at a single one, S where at all alike.
        """
        logs = np.log(self.weights, out=np.zeros_like(self.weights), where=self.weights > 0)
        return np.asarray(np.exp(-(self.weights * logs).sum(axis=1)))

    @property
    def coverage(self) -> NDArray[np.float64]:
        """How much each symbol counted in all, (S,); near 0 for one that was passed over. They sum to T."""
        return np.asarray(self.weights.sum(axis=0))


class Attends(Capability):
    """A task whose model attends, or does so with the right settings."""

    lacking = "has no attention"

    def check_attends(self) -> None:
        """Make sure that this run's model attends; by default every one does.

        Raises:
            ThroughtimeError: it does not; the sentence says with which setting it would.
        """
        return

    @abstractmethod
    def alignments(self, model: Model, given: Any) -> Iterator[Alignment]:
        """Where a model looks while it answers; of an input that it reads in parts one after the other.

        Args:
            model: in evaluation mode; it attends.
            given: one of those that `read_inputs` gives.
        """


def check_pooling(pooling: str) -> None:
    """Make sure that a classifier weighs its steps by attention.

    Raises:
        ThroughtimeError: it makes one vector of them in another way.
    """
    if pooling != "attention":
        raise ThroughtimeError(f"found a run with --pooling {pooling}, expected one with --pooling attention")
