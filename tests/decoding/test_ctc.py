"""CTC decoding against all alignments, one by one, and against the published algorithm in plain dictionaries."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import groupby, product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime.decoding.ctc import BeamSearch, greedy, prefix_beam, steps_needed
from throughtime.decoding.prefixes import Prefixes
from throughtime.errors import ArgumentError, NotANumberError

EXACT: dict[str, Any] = {"width": 10_000, "rarest": 0.0, "margin": math.inf}


def steps(seed: int, T: int, K: int, sharpness: float = 1.5) -> np.ndarray:
    scores = np.random.default_rng((seed, T, K)).normal(size=(T, K)) * sharpness
    answer: np.ndarray = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return answer


def said(way: Sequence[int]) -> tuple[int, ...]:
    return tuple(symbol for symbol, _ in groupby(way) if symbol)


def brute_force(log_probs: np.ndarray) -> dict[tuple[int, ...], float]:
    """Log p of every text, from nothing but the definition: the sum over all ways that say it."""
    T, K = log_probs.shape
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for way in product(range(K), repeat=T):
        found[said(way)] += math.exp(sum(log_probs[t, k] for t, k in enumerate(way)))
    return {text: math.log(p) for text, p in found.items()}


class Whole:
    """A language model in which everything depends on the whole beginning, of which its state is a checksum."""

    def __init__(self, K: int, seed: int = 0) -> None:
        self.K, self.seed, self.asked = K, seed, 0
        self._totals: dict[tuple[int, ...], tuple[float, int]] = {(): (0.0, 1)}

    def scores(self, checksum: int) -> np.ndarray:
        scores = np.random.default_rng((self.seed, checksum)).normal(size=self.K)
        answer: np.ndarray = scores - np.log(np.exp(scores).sum())
        return answer

    def after(self, checksum: int, symbol: int) -> int:
        return (checksum * 1_000_003 + symbol) % (2**61 - 1)

    def start(self) -> tuple[np.ndarray, int]:
        return self.scores(1)[None], 1

    def next(self, states: Sequence[Any], symbols: Sequence[int]) -> tuple[np.ndarray, list[int]]:
        self.asked += len(states)
        read = [self.after(state, symbol) for state, symbol in zip(states, symbols, strict=True)]
        return np.stack([self.scores(state) for state in read]), read

    def total(self, text: tuple[int, ...], ended: bool = True) -> float:
        if text not in self._totals:
            self.total(text[:-1])
            before, checksum = self._totals[text[:-1]]
            own = float(self.scores(checksum)[text[-1]])
            self._totals[text] = (before + own, self.after(checksum, text[-1]))
        total, checksum = self._totals[text]
        return total + (float(self.scores(checksum)[0]) if ended else 0.0)


def published(
    log_probs: np.ndarray, width: int, model: Whole | None = None, weight: float = 0.0, bonus: float = 0.0
) -> list[tuple[tuple[int, ...], float]]:
    """Prefix beam search as Hannun et al. (2014) write it down, with dictionaries of texts and plain probabilities."""
    beam = {(): (1.0, 0.0)}

    def score(text: tuple[int, ...], p: tuple[float, float]) -> float:
        return math.log(sum(p)) + bonus * len(text) + (weight * model.total(text, False) if model else 0.0)

    for step in np.exp(log_probs):
        after: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for text, (blank, symbol) in beam.items():
            after[text][0] += (blank + symbol) * step[0]
            if text:
                after[text][1] += symbol * step[text[-1]]
            for k in range(1, len(step)):
                before = blank if text and text[-1] == k else blank + symbol
                after[(*text, k)][1] += before * step[k]
        possible = [(text, (p[0], p[1])) for text, p in after.items() if sum(p) > 0]
        scale = max(sum(p) for _, p in possible)
        best = sorted(possible, key=lambda one: -score(*one))[:width]
        beam = {text: (p[0] / scale, p[1] / scale) for text, p in best}
    return sorted(((text, score(text, p)) for text, p in beam.items()), key=lambda one: -one[1])


@pytest.mark.parametrize(("T", "K"), [(1, 2), (1, 4), (2, 3), (3, 2), (4, 3), (5, 2), (5, 4)])
def test_a_wide_beam_knows_the_probability_of_every_text(T: int, K: int) -> None:
    for seed in range(3):
        log_probs = steps(seed, T, K)
        every = brute_force(log_probs)
        (found,) = prefix_beam(torch.from_numpy(log_probs)[None], torch.tensor([T]), partial(BeamSearch, **EXACT))
        assert {tuple(one.tokens.tolist()): one.log_probability for one in found} == pytest.approx(every, abs=1e-10)
        assert [tuple(one.tokens.tolist()) for one in found] == sorted(every, key=lambda text: -every[text])
        assert all(one.score == one.log_probability for one in found)


@pytest.mark.parametrize(("weight", "bonus"), [(0.5, 0.0), (1.3, 0.7), (0.0, 1.0), (2.0, -0.4)])
def test_language_model_and_bonus_are_added_as_they_should_be(weight: float, bonus: float) -> None:
    for seed in range(3):
        log_probs, model = steps(seed, 5, 3), Whole(3, seed)
        every = brute_force(log_probs)
        search = BeamSearch(**EXACT, language_model=model, weight=weight, bonus=bonus)
        search.advance(log_probs)
        for ended in (True, False):
            expected = {text: p + weight * model.total(text, ended) + bonus * len(text) for text, p in every.items()}
            found = search.best(ended=ended)
            assert {tuple(one.tokens.tolist()): one.score for one in found} == pytest.approx(expected, abs=1e-5)
            assert tuple(found[0].tokens.tolist()) == max(expected, key=lambda text: expected[text])
            assert {tuple(one.tokens.tolist()): one.log_probability for one in found} == pytest.approx(every)


def test_a_language_model_is_asked_once_for_each_beginning() -> None:
    model = Whole(3)
    search = BeamSearch(**EXACT, language_model=model, weight=1.0)
    search.advance(steps(0, 5, 3))
    assert model.asked == len({text[:u] for text in brute_force(steps(0, 5, 3)) for u in range(1, len(text) + 1)})


@pytest.mark.parametrize("width", [1, 2, 3, 8])
@pytest.mark.parametrize("with_model", [False, True])
def test_a_narrow_beam_is_the_published_algorithm(width: int, with_model: bool) -> None:
    for seed in range(6):
        log_probs = steps(seed, 30, 5, sharpness=2.5)
        options: dict[str, Any] = {"bonus": 0.3} | ({"weight": 0.6} if with_model else {})
        model = Whole(5, seed) if with_model else None
        search = BeamSearch(width, model, **options, rarest=0.0, margin=math.inf)
        search.advance(log_probs)
        expected = published(log_probs, width, model, **options)
        found = search.best(ended=False)
        assert [tuple(one.tokens.tolist()) for one in found] == [text for text, _ in expected]
        gaps = [one.score - found[0].score for one in found]
        assert gaps == pytest.approx([score - expected[0][1] for _, score in expected], abs=1e-5)


def test_a_narrow_beam_claims_no_more_than_there_is_and_a_wider_one_finds_more() -> None:
    means = []
    for width in (1, 2, 4, 16):
        found = []
        for seed in range(40):
            log_probs = steps(seed, 5, 4, sharpness=1.0)
            every = brute_force(log_probs)
            (best, *_) = prefix_beam(torch.from_numpy(log_probs)[None], torch.tensor([5]), partial(BeamSearch, width))[
                0
            ]
            truth = every[tuple(best.tokens.tolist())]
            assert best.log_probability <= truth + 1e-10
            found.append(truth)
        means.append(float(np.mean(found)))
    assert means == sorted(means)
    assert means[0] < means[-1]


def test_the_best_text_may_be_another_than_the_best_way() -> None:
    log_probs = torch.tensor([[[0.6, 0.4], [0.6, 0.4]]]).log()
    assert greedy(log_probs, torch.tensor([2])) == [[]]
    best = prefix_beam(log_probs, torch.tensor([2]))[0][0]
    assert best.tokens.tolist() == [1]
    assert math.exp(best.log_probability) == pytest.approx(0.64)


def test_greedy_is_the_best_way_taken_together() -> None:
    log_probs = torch.from_numpy(np.stack([steps(seed, 12, 4) for seed in range(20)]))
    lengths = torch.tensor([0, 1, *range(12, 2, -1), 12, 12, 7, 7, 3, 2, 1, 0])
    for row, length, found in zip(log_probs, lengths.tolist(), greedy(log_probs, lengths), strict=True):
        assert found == list(said(row[:length].argmax(dim=1).tolist()))


def test_a_row_is_what_it_is_alone_whatever_is_behind_its_end() -> None:
    rows = [steps(seed, T, 4) for seed, T in enumerate((9, 4, 0, 6))]
    batch = torch.full((4, 9, 4), math.nan, dtype=torch.float64)
    for row, alone in zip(batch, rows, strict=True):
        row[: len(alone)] = torch.from_numpy(alone)
    lengths = torch.tensor([9, 4, 0, 6])
    clean = batch.nan_to_num(0.0)
    assert greedy(batch, lengths) == greedy(clean, lengths)
    for alone, together in zip(rows, prefix_beam(batch, lengths, partial(BeamSearch, 5)), strict=True):
        (expected,) = prefix_beam(torch.from_numpy(alone)[None], torch.tensor([len(alone)]), partial(BeamSearch, 5))
        assert [(one.tokens.tolist(), one.score) for one in together] == [
            (one.tokens.tolist(), one.score) for one in expected
        ]
    assert prefix_beam(batch, lengths)[2][0].tokens.tolist() == []


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 40])
def test_a_stream_is_decoded_as_the_whole(chunk: int) -> None:
    log_probs = steps(3, 40, 6)
    search, whole = (BeamSearch(6, Whole(6), 0.5, 0.2) for _ in range(2))
    whole.advance(log_probs)
    for start in range(0, 40, chunk):
        search.advance(torch.from_numpy(log_probs[start : start + chunk]))
        search.best(1)
    assert [(one.tokens.tolist(), one.score) for one in search.best()] == [
        (one.tokens.tolist(), one.score) for one in whole.best()
    ]


@pytest.mark.parametrize("with_model", [False, True])
def test_what_a_long_stream_forgets_makes_no_difference(with_model: bool) -> None:
    log_probs = steps(5, 1500, 4)
    model = Whole(4) if with_model else None
    search = BeamSearch(6, model, 0.4 if with_model else 0.0, rarest=0.0, margin=math.inf)
    search.advance(log_probs)
    assert len(search._tree) < 4_000  # it has forgotten
    expected = published(log_probs, 6, model, 0.4 if with_model else 0.0)
    assert [tuple(one.tokens.tolist()) for one in search.best(ended=False)] == [text for text, _ in expected]


def test_settled_symbols_never_change_and_come_in_time() -> None:
    log_probs = steps(8, 200, 5, sharpness=3.0)
    search, before = BeamSearch(8), np.empty(0, dtype=np.int64)
    behind = []
    for step in log_probs:
        search.advance(step[None])
        settled = search.settled()
        assert settled[: len(before)].tolist() == before.tolist()
        texts = [one.tokens for one in search.best()]
        assert all(text[: len(settled)].tolist() == settled.tolist() for text in texts)
        if len(texts) > 1:  # no longer one is common to all
            longer = {tuple(text[: len(settled) + 1].tolist()) for text in texts}
            assert len(longer) > 1
        behind.append(len(texts[0]) - len(settled))
        before = settled
    assert 0 < np.mean(behind) < 20


def test_pruning_gives_up_what_is_rare_and_what_is_far_behind() -> None:
    log_probs = np.log(np.array([[0.5, 0.4, 0.1], [0.5, 0.4, 0.1]]))
    search = BeamSearch(99, rarest=0.2, margin=math.inf)
    search.advance(log_probs)
    assert {2} & {int(symbol) for one in search.best() for symbol in one.tokens} == set()
    near = BeamSearch(99, margin=1.0)
    near.advance(log_probs)
    scores = [one.score for one in near.best()]
    assert 1 < len(scores) < len(brute_force(log_probs))
    assert scores[-1] >= scores[0] - 1.0
    rare = BeamSearch(99, rarest=0.9)  # what is the most probable of all is tried however rare it is
    rare.advance(log_probs[:, [1, 0, 2]])
    assert {tuple(one.tokens.tolist()) for one in rare.best()} == {(), (1,)}
    blank = BeamSearch(99, rarest=0.9)
    blank.advance(log_probs)
    assert [(one.tokens.tolist(), one.score) for one in blank.best()] == [([], pytest.approx(2 * math.log(0.5)))]


def test_the_fewest_steps_that_can_say_a_text() -> None:
    possible = {T: {said(way) for way in product(range(3), repeat=T)} for T in range(6)}
    for text in possible[5]:
        assert steps_needed(text) == min(T for T in possible if text in possible[T])


def test_prefixes_are_one_for_each_text() -> None:
    tree, seen = Prefixes(), {(): 0}
    for text in product(range(1, 4), repeat=6):
        for u in range(6):
            prefix = tree.longer(seen[text[:u]], text[u])
            assert seen.setdefault(text[: u + 1], prefix) == prefix
    assert len(tree) == len(seen) == sum(3**u for u in range(7))
    kept = [text for number, text in enumerate(seen) if number % 97 == 0]
    renamed = tree.keep([seen[text] for text in kept])
    assert len(tree) == len({text[:u] for text in kept for u in range(len(text) + 1)})
    for text in kept:
        assert tuple(tree.text(renamed[seen[text]]).tolist()) == text
        if len(text) > 1:
            assert tree.longer(renamed[seen[text[:-1]]], text[-1]) == renamed[seen[text]]


def test_impossible_symbols_are_not_said() -> None:
    log_probs = torch.tensor([[[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]).log()
    for options in ({}, EXACT):
        (found,) = prefix_beam(log_probs, torch.tensor([3]), partial(BeamSearch, **options))
        assert [(one.tokens.tolist(), one.score) for one in found] == [([1, 2], 0.0)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"weight": -1.0},
        {"bonus": math.nan},
        {"rarest": 1.0},
        {"margin": 0.0},
        {"margin": math.nan},
    ],
)
def test_numbers_out_of_range_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"width=.*weight=.*bonus=.*rarest=.*margin="):
        BeamSearch(**wrong)


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ArgumentError, match="no language model"):
        BeamSearch(weight=0.5)
    with pytest.raises(ArgumentError, match="found 4 symbols, expected 3"):
        BeamSearch(language_model=Whole(3), weight=0.5).advance(steps(0, 2, 4))
    with pytest.raises(ArgumentError, match=r"of shape \(4,\)"):
        BeamSearch().advance(np.zeros(4))

    def both(log_probs: Tensor, lengths: Tensor, match: str) -> None:
        for decode in (greedy, prefix_beam):
            with pytest.raises(ArgumentError, match=match):
                decode(log_probs, lengths)

    both(torch.zeros(2, 3, 4), torch.tensor([3]), r"lengths of \(1,\)")
    both(torch.zeros(2, 3, 4), torch.tensor([3, 4]), "expected 0 to 3")
    both(torch.zeros(2, 3), torch.tensor([3, 3]), "K at least 2")
    both(torch.zeros(2, 3, 1), torch.tensor([3, 3]), "K at least 2")


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_damaged_model_is_named(value: float) -> None:
    with pytest.raises(NotANumberError, match="damaged"):
        BeamSearch().advance(np.full((2, 3), value))
