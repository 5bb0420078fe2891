from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from throughtime.decoding.crf import CRF
from throughtime.errors import ArgumentError

# a little scheme: O, B, I; I follows only B or I, and nothing begins with it
ALLOWED = torch.tensor([[True, True, False], [True, True, True], [True, True, True]])
FIRST = torch.tensor([True, True, False])
LENGTHS = torch.tensor([5, 0, 1, 3, 4])


def make(tags: int = 3, ruled: bool = False, seed: int = 0) -> CRF:
    generator = torch.Generator().manual_seed(seed)
    crf = CRF(tags, ALLOWED if ruled else None, FIRST if ruled else None).double()
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return crf


def emissions(steps: int = 5, tags: int = 3, rows: int = 5, seed: int = 1) -> Tensor:
    return torch.randn(rows, steps, tags, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def paths(crf: CRF, row: Tensor, ruled: bool) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every path that the rules allow and its score, by plain arithmetic; the sum of many such is the whole truth."""
    start, moves, end = crf.start.tolist(), crf.transitions.tolist(), crf.end.tolist()
    scores = row.tolist()
    for path in product(range(crf.tags), repeat=len(scores)):
        if ruled and path and not (FIRST[path[0]] and all(ALLOWED[a, b] for a, b in pairwise(path))):
            continue
        total = 0.0
        if path:
            total = start[path[0]] + end[path[-1]] + sum(scores[t][tag] for t, tag in enumerate(path))
            total += sum(moves[a][b] for a, b in pairwise(path))
        yield path, total


@pytest.mark.parametrize("ruled", [False, True])
def test_everything_agrees_with_the_sum_over_all_paths(ruled: bool) -> None:
    crf, scores = make(ruled=ruled), emissions()
    log_z = crf.log_partition(scores, LENGTHS)
    marginals = crf.marginals(scores, LENGTHS)
    best, best_score = crf.viterbi(scores, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        every = list(paths(crf, scores[row, :length], ruled))
        z = math.fsum(math.exp(score) for _, score in every)
        assert log_z[row].item() == pytest.approx(math.log(z), abs=1e-12)
        expected = torch.zeros(5, 3, dtype=torch.float64)
        for path, score in every:
            for t, tag in enumerate(path):
                expected[t, tag] += math.exp(score) / z
        torch.testing.assert_close(marginals[row], expected, atol=1e-12, rtol=0)
        winner, score = max(every, key=lambda one: one[1])
        assert best[row].tolist() == [*winner, *[0] * (5 - length)]
        assert best_score[row].item() == pytest.approx(score, abs=1e-12)
        for path, score in every:
            padded = torch.tensor([[*path, *[2] * (5 - length)]])
            found = crf.score(scores[row : row + 1], padded, LENGTHS[row : row + 1])
            assert found.item() == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
def test_gradients_of_the_likelihood(ruled: bool, steps: int) -> None:
    crf = make(ruled=ruled)
    lengths = torch.tensor([steps, max(0, steps - 2), 0])
    tags = torch.zeros(3, steps, dtype=torch.int64)

    def nll(scores: Tensor, transitions: Tensor, start: Tensor, end: Tensor) -> Tensor:
        weights = {"transitions": transitions, "start": start, "end": end}
        return -torch.func.functional_call(
            _Likelihood(crf), {f"crf.{k}": v for k, v in weights.items()}, (scores, tags, lengths)
        )

    inputs = [emissions(steps, rows=3).requires_grad_(), crf.transitions, crf.start, crf.end]
    assert torch.autograd.gradcheck(nll, inputs)
    assert torch.autograd.gradgradcheck(nll, inputs)


class _Likelihood(torch.nn.Module):
    def __init__(self, crf: CRF) -> None:
        super().__init__()
        self.crf = crf

    def forward(self, scores: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        return self.crf.log_likelihood(scores, tags, lengths)


def test_what_stands_after_a_rows_end_counts_nothing() -> None:
    crf, scores = make(ruled=True), emissions()
    spoiled = scores.clone()
    for row, length in enumerate(LENGTHS.tolist()):
        spoiled[row, length:] = 1e6
        alone = crf.log_partition(scores[row : row + 1, : max(length, 1)], LENGTHS[row : row + 1])
        torch.testing.assert_close(alone[0], crf.log_partition(scores, LENGTHS)[row], atol=1e-13, rtol=0)
    torch.testing.assert_close(crf.log_partition(spoiled, LENGTHS), crf.log_partition(scores, LENGTHS))
    assert torch.equal(crf.viterbi(spoiled, LENGTHS)[0], crf.viterbi(scores, LENGTHS)[0])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(-1, 1), min_size=2, max_size=2), min_size=1, max_size=6), st.integers(-1, 1))
def test_of_equal_paths_the_one_with_the_lowest_tags_from_the_end_is_taken(rows: list[list[int]], move: int) -> None:
    crf = CRF(2).double()
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.zero_()
        crf.transitions[0, 1] = move
    scores = torch.tensor([rows], dtype=torch.float64)
    every = list(paths(crf, scores[0], ruled=False))
    top = max(score for _, score in every)
    winner = min((path for path, score in every if score == top), key=lambda path: path[::-1])
    assert crf.viterbi(scores, torch.tensor([len(rows)]))[0][0].tolist() == list(winner)


def test_forbidden_moves_have_no_probability_whatever_the_scores_say() -> None:
    crf = make(ruled=True)
    scores = torch.zeros(1, 3, 3, dtype=torch.float64)
    scores[0, :, 2] = 200.0  # I everywhere, which cannot begin
    lengths = torch.tensor([3])
    path, _ = crf.viterbi(scores, lengths)
    assert path[0].tolist()[1:] == [2, 2]
    assert path[0, 0] == 1
    assert crf.marginals(scores, lengths)[0, 0, 2] == 0.0
    assert crf.score(scores, torch.tensor([[0, 2, 2]]), lengths).item() == -math.inf
    z = math.log(sum(math.exp(score - 400) for _, score in paths(crf, scores[0], ruled=True))) + 400
    assert crf.log_partition(scores, lengths).item() == pytest.approx(z, rel=1e-13)


def test_long_rows_and_float32_lose_nothing() -> None:
    crf = make()
    scores = 30 * emissions(2000, rows=2)
    lengths = torch.tensor([2000, 1999])
    alpha = crf.start + scores[:, 0]
    finals = {}
    for t in range(1, 2000):
        finals[t] = alpha
        alpha = torch.logsumexp(alpha[:, :, None] + crf.transitions, dim=1) + scores[:, t]
    expected = torch.stack([torch.logsumexp(alpha[0] + crf.end, 0), torch.logsumexp(finals[1999][1] + crf.end, 0)])
    torch.testing.assert_close(crf.log_partition(scores, lengths), expected, rtol=1e-12, atol=0)
    single = crf.float().log_partition(scores.float(), lengths)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), expected, rtol=1e-6, atol=0)


def test_rows_of_no_steps_and_batches_of_no_rows() -> None:
    crf = make()
    assert crf.log_partition(torch.zeros(2, 0, 3), torch.tensor([0, 0])).tolist() == [0.0, 0.0]
    assert crf.viterbi(torch.zeros(2, 0, 3), torch.tensor([0, 0]))[0].shape == (2, 0)
    empty = torch.zeros(0, 4, 3, dtype=torch.float64)
    assert crf.log_partition(empty, torch.zeros(0, dtype=torch.int64)).shape == (0,)
    assert crf.viterbi(empty, torch.zeros(0, dtype=torch.int64))[0].shape == (0, 4)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ArgumentError, match="found 0 tags"):
        CRF(0)
    with pytest.raises(ArgumentError, match=r"allowed is torch.bool \(2, 2\), expected bool \(3, 3\)"):
        CRF(3, torch.ones(2, 2, dtype=torch.bool))
    with pytest.raises(ArgumentError, match=r"first is torch\.float32"):
        CRF(3, first=torch.ones(3))
    with pytest.raises(ArgumentError, match="some of it true"):
        CRF(3, last=torch.zeros(3, dtype=torch.bool))
    with pytest.raises(ArgumentError, match=r"expected \(B, T, 3\) and \(B,\)"):
        make().log_partition(torch.zeros(2, 4, 2), torch.tensor([4, 4]))
    with pytest.raises(ArgumentError, match=r"lengths \(3,\)"):
        make().viterbi(torch.zeros(2, 4, 3), torch.tensor([4, 4, 4]))
