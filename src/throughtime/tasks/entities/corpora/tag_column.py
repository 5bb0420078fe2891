"""Which column of a CoNLL file holds the tags, and how it writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.entities.corpora.notation import Notation, notation_of
from throughtime.tasks.entities.corpora.rows import Row, Rows, short
from throughtime.tasks.entities.corpora.schemes import OUTSIDE, split_tag

_KEYS = ("name", "ner", "entity", "ne")
"""After which CoNLL-U's last column may have tags: SpaceAfter=No|name=B-PER."""
_UNIVERSAL = 10  # columns of CoNLL-U, of which the last holds what has no column of its own
_CHUNKS = frozenset(("NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"))
"""Labels of phrases, which CoNLL's files have beside the entities' (Tjong Kim Sang and Buchholz 2000)."""


@dataclass(frozen=True, slots=True)
class TagColumn:
    """Where a file's tags stand and how they are written.

    Args:
        column: its index.
        key: what stands in front of a tag there, `name` of name=B-PER; None: nothing does.
        counts: how often each is there, as it is written.
        notation: how they are written; None: they are no tags.
    """

    column: int
    key: str | None
    counts: Mapping[str, int]
    notation: Notation | None

    @classmethod
    def of(cls, rows: Rows, column: int) -> TagColumn:
        """What a column holds."""
        fields = Counter(row.fields[column] for block in rows.blocks for row in block.rows)
        key = _key(fields)
        counts: Counter[str] = Counter()
        for field, count in fields.items():
            counts[_value(field, key)] += count
        return cls(column, key, counts, notation_of(counts))

    def tag(self, row: Row) -> str:
        """A row's tag, as `schemes` writes it."""
        assert self.notation is not None
        return self.notation.tags[_value(row.fields[self.column], self.key)]

    @property
    def inside(self) -> int:
        """Words that belong to entities."""
        tags = {} if self.notation is None else self.notation.tags
        return sum(count for kind, count in self.counts.items() if tags.get(kind, OUTSIDE) != OUTSIDE)

    @property
    def has_tags(self) -> bool:
        """Whether these are tags, of whatever; bare labels and columns without any value (_) may be something else."""
        return self.notation is not None and not self.notation.bare and (bool(self.inside) or "O" in self.counts)

    @property
    def has_entities(self) -> bool:
        """Whether these are tags of entities beyond doubt: some words outside, some not, and no phrases."""
        if self.notation is None or not self.has_tags:
            return False
        labels = {split_tag(tag)[1] for tag in self.notation.tags.values()}
        return "" in labels and not labels - {""} <= _CHUNKS

    def __str__(self) -> str:
        return f"column {self.column + 1}{'' if self.key is None else f', after {self.key}='}"


def find_tags(path: Path, rows: Rows, at_word: int, told: int | None, findings: Findings) -> TagColumn:
    """The column that was told, else the last; else the only other one that holds tags of entities.

    Args:
        path: the file.
        rows: of it.
        at_word: index of the column of words.
        told: index of the column of tags; None: not told.
        findings: takes what was chosen and what speaks against it.

    Raises:
        DataError: no tags there.
    """
    found, why = TagColumn.of(rows, rows.width - 1 if told is None else told), ""
    others = [] if told is not None else list(_others(rows, at_word, found.column))
    if not found.has_tags and len(others) == 1:
        found, why = others.pop(), f": {found} has none"
    if found.notation is None or (told is None and _is_misc(rows, found)):
        raise _no_tags(path, rows, at_word, found)
    findings.taken("columns", f"tags in {found}{why}", path)
    for other in others:
        if other.inside > found.inside:
            what = f"{other} has tags on {other.inside:,} words, {found}, which was taken, on {found.inside:,}"
            findings.suspicious("columns", f"{what}: --tag-column chooses", path)
    _note_notation(path, found.notation, findings)
    return found


def tags_come_first(rows: Rows) -> bool:
    """Whether a file of two columns has its tags in the first: what stands in the second are none."""
    if rows.width != 2 or rows.numbered:
        return False
    first, second = TagColumn.of(rows, 0), TagColumn.of(rows, 1)
    return first.has_entities and not second.has_tags


def _others(rows: Rows, at_word: int, last: int) -> Iterator[TagColumn]:
    """Columns before the last that hold tags of entities beyond doubt."""
    for column in range(int(rows.numbered), last):
        if column != at_word and (other := TagColumn.of(rows, column)).has_entities:
            yield other


def _key(fields: Iterable[str]) -> str | None:
    """The key, as the file writes it, after which a column such as CoNLL-U's last has tags; None: it has none."""
    parts = chain.from_iterable(field.split("|") for field in fields if "=" in field)
    names = {name for name, equals, _ in (part.partition("=") for part in parts) if equals}
    return next((name for key in _KEYS for name in sorted(names) if name.lower() == key), None)


def _value(field: str, key: str | None) -> str:
    """The tag of a field."""
    if key is None:
        return field
    parts = (part.partition("=") for part in field.split("|"))
    return next((value for name, _, value in parts if name == key), OUTSIDE)


def _is_misc(rows: Rows, found: TagColumn) -> bool:
    """Whether CoNLL-U's last column, which may hold anything, was found and holds no tags."""
    misc = rows.numbered and rows.width == _UNIVERSAL and found.column == _UNIVERSAL - 1
    return misc and found.key is None and not found.has_tags


def _no_tags(path: Path, rows: Rows, at_word: int, found: TagColumn) -> DataError:
    """What stands there instead, at the first row that shows it."""
    every = (row for block in rows.blocks for row in block.rows)
    if found.notation is not None:
        keys = ", ".join(f"{key}=" for key in _KEYS)
        expected = f"tags of entities there, alone or after one of {keys} (or --tag-column)"
        return DataError(path, f"no tags in {found}", expected, next(every).line)
    for row in every:
        tag = _value(row.fields[found.column], found.key)
        alone = notation_of([tag])
        if alone is None or alone.bare:
            break
    said = f"{short(tag)!r} as the tag of {short(row.fields[at_word])!r}"
    return DataError(path, said, "O or one such as B-person", row.line)


def _note_notation(path: Path, notation: Notation, findings: Findings) -> None:
    if notation.said:
        findings.taken("tags", notation.said, path)
    if OUTSIDE not in notation.tags.values():
        findings.suspicious("tags", "no word is outside of all entities (O)", path)
    forms: dict[str, list[str]] = {}
    for label in sorted({split_tag(tag)[1] for tag in notation.tags.values()}):
        forms.setdefault(label.casefold(), []).append(label)
    for alike in forms.values():
        if len(alike) > 1:
            findings.suspicious("tags", f"labels that differ in case alone: {', '.join(alike)}", path)
