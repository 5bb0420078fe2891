"""Sampling against its definition, computed by hand or in plain Python."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from throughtime.decoding.sampling import Sampling
from throughtime.errors import ArgumentError, NotANumberError
from throughtime.models.outputs.bernoulli import draw_on

LOGITS = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64).log()


def probabilities(sampling: Sampling, logits: torch.Tensor = LOGITS) -> list[float]:
    return [round(p, 6) for p in sampling.filter(logits).softmax(-1).tolist()]


def test_temperature_divides_the_logits() -> None:
    squared = [0.16, 0.09, 0.04, 0.01]
    assert probabilities(Sampling(temperature=0.5)) == pytest.approx([p / sum(squared) for p in squared], abs=1e-6)
    assert probabilities(Sampling()) == [0.4, 0.3, 0.2, 0.1]


def test_top_k_keeps_the_k_most_probable() -> None:
    assert probabilities(Sampling(top_k=2)) == pytest.approx([4 / 7, 3 / 7, 0, 0], abs=1e-6)
    assert probabilities(Sampling(top_k=9)) == [0.4, 0.3, 0.2, 0.1]


def test_top_k_keeps_exactly_k_of_equals() -> None:
    assert probabilities(Sampling(top_k=2), torch.zeros(5)) == [0.5, 0.5, 0, 0, 0]


@pytest.mark.parametrize(
    ("p", "kept"), [(0.05, 1), (0.39, 1), (0.41, 2), (0.69, 2), (0.71, 3), (0.89, 3), (0.91, 4), (1.0, 4)]
)
def test_top_p_keeps_the_smallest_set_that_reaches_p(p: float, kept: int) -> None:
    assert sum(q > 0 for q in probabilities(Sampling(top_p=p))) == kept


def test_top_k_before_top_p() -> None:
    # among the two kept, the first has 4/7 = 0.571 of the probability
    assert probabilities(Sampling(top_k=2, top_p=0.5)) == [1, 0, 0, 0]
    assert probabilities(Sampling(top_k=2, top_p=0.6)) == pytest.approx([4 / 7, 3 / 7, 0, 0], abs=1e-6)


def test_excluded_elements_are_never_drawn_not_even_the_most_probable() -> None:
    assert probabilities(Sampling(exclude=(0, 2))) == pytest.approx([0, 0.75, 0, 0.25], abs=1e-6)
    assert Sampling(temperature=0, exclude=(0,)).draw(LOGITS[None]).tolist() == [1]
    assert Sampling(top_k=1, exclude=(0,)).draw(LOGITS[None]).tolist() == [1]


def test_temperature_zero_takes_the_most_probable() -> None:
    rows = torch.tensor([[0.0, 2.0, 1.0], [5.0, 2.0, 1.0]])
    assert Sampling(temperature=0).draw(rows).tolist() == [1, 0]


def test_very_low_temperature_does_not_overflow() -> None:
    rows = torch.tensor([[80.0, 90.0, -1e30]])
    assert Sampling(temperature=1e-38).draw(rows).tolist() == [1]


@pytest.mark.parametrize("temperature", [1e-320, 1e-46, 1e-39, 1e-37, 1e-30])
def test_a_temperature_too_small_to_divide_by_takes_the_most_probable(temperature: float) -> None:
    logits = torch.tensor([[0.5, 3.0, -1.0], [1e-6, 0.0, -1e-6]])
    assert Sampling(temperature).draw(logits).tolist() == [1, 0]
    assert draw_on(torch.tensor([-1e-6, 1e-6, 3.0]), Sampling(temperature)).tolist() == [0, 1, 1]


def test_draws_have_the_frequencies_of_the_distribution() -> None:
    generator = torch.Generator().manual_seed(3)
    draws = Sampling(generator=generator).draw(LOGITS.expand(40_000, 4))
    shares = torch.bincount(draws, minlength=4) / 40_000
    # three standard deviations of the most variable share
    assert shares.tolist() == pytest.approx([0.4, 0.3, 0.2, 0.1], abs=3 * math.sqrt(0.24 / 40_000))


def test_the_same_seed_draws_the_same() -> None:
    rows = torch.randn(100, 50, generator=torch.Generator().manual_seed(0))
    first, second = (Sampling(generator=torch.Generator().manual_seed(5)).draw(rows).tolist() for _ in range(2))
    assert first == second


@given(
    logits=st.lists(st.integers(-400, 400).map(lambda eighths: eighths / 8), min_size=1, max_size=12),
    temperature=st.floats(0.05, 10),
    top_k=st.none() | st.integers(1, 15),
    top_p=st.none() | st.floats(0.01, 1),
)
def test_filter_never_excludes_all_and_never_the_largest(
    logits: list[float], temperature: float, top_k: int | None, top_p: float | None
) -> None:
    values = torch.tensor(logits, dtype=torch.float64)
    kept = Sampling(temperature, top_k, top_p).filter(values).isfinite()
    assert bool(kept[values.argmax()])
    assert int(kept.sum()) <= (top_k or len(logits))
    # nothing kept is less probable than something left out
    if not bool(kept.all()):
        assert values[kept].min() >= values[~kept].max()


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -0.1},
        {"temperature": math.nan},
        {"temperature": math.inf},
        {"top_k": 0},
        {"top_p": 0.0},
        {"top_p": 1.01},
        {"top_p": math.nan},
    ],
)
def test_impossible_settings_are_errors(wrong: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=f"found {next(iter(wrong))}"):
        Sampling(**wrong)  # type: ignore[arg-type]


def test_logits_that_are_no_numbers_are_an_error() -> None:
    with pytest.raises(NotANumberError, match="not a number"):
        Sampling().draw(torch.tensor([[0.0, math.nan]]))


def test_excluding_everything_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="every element excluded"):
        Sampling(exclude=(0, 1)).draw(torch.zeros(1, 2))
