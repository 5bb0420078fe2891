"""Independent and dependent keys: probabilities that sum to one, and samples that follow them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime.decoding.sampling import Sampling
from throughtime.models.outputs.base import Output
from throughtime.models.outputs.bernoulli import Bernoulli
from throughtime.models.outputs.nade import Nade

HIDDEN, KEYS = 4, 6
ALL = torch.tensor(list(product((0.0, 1.0), repeat=KEYS)), dtype=torch.float64)


def outputs() -> list[Output]:
    torch.manual_seed(1)
    independent = Bernoulli(HIDDEN, KEYS)
    torch.nn.init.normal_(independent.linear.bias)
    return [independent.double(), sharp_nade().double()]


def sharp_nade() -> Nade:
    """A NADE whose keys matter to each other."""
    nade = Nade(HIDDEN, KEYS, units=5)
    with torch.no_grad():
        nade.into.normal_(0, 2)
        nade.out.normal_(0, 2)
        nade.key_bias.bias.normal_()
    return nade


def hidden_state(seed: int = 0) -> Tensor:
    return torch.randn(1, HIDDEN, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def probabilities(output: Output, hidden: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.exp(-output.nll(hidden.expand(len(ALL), -1), ALL))


@pytest.mark.parametrize("output", outputs(), ids=lambda output: type(output).__name__)
def test_all_chords_together_have_probability_one(output: Output) -> None:
    for seed in range(3):
        assert probabilities(output, hidden_state(seed)).sum().item() == pytest.approx(1, abs=1e-12)


def test_bernoulli_nll_is_the_sum_over_keys() -> None:
    output = outputs()[0]
    hidden = torch.randn(5, HIDDEN, dtype=torch.float64)
    targets = (torch.rand(5, KEYS) < 0.4).double()
    weight, bias = (p.detach().numpy() for p in output.linear.parameters())
    p = 1 / (1 + np.exp(-(hidden.numpy() @ weight.T + bias)))
    expected = -np.where(targets.numpy() == 1, np.log(p), np.log(1 - p)).sum(1)
    np.testing.assert_allclose(output.nll(hidden, targets).detach().numpy(), expected, rtol=1e-12)


def one_by_one(nade: Nade, hidden: np.ndarray, chord: np.ndarray) -> float:
    """-log p of a chord, key by key from the highest, as the equations are written."""
    weights = {name: p.detach().numpy() for name, p in nade.named_parameters()}
    state = weights["state_bias.weight"] @ hidden + weights["state_bias.bias"]
    bias = weights["key_bias.weight"] @ hidden + weights["key_bias.bias"]
    total = 0.0
    for place, on in enumerate(chord[::-1]):
        s = 1 / (1 + np.exp(-state))
        p = 1 / (1 + np.exp(-(bias[place] + weights["out"][place] @ s)))
        total -= np.log(p if on else 1 - p)
        state = state + on * weights["into"][place]
    return total


def test_nade_equals_the_recursion_key_by_key() -> None:
    nade = sharp_nade().double()
    hidden = torch.randn(len(ALL), HIDDEN, dtype=torch.float64)
    expected = [one_by_one(nade, h, v) for h, v in zip(hidden.numpy(), ALL.numpy(), strict=True)]
    np.testing.assert_allclose(nade.nll(hidden, ALL).detach().numpy(), expected, rtol=1e-10)


def test_nade_gradients() -> None:
    nade = sharp_nade().double()
    hidden = torch.randn(3, HIDDEN, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([[0, 0, 0, 0, 0, 0], [1, 0, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]])
    assert torch.autograd.gradcheck(lambda h, *_: nade.nll(h, targets), (hidden, *nade.parameters()))


def test_nade_takes_no_frames_and_silent_ones() -> None:
    nade = sharp_nade()
    assert nade.nll(torch.zeros(0, HIDDEN), torch.zeros(0, KEYS)).shape == (0,)
    alone = nade.nll(torch.ones(1, HIDDEN), torch.zeros(1, KEYS, dtype=torch.uint8))
    beside = nade.nll(torch.ones(2, HIDDEN), torch.tensor([[0] * KEYS, [1] * KEYS]))
    torch.testing.assert_close(alone, beside[:1])


@pytest.mark.parametrize("output", outputs(), ids=lambda output: type(output).__name__)
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_samples_follow_the_probabilities(output: Output, temperature: float) -> None:
    hidden, count = hidden_state(), 20_000
    if temperature == 1:
        expected = probabilities(output, hidden)
    elif isinstance(output, Bernoulli):
        on = torch.sigmoid(output.logits(hidden).detach() / temperature)
        expected = torch.where(ALL == 1, on, 1 - on).prod(1)
    else:
        pytest.skip("checked at temperature 1")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        drawn = output.sample(hidden.expand(count, -1), Sampling(temperature, generator=generator))
    number = (drawn @ (2.0 ** torch.arange(KEYS - 1, -1, -1, dtype=torch.float64))).long()
    seen = torch.bincount(number, minlength=len(ALL)) / count
    # four standard errors of each of the 64 shares
    assert ((seen - expected).abs() <= 4 * (expected * (1 - expected) / count).sqrt() + 1e-4).all()


@pytest.mark.parametrize("output", outputs(), ids=lambda output: type(output).__name__)
def test_sampling_limits(output: Output) -> None:
    hidden = torch.randn(500, HIDDEN, dtype=torch.float64) * 3
    with torch.no_grad():
        greedy = output.sample(hidden, Sampling(temperature=0))
        assert torch.equal(greedy, output.sample(hidden, Sampling(temperature=0)))
        # of two outcomes, a nucleus that half the probability fills holds the likelier alone
        assert torch.equal(greedy, output.sample(hidden, Sampling(top_p=0.5)))
        assert greedy.sum(1).max() > 2
        few = output.sample(hidden, Sampling(top_k=2))
    assert few.sum(1).max() == 2
    assert set(greedy.unique().tolist()) <= {0.0, 1.0}


def test_top_k_of_independent_keys_keeps_the_likeliest() -> None:
    output = outputs()[0]
    hidden = torch.randn(200, HIDDEN, dtype=torch.float64)
    with torch.no_grad():
        likely = output.logits(hidden).topk(2).indices
        drawn = output.sample(hidden, Sampling(top_k=2))
    assert (drawn.sum(1) == drawn.gather(1, likely).sum(1)).all()


def test_sampling_repeats_with_its_seed() -> None:
    for output in outputs():
        draws = [
            output.sample(hidden_state().expand(50, -1), Sampling(generator=torch.Generator().manual_seed(seed)))
            for seed in (3, 3, 4)
        ]
        assert torch.equal(draws[0], draws[1])
        assert not torch.equal(draws[0], draws[2])
