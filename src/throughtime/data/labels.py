"""The classes of labelled examples: learned from the training split, looked up in all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from throughtime.errors import DataError, ThroughtimeError

# other people's names for the classes of the built-in reviews
_ALIASES = {"0": "negative", "neg": "negative", "1": "positive", "pos": "positive"}
SHOWN = 20
"""Classes that are shown to people; more fill no table."""


class Labelled(Protocol):
    """An example of one class, and where it comes from."""

    @property
    def label(self) -> str | None:
        """Its class."""

    @property
    def path(self) -> Path:
        """The file it comes from."""

    @property
    def line(self) -> int | None:
        """The line there, if it has one."""


@dataclass(frozen=True)
class Labels:
    """The names of the classes, sorted; a class's number is its place among them.

    Args:
        names: C names.
        majority: the most frequent of them in training.
    """

    names: list[str]
    majority: str

    @classmethod
    def fit(cls, train: Sequence[Labelled]) -> Labels:
        """Those of the training split.

        Raises:
            ThroughtimeError: one label only, or so many that they are no classes.

        Example:
            >>> from throughtime.data.tables import LabelledText
            >>> Labels.fit([LabelledText("fine", label, Path("x.csv"), 2) for label in "abb"])
            Labels(names=['a', 'b'], majority='b')
        """
        counts = Counter(str(example.label) for example in train)
        if len(counts) < 2:
            raise ThroughtimeError(f"found only the label {next(iter(counts), '')!r} to learn, expected at least two")
        if len(counts) > max(20, len(train) // 2):
            raise ThroughtimeError(
                f"found {len(counts)} different labels in {len(train)} examples, expected a few classes; "
                "is it another column? (--label-column)"
            )
        names = sorted(counts)
        return cls(names, max(names, key=lambda name: counts[name]))

    def __len__(self) -> int:
        """C."""
        return len(self.names)

    def number(self, example: Labelled) -> int:
        """The number of an example's class.

        Raises:
            DataError: a label that training has not seen.
        """
        label = str(example.label)
        if label not in self.names:
            label = _ALIASES.get(label.lower(), label)
        if label not in self.names:
            known = ", ".join(self.names[:SHOWN]) + (", ..." if len(self.names) > SHOWN else "")
            raise DataError(example.path, f"the label {example.label!r}", f"one of training: {known}", example.line)
        return self.names.index(label)
