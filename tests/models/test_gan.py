"""The adversarial network: its penalties to the second derivative, its games, its average, what each step moves."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.models.gan import GAN, symmetric
from throughtime.models.parts.adversarial import (
    discriminator_terms,
    distance_from_slope_one,
    generator_terms,
    squared_slopes,
)
from throughtime.models.parts.drawing import PictureCritic, PictureMaker
from throughtime.models.parts.exponential import ExponentialAverage


class Smooth(nn.Module):
    """A discriminator without corners, so that finite differences can be taken of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 3, 3), nn.Linear(12, 1)

    def forward(self, pictures: Tensor, classes: Tensor | None = None) -> Tensor:
        value: Tensor = self.second(self.first(pictures).tanh().flatten(1)).squeeze(1)
        return value


@pytest.mark.parametrize("penalty", [squared_slopes, distance_from_slope_one])
def test_penalties_are_differentiated_as_finite_differences_say(penalty: object) -> None:
    torch.manual_seed(0)
    critic = Smooth().double()
    pictures = torch.randn(2, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    weights = [weight.detach().clone().requires_grad_() for weight in critic.parameters()]
    names = [name for name, _ in critic.named_parameters()]

    def penalised(seen: Tensor, *given: Tensor) -> Tensor:
        values = torch.func.functional_call(critic, dict(zip(names, given, strict=True)), (seen,))
        assert callable(penalty)
        found: Tensor = penalty(values, seen)
        return found

    assert torch.autograd.gradcheck(penalised, (pictures, *weights))
    assert torch.autograd.gradgradcheck(penalised, (pictures, *weights))


def test_penalties_of_a_plane_are_those_of_its_slope() -> None:
    slope = torch.tensor([3.0, 4.0])
    pictures = torch.randn(5, 1, 1, 2, requires_grad=True)
    values = (pictures.flatten(1) * slope).sum(1)
    torch.testing.assert_close(squared_slopes(values, pictures), torch.full((5,), 25.0))
    values = (pictures.flatten(1) * slope).sum(1)
    torch.testing.assert_close(distance_from_slope_one(values, pictures), torch.full((5,), 16.0))


def test_the_cross_entropy_is_log_4_where_nothing_can_be_told_and_its_slope_pushes_apart() -> None:
    nothing = torch.zeros(1, requires_grad=True)
    assert discriminator_terms("non-saturating", nothing, nothing).item() == pytest.approx(math.log(4))
    real, fake = torch.tensor([0.3], requires_grad=True), torch.tensor([-0.2], requires_grad=True)
    discriminator_terms("non-saturating", real, fake).sum().backward()
    assert real.grad is not None
    assert fake.grad is not None
    assert real.grad.item() == pytest.approx(-1 / (1 + math.exp(0.3)))
    assert fake.grad.item() == pytest.approx(1 / (1 + math.exp(0.2)))
    assert generator_terms("non-saturating", torch.tensor([0.7])).item() == pytest.approx(math.log1p(math.exp(-0.7)))
    assert generator_terms("hinge", torch.tensor([0.7])).item() == pytest.approx(-0.7)
    assert discriminator_terms("wasserstein", torch.tensor([2.0]), torch.tensor([0.5])).item() == -1.5


def test_an_average_is_the_weighted_sum_of_all_weights_that_were() -> None:
    network = nn.Linear(1, 1, bias=False).double()
    average = ExponentialAverage(network, half_life=10).double()
    average.seen += 10_000
    expected = network.weight.item()
    for value in (1.0, -2.0, 5.0):
        nn.init.constant_(network.weight, value)
        average.follow(network, pictures=20)
        expected = expected / 4 + value * 3 / 4  # two half-lives
    assert average.network.get_parameter("weight").item() == pytest.approx(expected)
    assert not any(weight.requires_grad for weight in average.parameters())


def gan(design: str, **options: object) -> GAN:
    torch.manual_seed(0)
    maker = PictureMaker(design, 3, 2, 8, width=2, classes=2)  # type: ignore[arg-type]
    critic = PictureCritic(design, 2, 8, width=2, classes=2)  # type: ignore[arg-type]
    return GAN(maker, critic, 3, classes=2, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("design", ["dcgan", "resnet"])
def test_one_pass_of_real_and_generated_pictures_is_two(design: str) -> None:
    model = gan(design)
    batch = Batch(
        {"inputs": torch.randint(256, (4, 8, 8, 2), dtype=torch.uint8), "classes": torch.tensor([0, 1, 1, 0])}, 4, 4
    )
    model.eval()  # the generator's batch normalisation then draws one by one
    torch.manual_seed(1)
    loss = model.loss(batch)
    torch.manual_seed(1)
    fake = model.generator(model.chance(4), batch["classes"])
    one_by_one = zip(fake, batch["classes"], strict=True)
    alone = torch.stack([model.discriminator(one[None], label[None])[0] for one, label in one_by_one])
    real = model.realness(batch["inputs"], batch["classes"])
    expected = discriminator_terms("non-saturating", real, alone).sum()
    torch.testing.assert_close(loss.total, expected)
    assert loss.measures["d_real"].item() == pytest.approx(real.sigmoid().mean().item(), rel=1e-5)


def test_a_class_changes_what_is_drawn_and_what_is_believed() -> None:
    model = gan("dcgan").eval()
    chance, first, second = model.chance(1), torch.tensor([0]), torch.tensor([1])
    assert not torch.equal(model.sample(chance, first), model.sample(chance, second))
    pictures = torch.zeros(1, 8, 8, 2, dtype=torch.uint8)
    assert not torch.equal(model.realness(pictures, first), model.realness(pictures, second))


def test_spectral_normalisation_leaves_no_singular_value_above_one() -> None:
    torch.manual_seed(0)
    critic = PictureCritic("dcgan", 1, 8, width=4, spectral=True)
    for _ in range(50):  # the power iteration
        critic(torch.zeros(1, 1, 8, 8))
    for layer in (module for module in critic.modules() if isinstance(module, nn.Conv2d | nn.Linear)):
        largest = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2).item()
        assert largest == pytest.approx(1, rel=1e-3)


def test_a_lazy_penalty_weighs_as_much_as_one_of_each_step() -> None:
    model = gan("dcgan", penalty="r1", weight=2.0, penalty_every=4)
    pictures = torch.randint(256, (3, 8, 8, 2), dtype=torch.uint8)
    batch = Batch({"inputs": pictures, "classes": torch.zeros(3, dtype=torch.int64)}, 3, 3)
    seen = symmetric(pictures).requires_grad_()
    slopes = squared_slopes(model.discriminator(seen, batch["classes"]), seen)
    torch.testing.assert_close(model.steepness(batch).total, 4 * 2.0 / 2 * slopes.sum())
    assert [one.name for one in model.objectives()] == ["discriminator", "penalty", "generator"]
    assert [one.name for one in gan("dcgan", penalty="r1").objectives()] == ["discriminator", "generator"]
