from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime.decoding.beam import BeamSearch, Hypothesis
from throughtime.decoding.continuations import Logits
from throughtime.errors import ArgumentError, NotANumberError

BEGIN, END, V = 0, 1, 4


class Table:
    """A model whose next element depends on the whole beginning: random logits by sentence and beginning.

    Its state is each beam's beginning, kept as the search asks it to, so that a wrong order is a wrong answer.
    """

    def __init__(self, seeds: list[int], sharpness: float = 1.5) -> None:
        self.seeds, self.sharpness = seeds, sharpness
        self.beginnings: list[list[tuple[int, ...]]] = [[()] for _ in seeds]

    def logits(self, seed: int, read: tuple[int, ...]) -> np.ndarray:
        return np.random.default_rng((seed, *read)).normal(size=V) * self.sharpness

    def step(self, tokens: Tensor) -> tuple[Logits, Tensor]:
        rows = tokens.tolist()
        self.beginnings = [
            [(*old, new) for old, new in zip(row, says, strict=True)]
            for row, says in zip(self.beginnings, rows, strict=True)
        ]
        logits = [
            [self.logits(seed, read) for read in row] for seed, row in zip(self.seeds, self.beginnings, strict=True)
        ]
        notes = [[[len(read), read[-1]] for read in row] for row in self.beginnings]
        return Logits(torch.tensor(np.array(logits))), torch.tensor(notes, dtype=torch.float64)

    def select(self, sentences: Tensor | None, parents: Tensor) -> None:
        chosen = range(len(self.seeds)) if sentences is None else sentences.tolist()
        self.beginnings = [
            [self.beginnings[row][parent] for parent in beams]
            for row, beams in zip(chosen, parents.tolist(), strict=True)
        ]
        self.seeds = [self.seeds[row] for row in chosen]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum())


def brute_force(
    seed: int, longest: int, shortest: int = 0, excluded: tuple[int, ...] = ()
) -> dict[tuple[int, ...], float]:
    """Log p of every string of allowed length, from nothing but the definition."""
    table, found = Table([seed]), {}
    letters = [letter for letter in range(V) if letter != END and letter not in excluded]
    for length in range(shortest, longest + 1):
        for string in product(letters, repeat=length):
            read: tuple[int, ...] = (BEGIN,)
            total = 0.0
            for letter in (*string, END):
                total += log_softmax(table.logits(seed, read))[letter]
                read = (*read, letter)
            found[string] = total
    return found


def normaliser(penalty: str, alpha: float, length: int) -> float:
    return {"none": 1.0, "plain": length**alpha, "gnmt": ((5 + length) / 6) ** alpha}[penalty]


def run(search: BeamSearch, seeds: list[int], **options: Any) -> list[list[Hypothesis]]:
    return search.run(Table(seeds, **options), len(seeds), begin=BEGIN, end=END)


@pytest.mark.parametrize(("penalty", "alpha"), [("none", 1.0), ("plain", 1.0), ("plain", 0.4), ("gnmt", 0.8)])
@pytest.mark.parametrize(("shortest", "excluded"), [(0, ()), (2, ()), (0, (BEGIN,)), (1, (3,))])
def test_a_wide_beam_finds_what_all_strings_hold(
    penalty: Any, alpha: float, shortest: int, excluded: tuple[int, ...]
) -> None:
    longest, seeds = 4, [1, 2, 3]
    search = BeamSearch(200, penalty, alpha, shortest=shortest, longest=longest, stop_early=False, excluded=excluded)
    for seed, hypotheses in zip(seeds, run(search, seeds), strict=True):
        every = brute_force(seed, longest, shortest, excluded)
        ranked = sorted(every, key=lambda string: -every[string] / normaliser(penalty, alpha, len(string) + 1))
        assert len(hypotheses) == len(every)
        assert [tuple(one.tokens) for one in hypotheses] == ranked
        for one in hypotheses:
            string = tuple(one.tokens.tolist())
            assert one.log_probability == pytest.approx(every[string], abs=1e-10)
            assert one.score == pytest.approx(every[string] / normaliser(penalty, alpha, len(string) + 1), abs=1e-10)


@pytest.mark.parametrize("stop_early", [True, False])
def test_without_normalisation_a_narrow_beam_never_claims_more_than_there_is(stop_early: bool) -> None:
    for seed in range(20):
        every = brute_force(seed, longest=4)
        for beams in (1, 2, 5):
            found = run(BeamSearch(beams, "none", longest=4, stop_early=stop_early), [seed])[0]
            assert len({tuple(one.tokens) for one in found}) == len(found) <= beams
            assert all(one.log_probability == pytest.approx(every[tuple(one.tokens.tolist())]) for one in found)
            assert found[0].score <= max(every.values()) + 1e-12


def test_one_beam_is_greedy() -> None:
    seeds, longest = list(range(30)), 6
    for seed, (best,) in zip(seeds, run(BeamSearch(1, longest=longest), seeds), strict=True):
        read: tuple[int, ...] = (BEGIN,)
        while len(read) <= longest and (letter := int(Table([seed]).logits(seed, read).argmax())) != END:
            read = (*read, letter)
        assert tuple(best.tokens.tolist()) == read[1:]


@pytest.mark.parametrize("stop_early", [True, False])
def test_a_batch_is_its_sentences_alone(stop_early: bool) -> None:
    seeds, longest = list(range(25)), tuple(1 + seed % 7 for seed in range(25))
    together = run(BeamSearch(3, "plain", 0.7, longest=longest, stop_early=stop_early), seeds)
    for seed, most, found in zip(seeds, longest, together, strict=True):
        (alone,) = run(BeamSearch(3, "plain", 0.7, longest=most, stop_early=stop_early), [seed])
        assert [tuple(one.tokens) for one in found] == [tuple(one.tokens) for one in alone]
        assert [one.score for one in found] == [one.score for one in alone]
        assert all(len(one.tokens) <= most for one in found)


def test_notes_follow_their_beams() -> None:
    for found in run(BeamSearch(4, longest=5, stop_early=False), list(range(10))):
        for one in found:
            # each step noted how much had been read, and what last: the string itself, one step behind
            assert one.notes[:, 0].tolist() == list(range(1, len(one.tokens) + 2))
            assert one.notes[:, 1].tolist() == [BEGIN, *one.tokens.tolist()]


def test_stopping_early_is_sooner_and_never_better() -> None:
    seeds = list(range(40))
    early, late = (run(BeamSearch(2, "plain", 1.0, longest=6, stop_early=stop), seeds) for stop in (True, False))
    gaps = [second[0].score - first[0].score for first, second in zip(early, late, strict=True)]
    assert min(gaps) >= -1e-12
    assert max(gaps) > 0


def test_as_many_are_found_as_are_wanted_and_wanting_more_is_no_worse() -> None:
    seeds = list(range(40))
    results = {wanted: run(BeamSearch(4, longest=8, wanted=wanted), seeds) for wanted in (1, 2, 4)}
    for wanted, found in results.items():
        assert all(len(hypotheses) >= wanted for hypotheses in found)
    assert any(len(hypotheses) < 4 for hypotheses in results[1])
    for few, many in zip(results[1], results[4], strict=True):
        assert many[0].score >= few[0].score - 1e-12


def test_wider_beams_find_more_on_average() -> None:
    best = [
        np.mean([found[0].score for found in run(BeamSearch(k, "none", longest=6), list(range(60)))]) for k in (1, 3, 9)
    ]
    assert best[0] < best[1] < best[2]


def test_normalisers_are_those_of_the_papers() -> None:
    assert BeamSearch(penalty="gnmt", alpha=0.6).normaliser(7) == pytest.approx(2**0.6)
    assert BeamSearch(penalty="plain", alpha=2.0).normaliser(3) == 9
    assert BeamSearch(penalty="none").normaliser(3) == 1


def test_no_sentences_no_hypotheses() -> None:
    assert run(BeamSearch(), []) == []


def test_where_nothing_may_be_said_there_is_no_hypothesis() -> None:
    assert run(BeamSearch(2, excluded=(0, 1, 2, 3)), [1]) == [[]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"beams": 0},
        {"wanted": 6},
        {"shortest": 3, "longest": 2},
        {"alpha": -1.0},
        {"alpha": math.nan},
        {"shortest": -1},
    ],
)
def test_numbers_out_of_range_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"beams=.*wanted=.*shortest=.*alpha="):
        BeamSearch(**wrong)
    with pytest.raises(ArgumentError, match="one a sentence: 1"):
        run(BeamSearch(longest=(3, 4)), [0])


def test_a_damaged_model_is_named() -> None:
    with pytest.raises(NotANumberError, match="damaged"):
        run(BeamSearch(), [0], sharpness=math.nan)
