"""How pairs are split: as the names in a folder say, or in groups of pairs that share no sentence."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from throughtime.errors import DataError
from throughtime.tasks.translation.corpora.pair import Pair

Split = Literal["train", "valid", "test"]
_NAMES: dict[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "validation", "dev", "val", "tune"), "valid"),
    **dict.fromkeys(("test", "testing", "tst", "eval"), "test"),
}
_BEGINNING = re.compile(r"[a-z]+")


def is_split(name: str) -> bool:
    """Whether a folder of this name is a split."""
    return name.lower() in _NAMES


def _name_of(part: Path) -> str:
    """What a part of a folder is called, without the ending of a file."""
    return part.name.removesuffix(part.suffix if part.is_file() else "")


def named_splits(folder: Path, parts: Sequence[Path]) -> tuple[dict[Split, Path], list[Path]]:
    """The splits that the parts of a folder name, and the parts that name none.

    A name is one of train, valid (dev, val) and test in any capitals, or begins so (test_2016_flickr) where no other is
    just that.

    Raises:
        DataError: two parts of one split.
    """
    exact: dict[Split, list[Path]] = {}
    longer: dict[Split, list[Path]] = {}
    for part in parts:
        name = _name_of(part).lower()
        begins = _BEGINNING.match(name)
        if (split := _NAMES.get(name)) is not None:
            exact.setdefault(split, []).append(part)
        elif begins is not None and (split := _NAMES.get(begins[0])) is not None:
            longer.setdefault(split, []).append(part)
    found: dict[Split, Path] = {}
    for split, some in (longer | exact).items():
        if len(some) > 1:
            expected = f"one {split} split (or --train, --valid and --test)"
            raise DataError(folder, f"both {some[0].name} and {some[1].name}", expected)
        found[split] = some[0]
    return found, [part for part in parts if part not in found.values()]


def split_pairs(
    pairs: Sequence[Pair], seed: int, valid: float, test: float
) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Split so that no sentence, on either side, stands in two parts: whole groups of pairs that share sentences.

    Args:
        pairs: of any origin.
        seed: decides the order of the groups.
        valid: share of the pairs for validation; 0: none.
        test: share of the pairs for the test; 0: none.

    Returns:
        Training, validation and test; groups of more than a hundredth of all pairs are always learned from.

    Example:
        >>> from pathlib import Path
        >>> rows = [("a", "x"), ("b", "x"), ("b", "y"), ("c", "z"), ("d", "w")]
        >>> pairs = [Pair(*row, Path("p"), line) for line, row in enumerate(rows)]
        >>> groups(pairs)
        [0, 0, 0, 1, 2]
    """
    members: dict[int, list[Pair]] = {}
    for pair, group in zip(pairs, groups(pairs), strict=True):
        members.setdefault(group, []).append(pair)
    order = list(members.values())
    random.Random(seed).shuffle(order)
    parts: tuple[list[Pair], list[Pair], list[Pair]] = ([], [], [])
    shares = ((1, valid), (2, test))
    wanted = {part: max(1, round(share * len(pairs))) for part, share in shares if share}
    for group_of in order:
        small = len(group_of) <= max(1, len(pairs) // 100)
        place = next((part for part, size in wanted.items() if small and len(parts[part]) < size), 0)
        parts[place].extend(group_of)
    return parts


def groups(pairs: Sequence[Pair]) -> list[int]:
    """For each pair the number of its group: pairs that share a sentence on either side are in one, and so on.

    Two sentences are the same if their words are, whatever their case and marks.
    """
    leader: dict[tuple[int, str], tuple[int, str]] = {}

    def find(sentence: tuple[int, str]) -> tuple[int, str]:
        while (above := leader.setdefault(sentence, sentence)) != sentence:
            leader[sentence] = leader[above]  # halve the way for the next time
            sentence = leader[sentence]
        return sentence

    for pair in pairs:
        leader[find((0, alike(pair.source)))] = find((1, alike(pair.target)))
    numbers: dict[tuple[int, str], int] = {}
    return [numbers.setdefault(find((0, alike(pair.source))), len(numbers)) for pair in pairs]


def alike(text: str) -> str:
    """What two texts have in common if they are the same sentence."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text.strip()
