"""Pairs of sentences of which one is right: that which a language model should find more probable."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from throughtime.bench.memory.grammar import MOST, sentences
from throughtime.data.archives import read_members
from throughtime.data.json_rows import ONE_A_LINE, json_rows
from throughtime.data.text_files import read_text
from throughtime.errors import DataError

_ENDING = ".jsonl"
_TERM = "subject_verb_agreement"


@dataclass(frozen=True)
class Pair:
    """Two sentences.

    Args:
        kind: what they are to show.
        right, wrong: the better one, and the other.
    """

    kind: str
    right: str
    wrong: str


def pairs_of_grammar(most: int) -> list[Pair]:
    """Sentences of the grammar's test split, so many of each number of attractors, and the same with the wrong verb."""
    found = []
    for attractors in range(MOST + 1):
        kind = f"{attractors} attractor{'s' * (attractors != 1)}"
        some = islice(sentences("test", 0, attractors, opposed=True), most)
        found += [Pair(kind, one.text, one.wrong.text) for one in some]
    return found


def read_pairs(path: Path, most: int) -> list[Pair]:
    """Pairs in the format of BLiMP (Warstadt et al., 2020): `{"sentence_good": ..., "sentence_bad": ...}` a line.

    Args:
        path: a .jsonl file, or a folder or zip archive of such files; of rows that say their linguistics_term those of
            subject-verb agreement are taken.
        most: of each file.

    Raises:
        DataError: there are none, or a row is none, at which line.
    """
    found: list[Pair] = []
    for name, content in _files(path):
        rows = ((line, row) for line, row in json_rows(Path(name), content))
        found += islice((_pair(Path(name), line, row) for line, row in rows if _wanted(row)), most)
    if not found:
        raise DataError(path, "no pair of sentences on subject-verb agreement", f"{_ENDING} files as BLiMP's")
    return found


def _files(path: Path) -> Iterator[tuple[str, str]]:
    """Names and contents of the files of pairs at a path."""
    if path.is_dir():
        for file in sorted(path.glob(f"*{_ENDING}")):
            yield str(file), read_text(file)
    elif zipfile.is_zipfile(path):
        for name, content in sorted(read_members(path, lambda name: name.endswith(_ENDING) and "__" not in name)):
            yield f"{path}: {name}", content.decode("utf-8", errors="replace")
    else:
        yield str(path), read_text(path)


def _wanted(row: Any) -> bool:
    return not isinstance(row, dict) or row.get("linguistics_term", _TERM) == _TERM


def _pair(path: Path, line: int, row: Any) -> Pair:
    match row:
        case {"sentence_good": str(right), "sentence_bad": str(wrong), **rest} if right != wrong:
            return Pair(str(rest.get("UID", path.stem)), right, wrong)
    raise DataError(path, "a row that is no pair", f'{ONE_A_LINE}: "sentence_good" and another "sentence_bad"', line)
