"""A capability: what a model reads can be moved along its own gradient, to see how little it takes to mislead it."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from throughtime.tasks.base.capability import Capability

if TYPE_CHECKING:
    from throughtime.data.batch import Batch, Loader

Change = Callable[["Batch"], "Batch"]


@dataclass(frozen=True)
class Numbers:
    """The `inputs` (B, T, ...) of a batch are numbers, which may be moved a little.

    Args:
        unit: what they are moved by, for people, in the plural.
        amounts: how many of it at each severity.
        low, high: between which they stay.
    """

    attacks: ClassVar[tuple[str, ...]] = ("fgsm", "pgd")

    unit: str
    amounts: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Replaceable:
    """The `inputs` (B, T) of a batch are words, `lengths` (B,) of them, which may become other words.

    Args:
        embedding: the place in the model of their vectors.
        words: (V,), which of them are such: no marks.
        amounts: how many of each text at each severity.
    """

    attacks: ClassVar[tuple[str, ...]] = ("hotflip",)

    embedding: str
    words: tuple[bool, ...]
    amounts: tuple[float, ...] = (1, 2, 3, 4, 5)


ATTACKS = (*Numbers.attacks, *Replaceable.attacks)
"""The names of all attacks."""


class Attackable(Capability):
    """A task whose model is judged on batches that an attack may change.

    Attributes:
        change: what each batch goes through before it is judged; None: nothing.
    """

    lacking = "reads nothing that an attack by gradients could change"

    change: Change | None = None

    @abstractmethod
    def surface(self) -> Numbers | Replaceable:
        """What may be changed.

        Raises:
            ThroughtimeError: this run reads words in another way, such as one-hot.
        """

    def judged(self, loader: Loader) -> Loader:
        """The batches that are judged: those of a loader, changed."""
        return loader if self.change is None else Changed(loader, self.change)


class Changed:
    """The batches of a loader, each changed as it comes.

    Args:
        loader: whose.
        change: of a batch.
    """

    def __init__(self, loader: Loader, change: Change) -> None:
        self._loader, self._change = loader, change

    def __len__(self) -> int:
        return len(self._loader)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        for batch in self._loader.epoch(epoch, skip):
            yield self._change(batch)
