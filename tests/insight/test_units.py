"""Units that tell something: found where they are, and said not to be there where they are not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from throughtime.data.batch import Batch
from throughtime.data.words.traits import traits_of
from throughtime.insight.units import Units, detectors, units
from throughtime.layers import LSTM
from throughtime.models.generator import Generator
from throughtime.models.outputs.softmax import Softmax
from throughtime.models.parts.embedding import Embedding
from throughtime.tasks.base.symbols import SymbolSequence

N = 4_000


def layer(states: np.ndarray, name: str = "layer 1 forward") -> Units:
    places = np.stack([np.zeros(len(states), np.int64), np.arange(len(states))], axis=1)
    return Units(name, (tuple(map(str, range(len(states)))),), states.astype(np.float32), places)


def held(seed: int = 0) -> np.ndarray:
    """A trait that holds for a while and then does not, about a fifth of the time."""
    return np.repeat(np.random.default_rng(seed).random(N // 8) < 0.2, 8).astype(np.float64)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_unit_that_tells_a_trait_is_found_with_its_threshold(sign: float) -> None:
    has, random = held(), np.random.default_rng(1)
    states = random.normal(size=(N, 6))
    states[:, 4] = sign * (2.0 * has + 0.2 * random.normal(size=N))
    (found,) = detectors(
        [layer(random.normal(size=(N, 3)), "layer 1 forward"), layer(states, "layer 2 forward")], {"open": has}
    )
    assert (found.layer, found.unit, found.above, found.there) == ("layer 2 forward", 4, sign > 0, True)
    assert 0.4 < sign * found.threshold < 1.6
    said = (states[N // 2 :, 4] > found.threshold) == found.above
    true = has[N // 2 :] > 0
    assert found.score == pytest.approx((said[true].mean() + (~said[~true]).mean()) / 2)
    assert found.score > 0.99
    assert abs(found.chance - 0.5) < 0.1
    assert found.share == pytest.approx(has.mean())
    assert has[found.example - 1 : found.example + 1].tolist() == [0.0, 1.0]


def test_of_many_units_that_know_nothing_none_is_said_to_be_there() -> None:
    """The best of 200 guesses looks good where it was chosen; the second half tells."""
    states = np.repeat(np.random.default_rng(2).normal(size=(N // 40, 200)), 40, axis=0)
    (found,) = detectors([layer(states)], {"open": held()})
    assert not found.there
    assert abs(found.score - 0.5) < 0.2


def test_what_was_true_of_the_first_half_alone_is_not_there() -> None:
    has = held()
    states = np.random.default_rng(3).normal(size=(N, 2))
    states[: N // 2, 1] = has[: N // 2]
    (found,) = detectors([layer(states)], {"open": has})
    assert found.unit == 1
    assert not found.there


def test_a_number_is_a_trait_where_it_is_large() -> None:
    into = np.tile(np.arange(40.0), N // 40)
    (found,) = detectors([layer(into[:, None])], {"far": into})
    assert found.score == 1.0
    assert 19 < found.threshold < 21


def test_what_is_too_rare_is_not_looked_for() -> None:
    rare = np.zeros(N)
    rare[[5, N - 5]] = 1.0
    assert detectors([layer(np.random.default_rng(4).normal(size=(N, 2)))], {"open": rare, "never": np.zeros(N)}) == []


def test_strongest_moments_are_apart_and_stand_in_their_context() -> None:
    values = np.zeros((100, 2))
    values[[30, 31, 32, 70], 1] = [8.0, 9.0, 7.0, 5.0]
    values[50, 1] = -4.0
    first, second = layer(values).strongest(1, 2)
    assert (first.step, first.value, first.symbol) == (31, 9.0, "31")
    assert (first.before[-1], first.after[0], len(first.before), len(first.after)) == ("30", "32", 20, 20)
    assert second.step == 70
    (lowest,) = layer(values).strongest(1, 1, lowest=True)
    assert (lowest.step, lowest.value) == (50, -4.0)


def test_the_nearest_state_is_the_one_that_points_the_same_way() -> None:
    states = np.random.default_rng(5).normal(size=(200, 8))
    states[120] = 3.0 * states[40]
    one, other = layer(states).nearest(states[40].astype(np.float32), 2)
    assert {one.step, other.step} == {40, 120}
    assert max(one.value, other.value) < 1e-6


def test_states_are_those_that_remember_of_all_inputs_in_a_row() -> None:
    torch.manual_seed(6)
    model = Generator(Embedding(9, 3), LSTM(3, 4), Softmax(4, 9)).eval()

    def read(numbers: list[int], text: str) -> SymbolSequence:
        tokens = torch.tensor([numbers])
        batch = Batch({"inputs": tokens, "targets": tokens}, sequences=1, tokens=len(numbers))
        return SymbolSequence(tuple(text), "letters", "recurrent", batch, "", True, traits_of(text))

    (found,), traits = units(model, [read([1, 2, 3], 'a"b'), read([4, 5], '"c')])
    assert found.symbols == (("a", '"', "b"), ('"', "c"))
    assert found.places.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]]
    assert traits["far into the input"].tolist() == [0, 1, 2, 0, 1]
    assert traits["inside quotation marks"].tolist() == [0, 1, 1, 1, 1]
    for numbers, rows in (([1, 2, 3], found.states[:3]), ([4, 5], found.states[3:])):
        _, (_, cell) = model(torch.tensor([numbers]))
        np.testing.assert_allclose(rows[-1], cell[0, 0].detach().numpy(), atol=1e-6)
