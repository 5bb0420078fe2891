"""What word vectors are judged by: analogies in sections, and pairs of words that people have rated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throughtime.data.findings import Findings
from throughtime.data.progress import counted
from throughtime.data.text_files import read_lines
from throughtime.data.words.space import WordSpace
from throughtime.errors import DataError

FREQUENT = 300_000
"""So many words, the most frequent ones, are asked about and may be answers: the usual number."""
_TOGETHER = 64  # questions: their cosines to all words are held at once
_NO_SECTION = "(no section)"

Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class Section:
    """Questions of one kind.

    Args:
        name: as the file has it.
        questions: a, b, c, d each: a : b = c : d.
    """

    name: str
    questions: Sequence[Question]


@dataclass(frozen=True)
class Answered:
    """How many of a section's questions were answered rightly.

    Args:
        name: the section's.
        right, asked: questions.
        skipped: questions of which a word has no vector; they count neither way.
    """

    name: str
    right: int
    asked: int
    skipped: int

    @property
    def accuracy(self) -> float:
        """Share of those asked; not a number where none was."""
        return self.right / self.asked if self.asked else float("nan")


@dataclass(frozen=True)
class Rated:
    """How well cosines go with what people said.

    Args:
        spearman: correlation of ranks; pearson: of the numbers themselves.
        pairs: that were compared.
        skipped: those of which a word has no vector.
    """

    spearman: float
    pearson: float
    pairs: int
    skipped: int


def read_questions(path: Path, findings: Findings | None = None) -> list[Section]:
    """Read a file of analogies as word2vec has it: `: name` begins a section, each other line holds four words.

    Raises:
        DataError: a line of another number of words, or no question at all.
    """
    sections: dict[str, list[Question]] = {}
    name = _NO_SECTION
    for number, line in enumerate(read_lines(path, findings=findings), 1):
        words = line.split()
        if words and words[0].startswith(":"):
            name = line.strip()[1:].strip() or _NO_SECTION
        elif words:
            if len(words) != 4:
                raise DataError(path, f"{len(words)} words", "four (a : b = c : d), or a colon and a name", number)
            sections.setdefault(name, []).append((words[0], words[1], words[2], words[3]))
    if not sections:
        raise DataError(path, "no questions", "lines of four words")
    return [Section(name, questions) for name, questions in sections.items()]


def answer(space: WordSpace, sections: Sequence[Section], frequent: int = FREQUENT) -> list[Answered]:
    """Answer questions by the word nearest to b - a + c, a, b and c left out; small and capital letters are alike.

    Args:
        space: its first `frequent` words are asked about and may be answers.
        sections: of questions.
        frequent: how many.
    """
    words = [word.upper() for word in space.words[:frequent]]
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    # the same word in another case may stand elsewhere: it is no answer either
    spelt = Counter(words)
    alike: dict[str, list[int]] = {word: [] for word, count in spelt.items() if count > 1}
    for row, word in enumerate(words):
        if word in alike:
            alike[word].append(row)
    unit = space.unit[:frequent]
    found = []
    for section in counted(sections, "answering analogies"):
        folded = [tuple(word.upper() for word in question) for question in section.questions]
        known = [question for question in folded if all(word in first for word in question)]
        right = 0
        for start in range(0, len(known), _TOGETHER):
            some = known[start : start + _TOGETHER]
            a, b, c, _ = (np.array([first[word] for word in column]) for column in zip(*some, strict=True))
            cosines = (unit[b] - unit[a] + unit[c]) @ unit.T
            for row, question in enumerate(some):
                for word in question[:3]:
                    cosines[row, alike.get(word, first[word])] = -np.inf
            answers = cosines.argmax(axis=1)
            right += sum(words[said] == question[3] for said, question in zip(answers, some, strict=True))
        found.append(Answered(section.name, right, len(known), len(folded) - len(known)))
    return found


def together(answered: Sequence[Answered]) -> Answered:
    """All sections as one."""
    counts = ((one.right, one.asked, one.skipped) for one in answered)
    return Answered("all", *(sum(column) for column in zip(*counts, strict=True)))


def read_ratings(path: Path, findings: Findings | None = None) -> list[tuple[str, str, float]]:
    """Read pairs of words and how alike people found them: two words and a number a line, with tabs, commas, semicolons
    or blanks between; lines that begin with # and a line of heads are passed over.

    Raises:
        DataError: a line of something else, or no pair at all.
    """
    pairs: list[tuple[str, str, float]] = []
    begun = False
    for number, line in enumerate(read_lines(path, findings=findings), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [
            field.strip() for field in re.split(r"[\t,;]" if re.search(r"[\t,;]", line) else r"\s+", line.strip())
        ]
        rating = _number(fields[2]) if len(fields) >= 3 else None
        if rating is not None:
            pairs.append((fields[0], fields[1], rating))
        elif begun or len(fields) < 3:
            raise DataError(path, repr(line[:60]), "two words and a number", number)
        begun = True
    if not pairs:
        raise DataError(path, "no pairs", "lines of two words and a number")
    return pairs


def correlate(space: WordSpace, ratings: Sequence[tuple[str, str, float]], frequent: int = FREQUENT) -> Rated:
    """How well the cosines of pairs go with their ratings; small and capital letters are alike.

    Args:
        space: its first `frequent` words are known.
        ratings: pairs with what people said.
        frequent: how many.
    """
    first: dict[str, int] = {}
    for row, word in enumerate(space.words[:frequent]):
        first.setdefault(word.upper(), row)
    known = [
        (first[one.upper()], first[other.upper()], rating)
        for one, other, rating in ratings
        if one.upper() in first and other.upper() in first
    ]
    skipped = len(ratings) - len(known)
    if len(known) < 2:
        return Rated(float("nan"), float("nan"), len(known), skipped)
    ones, others, said = (np.array(column) for column in zip(*known, strict=True))
    cosines = (space.unit[ones] * space.unit[others]).sum(axis=1).astype(np.float64)
    return Rated(_correlation(_ranks(cosines), _ranks(said)), _correlation(cosines, said), len(known), skipped)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each value, equal ones sharing the mean of theirs: (N,) -> (N,)."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places])


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    with np.errstate(invalid="ignore"):  # numbers that are all alike go with nothing
        return float(np.corrcoef(one, other)[0, 1])


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
