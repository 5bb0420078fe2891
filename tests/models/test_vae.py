"""The variational autoencoder against closed forms: divergences, likelihoods, and a model whose evidence is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, distributions, nn

from throughtime.data.batch import Batch
from throughtime.models.outputs.pixels import Bernoulli, DiscretisedLogistic, Gaussian, PixelLikelihood
from throughtime.models.vae import VAE, active_units

L, D = 2, 5


class Unit(PixelLikelihood):
    """A normal of deviation 0.5 around the decoder's numbers."""

    numbers, discrete = 1, False

    def log_prob(self, given: Tensor, pictures: Tensor) -> Tensor:
        return distributions.Normal(given, 0.5).log_prob(pictures).flatten(1).sum(1)

    def mean(self, given: Tensor) -> Tensor:
        return given


class Exact(nn.Module):
    """The true posterior of x = W z + b + 0.5 e, or, by `off`, something near it."""

    def __init__(self, weight: Tensor, bias: Tensor, off: float = 0.0) -> None:
        super().__init__()
        precision = torch.eye(L) + weight.T @ weight / 0.25
        # a diagonal posterior, as the encoder's is, needs orthogonal columns
        assert torch.allclose(precision, torch.diag(precision.diagonal()), atol=1e-5)
        self.gain = (weight.T / 0.25) / precision.diagonal()[:, None]
        self.log_deviation = -0.5 * precision.diagonal().log() + off
        self.bias = bias

    def forward(self, pictures: Tensor) -> Tensor:
        mean = (pictures.flatten(1) - self.bias) @ self.gain.T
        return torch.cat([mean, self.log_deviation.expand_as(mean)], dim=1)


def linear(off: float = 0.0) -> tuple[VAE, distributions.MultivariateNormal]:
    torch.manual_seed(0)
    weight = torch.linalg.qr(torch.randn(D, L))[0] * torch.tensor([1.5, 0.7])
    bias = torch.randn(D)
    decoder = nn.Sequential(nn.Linear(L, D), nn.Unflatten(1, (1, 1, D)))
    with torch.no_grad():
        decoder[0].weight.copy_(weight)
        decoder[0].bias.copy_(bias)
    evidence = distributions.MultivariateNormal(bias, weight @ weight.T + 0.25 * torch.eye(D))
    return VAE(Exact(weight, bias, off), decoder, Unit(), [L]), evidence


def test_with_the_true_posterior_every_bound_is_the_evidence() -> None:
    model, evidence = linear()
    rows = evidence.sample((6,))
    known = evidence.log_prob(rows)
    pictures = rows.view(6, 1, 1, D)
    for samples in (1, 3, 7):
        torch.testing.assert_close(model.log_likelihood(pictures, samples), known, rtol=1e-5, atol=1e-4)
    elbos = torch.stack([model.bound(pictures, pictures).elbo for _ in range(20_000)])
    torch.testing.assert_close(elbos.mean(0), known, rtol=0, atol=0.05)


def test_with_another_posterior_the_bounds_lie_below_and_rise_with_the_samples() -> None:
    model, evidence = linear(off=0.7)
    rows = evidence.sample((40,))
    pictures, known = rows.view(40, 1, 1, D), float(evidence.log_prob(rows).mean())
    few, many, most = (float(model.log_likelihood(pictures, samples).mean()) for samples in (1, 10, 5_000))
    assert few < many < most
    assert most == pytest.approx(known, abs=0.02)


def test_the_divergence_is_that_of_torch_distributions() -> None:
    torch.manual_seed(1)
    numbers = torch.randn(7, 6)
    mean, log_deviation = numbers.chunk(2, dim=1)
    model = VAE(nn.Identity(), nn.Unflatten(1, (1, 1, 3)), Unit(), [3])
    found = model.bound(numbers, torch.zeros(7, 1, 1, 3)).divergence[0]
    prior = distributions.Normal(torch.zeros(3), torch.ones(3))
    known = distributions.kl_divergence(distributions.Normal(mean, log_deviation.exp()), prior).sum(1)
    torch.testing.assert_close(found, known)


def test_a_second_latent_layer_that_says_nothing_changes_nothing() -> None:
    """p(z_1 | z_2) = N(0, 1) and q(z_2 | z_1) = N(0, 1): the bound is that of one layer."""
    model, evidence = linear()
    deep = VAE(model.encoder, model.decoder, Unit(), [L, 3])
    for network in (*deep.upward, *deep.downward):
        for parameter in network.parameters():
            nn.init.zeros_(parameter)
    pictures = evidence.sample((5,)).view(5, 1, 1, D)
    known = evidence.log_prob(pictures.flatten(1))
    torch.testing.assert_close(deep.log_likelihood(pictures, 9), known, rtol=1e-5, atol=1e-4)
    bound = deep.bound(pictures, pictures)
    assert bound.divergence[1].abs().max() < 1e-5


def test_free_bits_and_warm_up_weigh_the_divergence_in_training_alone() -> None:
    torch.manual_seed(2)
    pictures = torch.randint(0, 256, (8, 4, 4, 1), dtype=torch.uint8)
    batch = Batch({"inputs": pictures}, 8, 8)

    def losses(**options: float) -> list[float]:
        torch.manual_seed(3)
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(16, 4))
        decoder = nn.Sequential(nn.Linear(2, 16), nn.Unflatten(1, (1, 4, 4)))
        model = VAE(encoder, decoder, Bernoulli(), [2], **options)  # type: ignore[arg-type]
        found = []
        for _ in range(3):
            torch.manual_seed(4)
            found.append(float(model.train().loss(batch).total.detach()))
        torch.manual_seed(4)
        return [*found, float(model.eval().loss(batch).total.detach())]

    plain = losses()
    assert plain[2:] == pytest.approx([plain[0]] * 2)
    warm = losses(warmup=3)
    assert warm[2:] == pytest.approx([plain[0]] * 2)
    assert (warm[1] - warm[0]) == pytest.approx(warm[2] - warm[1], rel=1e-4)
    free = losses(free_bits=100.0)
    likelihood = (3 * warm[0] - plain[0]) / 2  # warm[0] = likelihood + divergence / 3, plain[0] = their sum
    assert free[0] == pytest.approx(likelihood + 100 * 8, rel=1e-4)
    assert free[3] == pytest.approx(plain[0])


def test_the_discretised_logistic_is_a_distribution_over_256_levels() -> None:
    torch.manual_seed(5)
    given = torch.randn(3, 2, 1, 1) * 2
    levels = torch.arange(256).view(-1, 1, 1, 1) / 255
    for one in given:
        mass = DiscretisedLogistic().log_prob(one[None].expand(256, -1, -1, -1), levels).exp()
        assert float(mass.sum()) == pytest.approx(1.0, abs=1e-4)


def test_gaussian_and_bernoulli_are_those_of_torch_distributions() -> None:
    torch.manual_seed(6)
    given, seen = torch.randn(4, 1, 3, 3), torch.rand(4, 1, 3, 3)
    normal = Gaussian()
    known = distributions.Normal(given.sigmoid(), math.exp(-1.5)).log_prob(seen).flatten(1).sum(1)
    torch.testing.assert_close(normal.log_prob(given, seen), known)
    binary = Bernoulli().targets(seen)
    assert set(binary.unique().tolist()) <= {0.0, 1.0}
    known = distributions.Bernoulli(logits=given).log_prob(binary).flatten(1).sum(1)
    torch.testing.assert_close(Bernoulli().log_prob(given, binary), known)


def test_units_whose_mean_does_not_move_say_nothing() -> None:
    means = torch.stack([torch.linspace(-1, 1, 50), torch.full((50,), 3.0), torch.linspace(0, 0.05, 50)], dim=1)
    assert active_units(means) == 1
