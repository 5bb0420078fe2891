"""`throughtime inspect embeddings RUN|VECTORS [WORDS...]`: what word vectors know: neighbours, axes, ..."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import tyro

from throughtime.cli.inside.showing import check_asked, say_written
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import show_findings, show_table
from throughtime.data.findings import Findings
from throughtime.errors import ArgumentError
from throughtime.insight.axes import LECTURE, LECTURE_WORDS, Axis, project, unknown_of
from throughtime.storage.report import Table
from throughtime.tasks.word_questions import Section, answer, correlate, read_questions, read_ratings, together

if TYPE_CHECKING:
    from throughtime.data.words.space import Neighbour, WordSpace

_ANALOGY = re.compile(r"\s*(\S+)\s*:\s*(\S+)\s*=\s*(\S+)\s*:\s*\?\s*")
_MAPPED = 200  # words of a map for which none were named


@dataclass(frozen=True)
class Arguments:
    """Show what word vectors know: neighbours, analogies, places on named axes, maps."""

    vectors: tyro.conf.Positional[str]
    """A run folder, a file of word vectors, or the name of built-in ones: glove, reviews, ratings."""
    words: tyro.conf.Positional[tuple[str, ...]] = ()
    """Words whose neighbours are shown, and analogies: "man : woman = king : ?"."""
    of: str | None = None
    """Which vectors of a run that has several, such as source or target; none: the first."""
    axes: tuple[str, ...] = ()
    """Axes that the words are placed on: Age=young,new:old (from -1 to 1), Food=bread,cheese (0 is usual); lecture:
    Gender, Royal, Age and Food, and without WORDS the lecture's six."""
    questions: Path | None = None
    """A file of analogies in sections, as word2vec's questions-words.txt."""
    ratings: Path | None = None
    """A file of pairs of words and how alike people found them, as WordSim-353."""
    frequent: int = 300_000
    """Questions, ratings: so many words are known, the most frequent ones."""
    map: Literal["pca", "t-sne"] = "pca"
    """How --out is drawn: principal components, or t-SNE."""
    out: Path | None = None
    """Draw a map of the words and their neighbours (without WORDS: of the 200 most frequent) here, a .png file."""
    most: int = 10
    """Neighbours and answers that are shown."""
    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Look, show, and draw if asked."""
    asked = tyro.cli(Arguments, prog="throughtime inspect embeddings", args=arguments)
    check_asked(asked.out, asked.most)
    if asked.frequent < 1:
        raise ArgumentError(f"--frequent is {asked.frequent}, expected at least 1")
    wanted = _Wanted.of(asked)

    from throughtime import verbs

    findings = Findings()
    space = verbs.inspect_embeddings(asked.vectors, of=asked.of, findings=findings)
    found: dict[str, dict[str, Any]] = {}
    for part in _parts(space, wanted, asked):
        found.setdefault(part.kind, {})[part.key] = part.values
        if not asked.json:
            show_table(part.table)
    if asked.json:
        print(plain_json({"vectors": space.name, "words": len(space), "size": space.vectors.shape[1], **found}, 2))
    if asked.out is not None:
        _draw(space, wanted, asked, asked.out)
    if unknown := unknown_of(space, wanted.axes):
        findings.left_out("axes", f"words that have no vector: {', '.join(unknown)}")
    show_findings(findings)
    return 0


@dataclass(frozen=True)
class _Wanted:
    """What the arguments ask for, understood before any vector is read.

    Args:
        words: those that are shown.
        analogies: three words each.
        axes: to place words on.
        sections: of questions.
        ratings: of pairs of words.
    """

    words: Sequence[str]
    analogies: Sequence[Sequence[str]]
    axes: Sequence[Axis]
    sections: Sequence[Section]
    ratings: Sequence[tuple[str, str, float]]

    @classmethod
    def of(cls, asked: Arguments) -> _Wanted:
        """From a command line.

        Raises:
            ThroughtimeError: an analogy or an axis written otherwise, or a file that cannot be read.
        """
        analogies = [match.groups() for word in asked.words if (match := _ANALOGY.fullmatch(word))]
        words = [word for word in asked.words if not _ANALOGY.fullmatch(word)]
        if strange := [word for word in words if re.search(r"\s|[=?]", word)]:
            raise ArgumentError(f"found {strange[0]!r}, expected a word, or an analogy like 'man : woman = king : ?'")
        axes = [axis for text in asked.axes for axis in (LECTURE if text == "lecture" else (Axis.parse(text),))]
        if axes and not words:
            if "lecture" not in asked.axes:
                raise ArgumentError("found --axes without WORDS, expected words to place on them")
            words = list(LECTURE_WORDS)
        sections = [] if asked.questions is None else read_questions(asked.questions)
        return cls(words, analogies, axes, sections, [] if asked.ratings is None else read_ratings(asked.ratings))


class _Part(NamedTuple):
    """A part of what is shown: as JSON, under `kind` and `key`, and as a table."""

    kind: str
    key: str
    values: Any
    table: Table


def _parts(space: WordSpace, wanted: _Wanted, asked: Arguments) -> Iterator[_Part]:
    """All that was asked for; where nothing was, the most frequent words."""
    if wanted.axes:
        yield _placed(space, wanted)
    else:
        for word in wanted.words:
            near = space.neighbours(word, asked.most)
            yield _near("neighbours", word, f"nearest to {space.words[space.find(word)]}, of the {space.name}", near)
    for one, other, third in wanted.analogies:
        said = f"{one} : {other} = {third} : ?"
        yield _near("analogies", said, said, space.analogy(one, other, third, asked.most))
    if wanted.sections:
        yield _answered(space, wanted.sections, asked.frequent)
    if wanted.ratings:
        yield _rated(space, wanted.ratings, asked.frequent)
    if not (wanted.words or wanted.analogies or wanted.sections or wanted.ratings):
        first = list(space.words[: asked.most])
        title = f"{len(space):,} {space.name}, {space.vectors.shape[1]} numbers each"
        yield _Part("first", "words", first, Table(title, ("the first of them",), [(word,) for word in first]))


def _near(kind: str, key: str, title: str, near: Sequence[Neighbour]) -> _Part:
    rows = [(one.word, f"{one.cosine:.3f}") for one in near]
    return _Part(kind, key, [one._asdict() for one in near], Table(title, ("word", "cosine"), rows))


def _placed(space: WordSpace, wanted: _Wanted) -> _Part:
    """The words' places on the axes."""
    names = [axis.name for axis in wanted.axes]
    places = project(space, wanted.axes, wanted.words).tolist()
    words = [space.words[space.find(word)] for word in wanted.words]
    rows = [(word, *(f"{place:.2f}" for place in row)) for word, row in zip(words, places, strict=True)]
    ends = "; ".join(
        f"{axis.name}: {', '.join(axis.low) or 'usual'} at {'-1' if axis.low else '0'}, {', '.join(axis.high)} at 1"
        for axis in wanted.axes
    )
    values = {word: dict(zip(names, row, strict=True)) for word, row in zip(words, places, strict=True)}
    return _Part("places", "axes", values, Table(f"places on axes. {ends}", ("", *names), rows))


def _answered(space: WordSpace, sections: Sequence[Section], frequent: int) -> _Part:
    """Accuracy by section, and how many questions were skipped."""
    answered = answer(space, sections, frequent)
    every = [*answered, together(answered)]
    rows = [(one.name, f"{one.accuracy:.1%}", one.right, one.asked, one.skipped) for one in every]
    values = {one.name: {**vars(one), "accuracy": one.accuracy} for one in every}
    heads = ("section", "right", "of them", "asked", "skipped")
    title = f"analogies, among the {min(frequent, len(space)):,} most frequent words; skipped: a word has no vector"
    return _Part("questions", "sections", values, Table(title, heads, rows))


def _rated(space: WordSpace, ratings: Sequence[tuple[str, str, float]], frequent: int) -> _Part:
    """How well cosines go with ratings."""
    found = correlate(space, ratings, frequent)
    row = (found.spearman, found.pearson, found.pairs, found.skipped)
    heads = ("rank correlation (Spearman)", "correlation (Pearson)", "pairs", "skipped")
    title = "cosines beside how alike people found the words; skipped: a word has no vector"
    return _Part("ratings", "pairs", vars(found), Table(title, heads, [row]))


def _draw(space: WordSpace, wanted: _Wanted, asked: Arguments, out: Path) -> None:
    """A map of the words and their neighbours, or of the most frequent words."""
    from throughtime.insight.maps import map_of
    from throughtime.insight.pictures.maps import draw_map

    named = [*wanted.words, *(word for three in wanted.analogies for word in three)]
    rows = dict.fromkeys(space.find(word) for word in named)
    near = dict.fromkeys(space.rows[one.word] for word in named for one in space.neighbours(word, asked.most))
    words = [space.words[row] for row in rows | near] or list(space.words[:_MAPPED])
    draw_map(map_of(space, words, asked.map), out)
    if not asked.json:
        say_written(out)
