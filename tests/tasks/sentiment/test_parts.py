from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.data.batch import Batch
from throughtime.errors import ArgumentError
from throughtime.tasks.sentiment.parts import PartsLoader, sentence_lengths

DOT, MARK = 1, 2


@given(st.lists(st.integers(1, 9), max_size=60), st.integers(4, 20))
def test_sentences_make_up_the_text_and_end_where_it_says(numbers: list[int], longest: int) -> None:
    lengths = sentence_lengths(np.array(numbers, dtype=np.int64), [DOT, MARK], longest)
    assert lengths.sum() == len(numbers)
    assert all(0 < length <= longest for length in lengths)
    stops = np.cumsum(lengths)
    ends = {DOT, MARK}
    for stop, length in zip(stops[:-1].tolist(), lengths[:-1].tolist(), strict=True):
        after_mark = numbers[stop - 1] in ends and numbers[stop] not in ends
        assert after_mark or length == longest


def test_marks_in_a_row_and_short_exclamations_stay_with_the_sentence() -> None:
    def lengths(*numbers: int, longest: int = 60) -> list[int]:
        return sentence_lengths(np.array(numbers, dtype=np.int64), [DOT, MARK], longest).tolist()

    assert lengths() == []
    assert lengths(7) == [1]
    assert lengths(7, 8, 9, 7, DOT, MARK, DOT, 7, 8, 9, DOT) == [7, 4]
    assert lengths(7, 8, 9, 7, DOT, 7, MARK) == [7]
    assert lengths(7, 8, 9, 7, DOT, 7, MARK, longest=6) == [5, 2]
    assert lengths(*[7] * 10, DOT, longest=4) == [4, 4, 3]


def make(most: int | None, copies: int = 1, workers: int = 0) -> PartsLoader:
    """Sequences of 0, 1, 3 and 9 parts; each element tells its part's number."""
    examples = []
    for index, count in enumerate((0, 1, 3, 9)):
        parts = np.arange(count, dtype=np.int64) % 3 + 2
        examples.append({"inputs": np.repeat(np.arange(count), parts), "parts": parts, "targets": index})
    return PartsLoader(examples * copies, 4, seed=0, most=most, workers=workers)


def rows_of(batch: Batch) -> list[tuple[int, list[int], list[int]]]:
    names = ("targets", "inputs", "lengths", "parts")
    return [
        (target, inputs[:length], [part for part in parts if part])
        for target, inputs, length, parts in zip(*(batch[name].tolist() for name in names), strict=True)
    ]


def test_some_parts_are_read_whole_and_in_order() -> None:
    seen = []
    for batch in make(3, copies=400).epoch(0):
        for target, inputs, parts in rows_of(batch):
            numbers = sorted(set(inputs))
            assert inputs == [n for n in numbers for _ in range(n % 3 + 2)]
            assert parts == [n % 3 + 2 for n in numbers]
            assert len(numbers) == min(3, (0, 1, 3, 9)[target])
            seen += numbers if target == 3 else []
    # each of the nine as often as any other: 400 * 3 / 9 times, give or take 4 standard deviations
    assert all(abs(seen.count(n) - 400 / 3) < 4 * np.sqrt(400 * 2 / 9) for n in range(9))


def test_all_parts_where_no_number_is_given() -> None:
    (batch,) = make(None).epoch(0)
    assert sorted(len(parts) for _, _, parts in rows_of(batch)) == [0, 1, 3, 9]


def test_seed_and_epoch_alone_decide_and_skipping_goes_on_exactly() -> None:
    first = [rows_of(batch) for batch in make(3, copies=10).epoch(3)]
    assert len(first) == len(make(3, copies=10)) == 10
    assert first == [rows_of(batch) for batch in make(3, copies=10).epoch(3)]
    assert first[7:] == [rows_of(batch) for batch in make(3, copies=10).epoch(3, skip=7)]
    assert first != [rows_of(batch) for batch in make(3, copies=10).epoch(4)]


def test_workers_change_nothing_and_live_on_from_epoch_to_epoch() -> None:
    alone, helped = make(3, copies=10), make(3, copies=10, workers=2)
    for epoch in (0, 1):
        expected, found = ([rows_of(batch) for batch in loader.epoch(epoch, 2)] for loader in (alone, helped))
        assert found == expected
    loader = PartsLoader([Whereabouts()] * 40, 4, seed=0, most=1, workers=2)
    first, second = ({int(p) for batch in loader.epoch(epoch) for p in batch["process"]} for epoch in (0, 1))
    assert len(first) == 2
    assert os.getpid() not in first
    assert first == second


class Whereabouts(Mapping[str, Any]):
    """An example that tells which process reads it."""

    def __getitem__(self, name: str) -> Any:
        return {"inputs": np.arange(4), "parts": np.array([1, 3]), "process": os.getpid()}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("inputs", "parts", "process"))

    def __len__(self) -> int:
        return 3


@pytest.mark.parametrize(("repeat", "others", "times"), [(1, 9, 1), (3, 9, 3), (3, 2, 2), (3, 0, 1), (10**9, 9, 9)])
def test_single_parts_are_repeated_but_not_beyond_all_others(repeat: int, others: int, times: int) -> None:
    single = {"inputs": np.array([7]), "parts": np.array([1]), "targets": 0}
    longer = {"inputs": np.arange(8), "parts": np.array([4, 4]), "targets": 1}
    loader = PartsLoader([single] * 2 + [longer] * others, 4, seed=0, most=None, repeat=repeat)
    targets = [target for batch in loader.epoch(0) for target, _, _ in rows_of(batch)]
    assert (targets.count(0), targets.count(1)) == (2 * times, others)


@pytest.mark.parametrize("wrong", [{"most": 0}, {"most": 3, "repeat": 0}])
def test_no_part_at_all_cannot_be_asked_for(wrong: dict[str, int]) -> None:
    with pytest.raises(ArgumentError, match="expected at least 1 of each"):
        PartsLoader([], 4, seed=0, **wrong)
