"""The classes of labelled examples: learned from the training split, looked up in all others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from throughtime.data.findings import Findings
from throughtime.errors import DataError, ThroughtimeError

# other people's names for the classes of the built-in reviews
_ALIASES = {"0": "negative", "neg": "negative", "1": "positive", "pos": "positive"}
_IS_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")
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
    def fit(cls, train: Sequence[Labelled], *, certain: bool = False) -> Labels:
        """Those of the training split.

        Args:
            train: its examples.
            certain: whether these are labels beyond doubt, however many there are.

        Raises:
            ThroughtimeError: one label only, or so many that they are no classes.

        Example:
            >>> from throughtime.data.labelled_texts import LabelledText
            >>> Labels.fit([LabelledText("fine", label, Path("x.csv"), 2) for label in "abb"])
            Labels(names=['a', 'b'], majority='b')
        """
        counts = Counter(str(example.label) for example in train)
        if not certain and len(counts) > max(20, len(train) // 2):
            raise ThroughtimeError(
                f"found {len(counts)} different labels in {len(train)} examples, expected a few classes; "
                "is it another column? (--label-column)"
            )
        return cls.counted(counts)

    @classmethod
    def counted(cls, counts: Mapping[str, int]) -> Labels:
        """Those that occur so often in the training split.

        Raises:
            ThroughtimeError: fewer than two.
        """
        if len(counts) < 2:
            raise ThroughtimeError(f"found only the label {next(iter(counts), '')!r} to learn, expected at least two")
        names = sorted(counts)
        return cls(names, max(names, key=lambda name: counts[name]))

    def __len__(self) -> int:
        """C."""
        return len(self.names)

    def number(self, example: Labelled, findings: Findings | None = None) -> int:
        """The number of an example's class, as `find` has it.

        Raises:
            DataError: a label that training has not seen.
        """
        number = self.find(example, findings)
        if number is None:
            known = ", ".join(self.names[:SHOWN]) + (", ..." if len(self.names) > SHOWN else "")
            raise DataError(example.path, f"the label {example.label!r}", f"one of training: {known}", example.line)
        return number

    def find(self, example: Labelled, findings: Findings | None = None) -> int | None:
        """The number of an example's class; None: training has not seen it.

        Args:
            example: with a label, or another usual name of it.
            findings: is told where another name had to be understood.
        """
        return self.place(str(example.label), example.path, findings)

    def place(self, label: str, path: Path, findings: Findings | None = None) -> int | None:
        """The number of a class by its name, or by another usual name of it; None: training has not seen it."""
        if label in self._places:
            return self._places[label]
        meant = next((name for name in (_ALIASES.get(label.lower()), _as_number(label)) if name in self._places), None)
        if meant is not None and findings is not None:
            findings.taken("labels", f"{label!r} is understood as {meant!r}", path)
        return None if meant is None else self._places[meant]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}


def one_writing(labels: Iterable[str]) -> dict[str, str]:
    """Whole numbers that stand there in two ways, as "1" and "1.0": how each is read; nothing where others are labels.

    Example:
        >>> one_writing(["0", "1", "1.0"]), one_writing(["0", "1.0"]), one_writing(["1", "1.0", "v1"])
        ({'1.0': '1'}, {}, {})
    """
    names = set(labels)
    if not all(_IS_NUMBER.fullmatch(name) for name in names):
        return {}
    return {name: short for name in sorted(names) if (short := _as_number(name)) != name and short in names}


def note_alike(labels: Iterable[str], findings: Findings) -> None:
    """Note labels that look like one class and are several, or like several and are one.

    Example:
        >>> findings = Findings()
        >>> note_alike(["good", "Good", "bad", "bad,good"], findings)
        >>> for finding in findings:
        ...     print(finding)
        several labels: 'bad,good' is one class, though 'bad' is one too (--several-labels)
        labels: 'Good' and 'good' are two classes
    """
    first: dict[str, str] = {}
    names = sorted(set(labels))
    found_in = Counter(part.strip() for name in names for part in set(re.split("[,;|]", name)))
    for name in names:
        other = first.setdefault(_as_number(name).casefold(), name)
        if other != name:
            findings.suspicious("labels", f"{other!r} and {name!r} are two classes")
        parts = [part.strip() for part in re.split("[,;|]", name)]
        if part := next((part for part in parts if len(parts) > 1 and (part in names or found_in[part] > 1)), None):
            of = "is one too" if part in names else f"stands in {found_in[part]} of them"
            findings.suspicious("several labels", f"{name!r} is one class, though {part!r} {of} (--several-labels)")


def _as_number(label: str) -> str:
    """A whole number as it is usually written: "1.0", as tables with gaps have it, is "1"."""
    whole, _, fraction = label.partition(".")
    return whole if whole.lstrip("+-").isdecimal() and not fraction.strip("0") else label
