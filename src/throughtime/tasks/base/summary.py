"""What was read, split by split: counts, lengths, classes, checksums; and what is wrong with them taken together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, compress, islice
from typing import Any

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.splits import Splits
from throughtime.tasks.base.task import Described, Task

_FEW = 10  # examples of a class from which little can be learned
_NAMED = 5  # rare classes that are named
_ALMOST_ALL = 0.99  # share of one class beside which the others hardly count
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Summary:
    """One split.

    Args:
        unit: what lengths are counted in.
        lengths: (N,), of each example.
        classes: how many examples (or parts of such) each class has, the most frequent first; empty without classes.
        checksums: (N,) uint64, of each example, in their order.
    """

    unit: str
    lengths: np.ndarray
    classes: Mapping[str, int]
    checksums: np.ndarray

    def __len__(self) -> int:
        """N."""
        return len(self.checksums)

    @property
    def checksum(self) -> str:
        """Of all examples together, in their order."""
        return blake2b(self.checksums.astype("<u8").tobytes(), digest_size=16).hexdigest()

    @property
    def median(self) -> float:
        """Length of the middle example."""
        return float(np.median(self.lengths)) if len(self) else 0.0

    @property
    def longest(self) -> float:
        """Length of the longest example."""
        return float(self.lengths.max(initial=0.0))

    def histogram(self, bars: int = 12) -> str:
        """How many examples are how long, from the shortest to the longest, as a line of bars.

        Example:
            >>> Summary("words", np.array([1, 1, 1, 9]), {}, np.zeros(4)).histogram(bars=4)
            '█  ▃'
        """
        if not len(self):
            return ""
        whole = (self.lengths == self.lengths.astype(int)).all()
        spread = self.longest - float(self.lengths.min())
        counts, _ = np.histogram(self.lengths, bins=min(bars, int(spread) + 1) if whole else bars)
        heights = np.ceil(counts / counts.max() * len(_BARS)).astype(int)
        return "".join(_BARS[height - 1] if height else " " for height in heights)

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "examples": len(self),
            "checksum": self.checksum,
            "unit": self.unit,
            "median_length": self.median,
            "longest": self.longest,
            "classes": dict(self.classes),
        }


def summarise(task: Task[Any, Any], splits: Splits[Any]) -> dict[str, Summary]:
    """Summaries of all three splits; what is wrong with them taken together goes into the task's findings."""
    described = {name: [task.describe(example) for example in examples] for name, examples in splits.items()}
    summaries = {name: summary_of(some, task.unit) for name, some in described.items()}
    _look_at_classes(summaries["train"].classes, task.findings)
    _look_for_two_targets(chain.from_iterable(described.values()), task.findings)
    learned = summaries["train"].checksums
    for held_out in ("valid", "test"):
        what = f"an example of the {held_out} split that is among those of training"
        note_learned(described[held_out], summaries[held_out].checksums, learned, what, task.findings)
    task.examine(splits)
    return summaries


def summary_of(examples: Sequence[Described], unit: str) -> Summary:
    """One split's summary."""
    classes = Counter(name for example in examples for name in example.classes)
    return Summary(
        unit,
        np.array([example.length for example in examples], dtype=np.float64),
        dict(classes.most_common()),
        checksums_of(examples),
    )


def checksums_of(examples: Sequence[Described]) -> np.ndarray:
    """(N,) uint64, of what is read and what is to be said of it."""
    return np.array([_checksum(example.content, example.target) for example in examples], dtype=np.uint64)


def note_learned(
    examples: Sequence[Described], checksums: np.ndarray, learned: np.ndarray, what: str, findings: Findings
) -> None:
    """Note the examples whose checksums are among those that were learned from."""
    for example in compress(examples, np.isin(checksums, learned)):
        findings.suspicious("learned from", what, example.path, example.line)


def _checksum(content: bytes, target: str = "") -> int:
    """64 bits of an example: two different ones among a million are alike once in 37 million such sets."""
    hashed = blake2b(content, digest_size=8)
    hashed.update(b"\0" + target.encode("utf-8", "surrogatepass"))
    return int.from_bytes(hashed.digest(), "little")


def _look_at_classes(classes: Mapping[str, int], findings: Findings) -> None:
    total = sum(classes.values())
    rare = {name: count for name, count in classes.items() if count < _FEW}
    if rare:
        named = ", ".join(f"{name!r} has {count}" for name, count in islice(rare.items(), _NAMED))
        more = f", and so on: {len(rare)} classes" if len(rare) > _NAMED else ""
        findings.suspicious("rare classes", f"fewer than {_FEW} examples to learn from: {named}{more}")
    for name, count in classes.items():
        if len(classes) > 1 and count > _ALMOST_ALL * total:
            what = f"the class {name!r} has {count / total:.1%} of the examples to learn from"
            findings.suspicious("one class", what)


def _look_for_two_targets(examples: Iterable[Described], findings: Findings) -> None:
    """The same input with two answers: one of them must be wrong."""
    first: dict[int, str] = {}
    for example in examples:
        if example.classes and first.setdefault(_checksum(example.content), example.target) != example.target:
            what = "an example that stands elsewhere with another label"
            findings.suspicious("two labels", what, example.path, example.line)
