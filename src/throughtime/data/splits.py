"""Examples to learn from, to choose by, and to be judged by: how they are kept apart."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from throughtime.errors import ThroughtimeError

Example = TypeVar("Example")


@dataclass(frozen=True)
class Splits(Generic[Example]):
    """Examples to learn from, to choose by, and to be judged by."""

    train: Sequence[Example]
    valid: Sequence[Example]
    test: Sequence[Example]

    def items(self) -> list[tuple[str, Sequence[Example]]]:
        """Each split by name."""
        return [("train", self.train), ("valid", self.valid), ("test", self.test)]


def split_groups(
    examples: Sequence[Example], groups: Sequence[Hashable], seed: int, valid: float = 0.1, test: float = 0.1
) -> Splits[Example]:
    """Split so that the examples of one group stay on one side.

    Args:
        examples: all there are.
        groups: the group of each.
        seed: decides the order in which groups are drawn.
        valid, test: shares of the groups.

    Raises:
        ThroughtimeError: fewer than three groups.

    Example:
        >>> splits = split_groups("abcdef", [0, 0, 1, 2, 3, 4], seed=0)
        >>> [len(split) for _, split in splits.items()]
        [4, 1, 1]
    """
    members: dict[Hashable, list[Example]] = {}
    for group, example in zip(groups, examples, strict=True):
        members.setdefault(group, []).append(example)
    if len(members) < 3:
        raise ThroughtimeError(
            f"found {len(members)} independent examples, expected at least 3 to split into train, valid and test; "
            "give --train, --valid and --test instead"
        )
    order = list(members.values())
    random.Random(seed).shuffle(order)
    n_valid, n_test = (max(1, round(share * len(order))) for share in (valid, test))
    cuts = order[:n_valid], order[n_valid : n_valid + n_test], order[n_valid + n_test :]
    first, second, rest = ([example for group in cut for example in group] for cut in cuts)
    return Splits(rest, first, second)
