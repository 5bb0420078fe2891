"""A capability: examples disturbed as life disturbs them, so that it can be said how much of that a model bears."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from throughtime.data.words.disturbed import CHANGES, Change
from throughtime.errors import ArgumentError
from throughtime.tasks.base.capability import Capability

SEVERITIES = (1, 2, 3, 4, 5)
"""From hardly noticed to hardly recognised."""

Example = TypeVar("Example")


@dataclass(frozen=True)
class Condition(Generic[Example]):
    """One way in which examples are disturbed.

    Args:
        name: a word or two, as it is asked for.
        says: what it does, a sentence in which `{}` stands for the amount, with its unit.
        amounts: how much of it at each severity.
        change: another example of an example, an amount, and where its chance comes from; it leaves the first as it is.

    Raises:
        ArgumentError: not an amount for each severity, or no place for it in the sentence.

    Example:
        >>> louder = Condition("louder", "all is {} times as loud", (2, 4, 8, 16, 32), lambda one, by, _: one * by)
        >>> print(louder)
        louder: all is 2, 4, 8, 16, 32 times as loud
        >>> louder.at(3), louder.disturb([1.0, 0.5], severity=3, seed=0)
        ('all is 8 times as loud', [8.0, 4.0])
    """

    name: str
    says: str
    amounts: tuple[float, ...]
    change: Callable[[Example, float, np.random.Generator], Example]

    def __post_init__(self) -> None:
        if len(self.amounts) != len(SEVERITIES) or self.says.count("{}") != 1:
            found = f"{len(self.amounts)} amounts in {self.says!r}"
            raise ArgumentError(f"{self.name}: found {found}, expected {len(SEVERITIES)} and one {{}}")

    def __str__(self) -> str:
        return f"{self.name}: {self.says.format(', '.join(f'{amount:g}' for amount in self.amounts))}"

    def at(self, severity: int) -> str:
        """What it does at one severity."""
        return self.says.format(f"{self.amounts[severity - 1]:g}")

    def disturb(self, examples: Sequence[Example], severity: int, seed: int) -> list[Example]:
        """All of some examples, disturbed.

        Args:
            examples: as they were.
            severity: one of `SEVERITIES`.
            seed: with the condition and an example's place it decides all that is left to chance; the severity has no
                part in it, so that it grows worse in the same places.
        """
        amount, own = self.amounts[severity - 1], zlib.crc32(self.name.encode())
        return [
            self.change(example, amount, np.random.default_rng((seed, own, place)))
            for place, example in enumerate(examples)
        ]


def conditions_of_text(
    disturbed: Callable[[Example, Change, float, np.random.Generator], Example],
) -> list[Condition[Example]]:
    """Those that all texts can be put to.

    Args:
        disturbed: another example of an example, a change of its text, a share in per cent, and where its chance comes
            from.
    """

    def applying(change: Change) -> Callable[[Example, float, np.random.Generator], Example]:
        return lambda example, percent, random: disturbed(example, change, percent, random)

    return [Condition(one.name, one.says, one.shares, applying(one)) for one in CHANGES]


class Conditions(Capability, Generic[Example]):
    """A task whose examples can be disturbed while what is to be said of them stays the same."""

    lacking = "judges no example that could be disturbed"

    @abstractmethod
    def conditions(self, room: Path) -> Sequence[Condition[Example]]:
        """Those that the examples of this run can be put to.

        Args:
            room: a folder for the files that disturbed examples are read from, where examples are files.
        """

    def sample(self, examples: Sequence[Example], most: int | None) -> list[Example]:
        """The examples to be disturbed: evenly spread, at most so many (None: all).

        Args:
            examples: of a split.
            most: at least 1.
        """
        count = len(examples) if most is None else min(most, len(examples))
        return [examples[place] for place in np.linspace(0, len(examples) - 1, count).astype(int)]

    @abstractmethod
    def question(self, example: Example) -> Any:
        """What `predict` is given to answer an example; None where it cannot be asked about one."""

    def store(self, example: Example, stem: Path) -> Path | None:
        """Write an example as a file that people can look at or listen to; None where `show` says all there is.

        Args:
            example: as it was, or disturbed.
            stem: the file without its ending.
        """
        return None
