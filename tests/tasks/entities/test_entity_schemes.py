from __future__ import annotations

from itertools import pairwise, product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from throughtime.errors import ArgumentError
from throughtime.tasks.entities.corpora.schemes import (
    Scheme,
    all_tags,
    convert,
    detect,
    first_break,
    rules,
    spans_of,
    split_tag,
    tags_of,
)
from throughtime.tasks.entities.corpora.sentence import Span

# two persons side by side, a place of one word right after, a place of three at the end
SPANS = [Span(0, 2, "PER"), Span(2, 3, "PER"), Span(3, 4, "LOC"), Span(5, 8, "LOC")]
WRITTEN: dict[Scheme, str] = {
    "IOB2": "B-PER I-PER B-PER B-LOC O B-LOC I-LOC I-LOC",
    "IOB1": "I-PER I-PER B-PER I-LOC O I-LOC I-LOC I-LOC",
    "IOBES": "B-PER E-PER S-PER S-LOC O B-LOC I-LOC E-LOC",
    "IO": "I-PER I-PER I-PER I-LOC O I-LOC I-LOC I-LOC",
}
MELTED = [Span(0, 3, "PER"), Span(3, 4, "LOC"), Span(5, 8, "LOC")]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_scheme_as_written_by_hand(scheme: Scheme) -> None:
    tags = WRITTEN[scheme].split()
    assert tags_of(SPANS, 8, scheme) == tags
    assert spans_of(tags) == (MELTED if scheme == "IO" else SPANS)
    assert detect([["O"], tags]) == scheme
    assert first_break(tags, scheme) is None


@pytest.mark.parametrize(("one", "other"), list(product(SCHEMES, SCHEMES)))
def test_every_conversion_as_written_by_hand(one: Scheme, other: Scheme) -> None:
    expected = tags_of(MELTED, 8, other) if one == "IO" else WRITTEN[other].split()
    assert convert(WRITTEN[one].split(), other) == expected


def segmentations(length: int) -> list[list[Span]]:
    """All ways to place entities of two labels in so many words."""
    if length == 0:
        return [[]]
    found = segmentations(length - 1)  # the last word is outside
    for start in range(length):
        for label in ("A", "B"):
            found = found + [[*spans, Span(start, length, label)] for spans in segmentations(start)]
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_rules_allow_just_the_tags_that_the_scheme_writes(scheme: Scheme) -> None:
    tags = all_tags(["A", "B"], scheme)
    moves, first, last = rules(tags, scheme)
    for length in range(1, 5):
        possible = {
            path
            for path in product(range(len(tags)), repeat=length)
            if first[path[0]] and last[path[-1]] and all(moves[a, b] for a, b in pairwise(path))
        }
        written = {tuple(tags.index(tag) for tag in tags_of(spans, length, scheme)) for spans in segmentations(length)}
        assert possible == written


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "IOBES"])
def test_nothing_is_lost_in_any_of_the_possible_sentences(scheme: Scheme) -> None:
    for length in range(5):
        for spans in segmentations(length):
            assert spans_of(tags_of(spans, length, scheme)) == spans


@given(st.lists(st.sampled_from(["O", *(f"{letter}-{label}" for letter in "BIES" for label in "XY")]), max_size=9))
def test_any_tags_are_read_as_seqeval_reads_them(tags: list[str]) -> None:
    expected = [(start, end + 1, label) for label, start, end in get_entities(tags)]
    assert spans_of(tags) == expected


def test_other_letters_for_the_same_scheme() -> None:
    assert spans_of(["B-X", "M-X", "L-X", "U-X", "W-X"]) == [Span(0, 3, "X"), Span(3, 4, "X"), Span(4, 5, "X")]
    assert detect([["U-X", "O"]]) == "IOBES"
    assert first_break(["B-X", "L-X", "O"], "IOBES") is None


@pytest.mark.parametrize(
    ("tags", "scheme", "place"),
    [
        ("O I-X", "IOB2", 1),
        ("B-X I-Y", "IOB2", 1),
        ("B-X O", "IOB1", 0),
        ("B-X I-X O", "IOBES", 1),
        ("B-X B-X", "IO", 0),
    ],
)
def test_the_first_break_of_a_scheme_is_found(tags: str, scheme: Scheme, place: int) -> None:
    assert first_break(tags.split(), scheme) == place


def test_detection_bears_with_a_few_slips() -> None:
    assert detect([["B-X", "I-X"]] * 9 + [["O", "I-X"]]) == "IOB2"
    assert detect([["I-X", "I-X"]] * 9 + [["O", "B-X"]]) == "IOB1"
    assert detect([["O", "O"]]) == "IO"


@pytest.mark.parametrize("tag", ["", "B", "B-", "X-PER", "PER", "o", "-PER"])
def test_what_is_no_tag_is_named(tag: str) -> None:
    with pytest.raises(ArgumentError, match="expected O or one such as B-person"):
        split_tag(tag)


@pytest.mark.parametrize("spans", [[Span(0, 2, "X"), Span(1, 3, "X")], [Span(1, 1, "X")], [Span(2, 4, "X")]])
def test_spans_that_cannot_be(spans: list[Span]) -> None:
    with pytest.raises(ArgumentError, match="expected spans apart and inside"):
        tags_of(spans, 3, "IOB2")
