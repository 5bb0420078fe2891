"""Examples to learn from, to choose by, and to be judged by: how they are kept apart."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar, get_args

from throughtime.data.findings import Findings
from throughtime.errors import DataError, ThroughtimeError

Example = TypeVar("Example")
Split = Literal["train", "valid", "test"]

SPLIT_NAMES: Mapping[str, Split] = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "development": "valid",
    "tune": "valid",
    "test": "test",
    "testing": "test",
    "tst": "test",
    "eval": "test",
    "t10k": "test",  # as MNIST's ten thousand are called
}
"""What splits are called, in lower case."""
SPLIT_COLUMNS = ("split", "subset", "partition", "fold", "set")
"""What a column is called that says of each row in which split it is."""


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


def hold_out(
    examples: Sequence[Example], groups: Sequence[Hashable], seed: int, share: float = 0.1
) -> tuple[list[Example], list[Example]]:
    """All but a share of the groups, and that share: what becomes of train where a split is not given.

    Args:
        examples: all there are, in the order in which they stay.
        groups: the group of each.
        seed: decides which groups are held out.
        share: of the groups; at least one is held out.

    Raises:
        ThroughtimeError: fewer than two groups.

    Example:
        >>> hold_out("abcd", [0, 0, 1, 2], seed=0)
        (['a', 'b', 'd'], ['c'])
    """
    distinct = list(dict.fromkeys(groups))
    if len(distinct) < 2:
        raise ThroughtimeError("found one independent example to learn from, expected at least 2 to hold one out")
    held = set(random.Random(seed).sample(distinct, max(1, round(share * len(distinct)))))
    pairs = list(zip(groups, examples, strict=True))
    return [one for group, one in pairs if group not in held], [one for group, one in pairs if group in held]


def split_of(part: Path) -> Split | None:
    """The split that a file or folder is named after, by the first or last word of its name; None: none, or two.

    Example:
        >>> [split_of(Path(name)) for name in ("Dev", "test_2016.tsv", "ptb.train", "bus.csv", "train_test.csv")]
        ['valid', 'test', 'train', None, None]
    """
    words = re.findall("t10k|[a-z]+", _stem(part)) or [""]
    named = {SPLIT_NAMES[word] for word in (words[0], words[-1]) if word in SPLIT_NAMES}
    return named.pop() if len(named) == 1 else None


def named_splits(folder: Path, parts: Iterable[Path], findings: Findings | None = None) -> dict[Split, Path] | None:
    """The parts of a folder that are named after splits: train, Val, ptb.valid.txt, toy_TEST.ts, test_2016, val2017.

    Train and one other are enough; `read_named` cuts the third from train. A name is a split's as a whole, or by its
    first or last word, where no part has it as a whole.

    Args:
        folder: for messages.
        parts: what could each be a split there: its folders, or its files of some kind, or both.
        findings: parts beside the splits that are named after none are noted: nobody reads them. None: whoever calls
            notes them, as what they are.

    Returns:
        A part for train and for one or both of the others; None if the folder has no such splits.

    Raises:
        DataError: two parts for one split, valid and test without train, or one folder alone that is named after a
            split, beside others of the same make.

    Example:
        >>> parts = [Path("d/Train"), Path("d/val_2")]
        >>> [(split, path.name) for split, path in named_splits(Path("d"), parts).items()]
        [('train', 'Train'), ('valid', 'val_2')]
    """
    parts = sorted(parts)
    found: dict[Split, list[Path]] = {}
    for split in get_args(Split):
        whole = [part for part in parts if SPLIT_NAMES.get(_stem(part)) == split]
        if named := whole or [part for part in parts if split_of(part) == split]:
            found[split] = named
    if len(found) < 2:
        _refuse_lone_split(folder, parts)
        return None
    if "train" not in found:
        if all(SPLIT_NAMES.get(_stem(named[0])) for named in found.values()):
            names = " and ".join(named[0].name for named in found.values())
            raise DataError(folder, f"{names}, but nothing for train", "a part named train too")
        return None
    for split, named in found.items():
        if len(named) > 1:
            expected = f"one for {split} (or say which by --train, --valid and --test)"
            raise DataError(folder, f"both {named[0].name} and {named[1].name}", expected)
    splits = {split: part for split, (part,) in found.items()}
    if findings is not None:
        for part in parts:
            if part not in splits.values():
                findings.suspicious("splits", "something beside the splits that is named after none: not read", part)
    return splits


def _refuse_lone_split(folder: Path, parts: Sequence[Path]) -> None:
    """Raise if one folder is named after a split, and another has the same folders inside: it is a split too."""
    inside = {part: {inner.name for inner in part.iterdir() if inner.is_dir()} for part in parts if part.is_dir()}
    for part, names in inside.items():
        other = next((one for one, own in inside.items() if one != part and names & own), None)
        if other is not None and part.name.lower() in SPLIT_NAMES:
            found = f"{part.name} beside {other.name}, which no split is called"
            raise DataError(folder, found, "names such as train, valid and test (or --train, --valid and --test)")


def read_named(
    named: Mapping[Split, Path],
    read: Callable[[Path], Sequence[Example]],
    cut: Callable[[Sequence[Example]], tuple[Sequence[Example], Sequence[Example]]],
    findings: Findings,
) -> Splits[Example]:
    """Read what `named_splits` found; the split that is not given is cut from train.

    Args:
        named: a part for train and for one or both of the others.
        read: gives the examples of a part.
        cut: gives all but a share of the examples, and that share, such as `hold_out`.
        findings: where each split comes from is noted.
    """
    given = {split: read(part) for split, part in named.items()}
    for split, part in named.items():
        findings.taken("splits", f"{split} as given by {part.name}")
    for split in get_args(Split):
        if split not in given:
            given["train"], given[split] = cut(given["train"])
            findings.taken("splits", f"{split} is not given: cut from train")
    return Splits(**given)


def note_merged_splits(folder: Path, files: Sequence[Path], findings: Findings) -> None:
    """Note the files that are named after a split, or lie in a folder that is, and are split anew with the others."""
    for file in files if len(files) > 1 else ():
        words = re.findall("[a-z]+", str(file.relative_to(folder)).lower())
        if any(word in SPLIT_NAMES for word in words):
            what = "a file that is named after a split, merged with the others and split anew"
            findings.suspicious("splits", what, file)


def note_split_columns(names: Iterable[str], path: Path, findings: Findings) -> None:
    """Note columns of a table that are called after splits, and that its reader does not heed."""
    for name in names:
        if name.strip().lower() in SPLIT_COLUMNS:
            findings.suspicious("splits", f"a column {name.strip()!r}, which is not heeded", path)


def _stem(part: Path) -> str:
    """Its name without the ending, unless the ending is what names it: ptb.train."""
    ending = "" if part.suffix[1:].lower() in SPLIT_NAMES else part.suffix
    return part.name.removesuffix(ending).lower()
