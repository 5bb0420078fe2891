"""Pairs of sentences that are translations of each other: aligned text files, TSV, and catalogues of messages."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.progress import counted
from throughtime.data.tables import read_text
from throughtime.errors import DataError
from throughtime.tasks.translation.corpora.catalogues import CATALOGUES, read_catalogue

TABLES = (".tsv", ".tab")
_SPLITS = {"train": "train", "training": "train", "valid": "valid", "dev": "valid", "val": "valid", "test": "test"}
_HEADS = {"source", "target", "src", "tgt", "trg", "src_text", "tgt_text", "source_text", "target_text"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and its translation.

    Args:
        source: what is read.
        target: what is to be said.
        path: where they come from (of two aligned files, the source's).
        line: the line there, from 1.
    """

    source: str
    target: str
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Sides:
    """How the two sides are called: endings of aligned files, columns of a table, msgid and msgstr of a catalogue.

    Args:
        source: what is read; None: not told.
        target: what is said; None: not told.
    """

    source: str | None = None
    target: str | None = None


def read_pairs(path: Path, sides: Sides = Sides(), encoding: str = "utf-8") -> list[Pair]:
    """Read all the pairs that a path stands for.

    | path                        | what is read                                                                     |
    |-----------------------------|----------------------------------------------------------------------------------|
    | a .po or .mo file           | its translated messages, msgid to msgstr or as told                              |
    | a .tsv or .tab file, or a   | two columns: by name or number as told, else the first to the second             |
    | text with tabs in it        |                                                                                  |
    | a folder                    | all the pairs of all that is here, in it                                         |
    | `corpus`, where there are   | two files of as many lines, line n of the one the translation of line n of the   |
    | `corpus.da` and `corpus.en` | other; the endings have to be told; `corpus.da` stands for the pair as well      |

    Pairs of which a side is blank are left out of aligned files, as are untranslated messages of catalogues.

    Args:
        path: see above.
        sides: which side is which.
        encoding: of text files; a catalogue says its own.

    Raises:
        DataError: it cannot be read as that, at which line and why, or the sides have to be told.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        return _folder(path, sides, encoding)
    if suffix in CATALOGUES and path.exists():
        if messages := _catalogue(path, sides):
            return messages
        raise DataError(path, "no translated message", "messages with msgid and msgstr, not fuzzy")
    if path.is_file() and _is_table(path, sides):
        return _table(path, sides, encoding)
    return _aligned(_prefix(path, sides), sides, encoding)


def find_splits(path: Path, sides: Sides) -> dict[str, Path] | None:
    """The splits that a folder names (train, valid or dev, test), as prefixes or files; None if there are no such."""
    found: dict[str, Path] = {}
    for one in _parts(path, sides):
        if (split := _SPLITS.get(one.name.removesuffix(one.suffix if one.is_file() else ""))) is not None:
            if split in found:
                raise DataError(path, f"both {found[split].name} and {one.name}", f"one {split} split")
            found[split] = one
    return found if len(found) == 3 else None


def split_pairs(
    pairs: Sequence[Pair], seed: int, valid: float, test: float
) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Split so that no sentence, on either side, stands in two parts: whole groups of pairs that share sentences.

    Args:
        pairs: of any origin.
        seed: decides the order of the groups.
        valid: share of the pairs for validation.
        test: share of the pairs for the test.

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
    wanted = {1: max(1, round(valid * len(pairs))), 2: max(1, round(test * len(pairs)))}
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


def _folder(folder: Path, sides: Sides, encoding: str) -> list[Pair]:
    pairs = []
    for part in counted(_parts(folder, sides), "reading translations, by the file"):
        # a catalogue that nobody has translated yet is nothing unusual among others
        catalogue = part.suffix.lower() in CATALOGUES
        pairs += _catalogue(part, sides) if catalogue else read_pairs(part, sides, encoding)
    if not pairs:
        hint = "" if sides.source and sides.target else "; for aligned files say --source and --target, their endings"
        raise DataError(folder, "no pairs of sentences", f"aligned files, .tsv, .po or .mo files{hint}")
    return pairs


def _parts(folder: Path, sides: Sides) -> list[Path]:
    """What `read_pairs` can read in a folder: files, and prefixes of aligned files."""
    try:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    except OSError as error:
        raise DataError(folder, f"a folder that cannot be read ({error.strerror})", "pairs of sentences") from error
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    parts = [file for file in files if file.suffix.lower() in TABLES]
    if {sides.source, sides.target} <= {None, "msgid", "msgstr"}:
        catalogues = [file for file in files if file.suffix.lower() in CATALOGUES]
        # the compiled form of a catalogue says the same again
        parts += [file for file in catalogues if file.suffix != ".mo" or file.with_suffix(".po") not in catalogues]
    if sides.source and sides.target:
        there = set(files)
        prefixes = [
            f.with_name(f.name.removesuffix(f".{sides.source}")) for f in files if f.name.endswith(f".{sides.source}")
        ]
        parts += [one for one in prefixes if one.with_name(f"{one.name}.{sides.target}") in there]
    return parts


def _prefix(path: Path, sides: Sides) -> Path:
    """The part that the names of two aligned files have in common."""
    for side in (sides.source, sides.target):
        if side and path.is_file() and path.name.endswith(f".{side}"):
            return path.with_name(path.name.removesuffix(f".{side}"))
    if path.is_file():
        expected = "a .tsv, .po or .mo file, or what the names of two aligned files have in common (--source, --target)"
        raise DataError(path, f"a file with the ending {path.suffix!r} and no tab in its first line", expected)
    return path


def _aligned(prefix: Path, sides: Sides, encoding: str) -> list[Pair]:
    if not (sides.source and sides.target):
        expected = "a file or folder; for two aligned files, what their names have in common, and --source and --target"
        raise DataError(prefix, "no such file", expected)
    paths = [prefix.with_name(f"{prefix.name}.{side}") for side in (sides.source, sides.target)]
    for path in paths:
        if not path.is_file():
            raise DataError(path, "no such file", f"two aligned files, {paths[0].name} and {paths[1].name}")
    source, target = (read_text(path, encoding).removesuffix("\n").split("\n") for path in paths)
    if len(source) != len(target):
        found = f"{len(source):,} lines, and {len(target):,} in {paths[1].name}"
        raise DataError(paths[0], found, "as many in both: line n of the one is the translation of line n of the other")
    pairs = [
        Pair(_tidy(one), _tidy(other), paths[0], line)
        for line, (one, other) in enumerate(zip(source, target, strict=True), 1)
        if one.strip() and other.strip()
    ]
    if not pairs:
        raise DataError(paths[0], "no line that has text in both files", "pairs of sentences")
    return pairs


def _table(path: Path, sides: Sides, encoding: str) -> list[Pair]:
    lines = read_text(path, encoding).split("\n")
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip()]
    first_line, head = rows[0]
    if len(head) < 2:
        raise DataError(path, "1 column", "at least 2, with a tab between (source, target)", first_line)
    at = [_column(path, head, side, place) for place, side in enumerate((sides.source, sides.target))]
    if at[0] == at[1]:
        raise DataError(path, f"the column {at[0] + 1} for both sides", "a column each: --source and --target")
    names = {name.strip().lower() for name in head}
    is_head = {sides.source, sides.target} & {name.strip() for name in head} or names <= _HEADS
    pairs = []
    for number, fields in rows[1 if is_head else 0 :]:
        if len(fields) <= max(at):
            raise DataError(path, f"{len(fields)} column{'s' * (len(fields) != 1)}", f"at least {max(at) + 1}", number)
        source, target = (_tidy(fields[place]) for place in at)
        if not source or not target:
            raise DataError(path, f"no text in column {at[0 if not source else 1] + 1}", "a text on both sides", number)
        pairs.append(Pair(source, target, path, number))
    if not pairs:
        raise DataError(path, "a head line and no rows", "rows of source and target")
    return pairs


def _column(path: Path, head: Sequence[str], side: str | None, place: int) -> int:
    """Index of a side's column."""
    if side is None:
        return place
    names = [name.strip() for name in head]
    if side in names:
        return names.index(side)
    if side.isdecimal() and 1 <= int(side) <= len(head):
        return int(side) - 1
    shown = ", ".join(name[:30] for name in names)
    raise DataError(path, f"the columns {shown}", f"one called {side!r}, or its number from 1")


def _catalogue(path: Path, sides: Sides) -> list[Pair]:
    asked = (sides.source or "msgid", sides.target or "msgstr")
    if sides in (Sides(None, "msgid"), Sides("msgstr", None)):
        asked = ("msgstr", "msgid")
    if set(asked) != {"msgid", "msgstr"}:
        raise DataError(path, f"the sides {asked[0]!r} and {asked[1]!r}", "msgid and msgstr, the sides of a catalogue")
    return [Pair(*message) for message in read_catalogue(path, *asked)]


def _is_table(path: Path, sides: Sides) -> bool:
    if path.suffix.lower() in TABLES:
        return True
    aligned = any(side and path.name.endswith(f".{side}") for side in (sides.source, sides.target))
    with path.open("rb") as file:
        return not aligned and b"\t" in file.readline()


def _tidy(text: str) -> str:
    return " ".join(text.split())
