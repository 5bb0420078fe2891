from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.batch import Batch
from throughtime.data.pieces import PieceLoader
from throughtime.errors import ArgumentError

LENGTHS = [0, 3, 40, 50, 100, 101, 1000]


def rows_of(batch: Batch) -> list[tuple[int, list[int]]]:
    parts = zip(batch["targets"].tolist(), batch["inputs"].tolist(), batch["lengths"].tolist(), strict=True)
    return [(target, inputs[:length]) for target, inputs, length in parts]


def make(share: float, copies: int = 1) -> PieceLoader:
    examples = [{"inputs": np.arange(length), "targets": index} for index, length in enumerate(LENGTHS)] * copies
    whole = [{**example, "inputs": example["inputs"][-50:]} for example in examples]
    return PieceLoader(examples, whole, 4, seed=0, share=share, shortest=6, longest=100)


def test_pieces_are_passages_of_lengths_within_limits() -> None:
    lengths: dict[int, list[int]] = {index: [] for index in range(len(LENGTHS))}
    starts = []
    for batch in make(1.0, copies=300).epoch(0):
        for target, inputs in rows_of(batch):
            assert inputs == list(range(inputs[0], inputs[0] + len(inputs))) if inputs else LENGTHS[target] == 0
            lengths[target].append(len(inputs))
            if target == 6:
                starts.append(inputs[0] / (1000 - len(inputs)))
    assert all(len(found) == 300 for found in lengths.values())
    for index in range(5):  # not longer than the longest piece
        assert set(lengths[index]) == {min(50, LENGTHS[index])}
    assert len(set(lengths[5])) > 20
    assert min(lengths[6]) == 6
    assert 90 < max(lengths[6]) <= 100
    # log-uniform: the median is the geometric mean of the limits; places are uniform
    assert np.median(lengths[6]) == pytest.approx(np.sqrt(6 * 100), rel=0.15)
    assert np.quantile(starts, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.08)


def test_share_of_those_that_are_cut() -> None:
    assert all(len(inputs) == min(50, LENGTHS[t]) for b in make(0.0).epoch(0) for t, inputs in rows_of(b))
    rows = [row for batch in make(0.3, copies=500).epoch(0) for row in rows_of(batch)]
    uncut = [inputs == list(range(950, 1000)) for target, inputs in rows if target == 6]
    assert np.mean(uncut) == pytest.approx(0.7, abs=0.06)


def test_seed_and_epoch_alone_decide_and_skipping_goes_on_exactly() -> None:
    first = [rows_of(batch) for batch in make(0.5, copies=10).epoch(3)]
    assert len(first) == len(make(0.5, copies=10)) == 18
    assert first == [rows_of(batch) for batch in make(0.5, copies=10).epoch(3)]
    assert first[7:] == [rows_of(batch) for batch in make(0.5, copies=10).epoch(3, skip=7)]
    assert first != [rows_of(batch) for batch in make(0.5, copies=10).epoch(4)]


@pytest.mark.parametrize("wrong", [{"share": 1.5}, {"shortest": 0}, {"shortest": 9, "longest": 8}])
def test_wrong_arguments_are_named(wrong: dict[str, float]) -> None:
    options = {"share": 0.5, "shortest": 6, "longest": 100} | wrong
    with pytest.raises(ArgumentError, match="expected a share"):
        PieceLoader([], [], 4, seed=0, **options)  # type: ignore[arg-type]


def test_pieces_begin_and_end_with_sentences() -> None:
    end, mark = 1, 2  # two kinds of end marks; words count from 10
    text = [10, 11, 12, end, mark, 20, 21, end, *range(30, 50), end, 60, 61, 62, 63, 64, 65, 66, end]
    examples = [{"inputs": np.array(text), "targets": 0}] * 2000
    loader = PieceLoader(examples, examples, 50, seed=0, share=1.0, shortest=2, longest=10, ends=(end, mark))
    pieces = [inputs for batch in loader.epoch(0) for _, inputs in rows_of(batch)]
    firsts = [piece[0] for piece in pieces]
    assert {first: firsts.count(first) / 2000 for first in firsts} == dict.fromkeys(
        (10, 20, 30, 60), pytest.approx(0.25, abs=0.04)
    )
    for piece in pieces:
        assert piece == text[text.index(piece[0]) :][: len(piece)]
        assert 2 <= len(piece) <= 10
        if piece[0] == 60:  # the end mark comes in time
            assert piece == text[-8:]
    assert {len(piece) for piece in pieces if piece[0] == 30} == set(range(2, 11))  # none does
