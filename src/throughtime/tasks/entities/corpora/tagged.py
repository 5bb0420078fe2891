"""Words that stand beside their tags in whatever form: JSON of tokens and tags, tables of words, words with bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.entities.corpora.notation import notation_of
from throughtime.tasks.entities.corpora.rows import short
from throughtime.tasks.entities.corpora.schemes import Scheme, breaks, detect, first_break, spans_of
from throughtime.tasks.entities.corpora.sentence import Sentence

WORDS_NAMES = ("tokens", "words", "token", "word")
TAGS_NAMES = ("ner_tags", "tags", "ner", "labels", "label", "ner_tag", "bio_tags", "iob_tags", "entity_tags")
_SHOWING = 2_000  # sentences that show which scheme a file follows


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence as it is written.

    Args:
        line: where it begins.
        words: its words.
        tags: one each, in whatever notation; None: it has none.
        lines: where each word stands; None: all of them at `line`.
    """

    line: int
    words: Sequence[str]
    tags: Sequence[str] | None
    lines: Sequence[int] | None = None


def sentences_of(path: Path, found: Sequence[Tagged], scheme: Scheme | None, findings: Findings) -> list[Sentence]:
    """Tagged words as sentences with entities; words that are blank, and sentences without words, are left out.

    Args:
        path: the file.
        found: what stands there, each with tags.
        scheme: the one that all tags must follow strictly; None: any.
        findings: takes how the tags were understood.

    Raises:
        DataError: these are no tags, or not one for each word.
    """
    kinds = Counter(chain.from_iterable(one.tags or () for one in found))
    notation = notation_of(kinds)
    if notation is None:
        odd = next(kind for kind in kinds if (alone := notation_of([kind])) is None or alone.bare)
        line = next(one.line for one in found if odd in (one.tags or ()))
        raise DataError(path, f"{short(odd)!r} as a tag", "O or one such as B-person", line)
    if notation.said:
        findings.taken("tags", notation.said, path)
    kept: list[tuple[Tagged, list[tuple[str, str, int]]]] = []
    for one in found:
        rows = [row for row in _rows(path, one) if row[0].strip()]
        if blank := len(one.words) - len(rows):
            findings.left_out("blank words", "a word without letters or marks", path, one.line, blank)
        if rows:
            kept.append((one, rows))
        else:
            findings.left_out("empty texts", "a sentence without words", path, one.line)
    if not kept:
        raise DataError(path, "no sentence", "words with their tags")
    tagged = [[notation.tags[tag] for _, tag, _ in rows] for _, rows in kept]
    check_scheme(path, [[line for _, _, line in rows] for _, rows in kept], tagged, scheme, findings)
    return [
        Sentence(tuple(word for word, _, _ in rows), tuple(spans_of(tags)), path, one.line)
        for (one, rows), tags in zip(kept, tagged, strict=True)
    ]


def _rows(path: Path, one: Tagged) -> Iterator[tuple[str, str, int]]:
    """Each word with its tag and line."""
    tags = one.tags or ()
    if len(tags) != len(one.words):
        raise DataError(path, f"{len(one.words)} words and {len(tags)} tags", "a tag for each word", one.line)
    yield from zip(one.words, tags, one.lines or [one.line] * len(tags), strict=True)


def check_scheme(
    path: Path, lines: Sequence[Sequence[int]], tagged: Sequence[Sequence[str]], told: Scheme | None, findings: Findings
) -> None:
    """Hold all tags to the scheme that was told, or count those that break the one they seem to follow.

    Args:
        path: the file.
        lines: of the words of each sentence.
        tagged: their tags.
        told: the scheme that was told; None: none was.
        findings: takes the scheme, and what breaks it.

    Raises:
        DataError: a tag does not follow the scheme that was told.
    """
    scheme = told or detect(islice(tagged, _SHOWING))
    findings.taken("scheme", f"{scheme}, {'as told' if told else 'by the letters there are'}", path)
    for places, tags in zip(lines, tagged, strict=True):
        if told is not None and (wrong := first_break(tags, told)) is not None:
            before = "at the beginning" if wrong == 0 else f"after {tags[wrong - 1]}"
            raise DataError(path, f"{tags[wrong]} {before}", f"tags that follow {told}", places[wrong])
        for place in breaks(tags, scheme):
            what = f"a tag that {scheme} has not there, such as I-PER after O; read as conlleval does"
            findings.suspicious("scheme", what, path, places[min(place, len(tags) - 1)])


def tagged_objects(
    path: Path, rows: Sequence[tuple[int, Any]], names: Sequence[str], findings: Findings
) -> list[Tagged]:
    """JSON objects such as {"tokens": [...], "ner_tags": [...]}.

    Args:
        path: the file.
        rows: its values with their lines.
        names: of the tags, where these are whole numbers.
        findings: takes which fields were read.

    Raises:
        DataError: a row is something else, or its numbers have no names.
    """
    found = []
    for line, value in rows:
        words, tags = (_field(value, some) for some in (WORDS_NAMES, TAGS_NAMES))
        if words is None:
            raise DataError(path, "an object without tokens", f"one with {WORDS_NAMES[0]!r}, as in other lines", line)
        findings.taken("columns", f"words in {words!r}" + (f", tags in {tags!r}" if tags else ""), path)
        written = None if tags is None else [_tag(path, line, tag, names) for tag in value[tags]]
        found.append(Tagged(line, list(map(str, value[words])), written))
    return found


def is_tagged(value: Any) -> bool:
    """Whether a JSON value is an object of tokens."""
    return _field(value, WORDS_NAMES) is not None


def _field(value: Any, names: Sequence[str]) -> str | None:
    """The name of a list of words or numbers in an object."""
    if not isinstance(value, dict):
        return None
    lists = (name for name in names if isinstance(value.get(name), list))
    return next((name for name in lists if all(isinstance(one, (str, int)) for one in value[name])), None)


def _tag(path: Path, line: int, tag: str | int, names: Sequence[str]) -> str:
    if isinstance(tag, str):
        return tag
    if 0 <= tag < len(names):
        return names[tag]
    ordered = "names: --tag-names O B-PER I-PER ... says them in order"
    shown = f"one of the {len(names)} of --tag-names" if names else ordered
    raise DataError(path, f"the number {tag} as a tag", shown, line)
