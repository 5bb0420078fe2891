"""The mathematics of forecasts against closed forms and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from throughtime.models.outputs.direction import LogNormal, VonMisesFisher
from throughtime.models.outputs.mixture import Mixture, MixtureOutput, calibrated_scale, coverage

# -- mixtures ----------------------------------------------------------------------------------------------------


def random_mixture(dimensions: int, count: int = 5, components: int = 3) -> Mixture:
    torch.manual_seed(dimensions)
    factors = torch.randn(count, components, dimensions, dimensions, dtype=torch.float64).tril()
    factors.diagonal(dim1=-2, dim2=-1).abs_().add_(0.2)
    means = torch.randn(count, components, dimensions, dtype=torch.float64)
    return Mixture(torch.randn(count, components, dtype=torch.float64), means, factors)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_mixture_agrees_with_scipy(dimensions: int) -> None:
    mixture = random_mixture(dimensions)
    y = torch.randn(5, dimensions, dtype=torch.float64)
    for index in range(5):
        weights = mixture.weights[index].numpy()
        means = mixture.means[index].numpy()
        covariances = (mixture.factors[index] @ mixture.factors[index].mT).numpy()
        each = [stats.multivariate_normal(m, c).pdf(y[index].numpy()) for m, c in zip(means, covariances, strict=True)]
        assert mixture.log_prob(y)[index].item() == pytest.approx(math.log(weights @ np.array(each)), rel=1e-12)
        mean = weights @ means
        second = sum(w * (c + np.outer(m, m)) for w, m, c in zip(weights, means, covariances, strict=True))
        np.testing.assert_allclose(mixture.mean[index], mean, rtol=1e-12)
        np.testing.assert_allclose(mixture.covariance[index], second - np.outer(mean, mean), rtol=1e-10, atol=1e-12)


def test_mixture_samples_follow_it() -> None:
    mixture = random_mixture(2, count=2)
    drawn = mixture.sample(200_000, torch.Generator().manual_seed(0))
    assert drawn.shape == (200_000, 2, 2)
    for index in range(2):
        covariance = mixture.covariance[index].numpy()
        error = np.sqrt(np.diag(covariance) / 200_000)
        assert (np.abs(drawn[:, index].mean(dim=0).numpy() - mixture.mean[index].numpy()) < 4 * error).all()
        np.testing.assert_allclose(np.cov(drawn[:, index].numpy().T), covariance, rtol=0.03, atol=0.01)


def test_widened_mixture_is_the_distribution_of_what_is_widened() -> None:
    mixture, y = random_mixture(3), torch.randn(5, 3, dtype=torch.float64)
    wide = mixture.widened(1.7)
    torch.testing.assert_close(wide.mean, mixture.mean)
    torch.testing.assert_close(wide.covariance, 1.7**2 * mixture.covariance)
    back = mixture.mean + (y - mixture.mean) / 1.7
    torch.testing.assert_close(wide.log_prob(y), mixture.log_prob(back) - 3 * math.log(1.7))


def test_edge_of_the_densest_region_of_one_normal_distribution() -> None:
    one = Mixture(torch.zeros(1, 1), torch.zeros(1, 1, 2), 3 * torch.eye(2).expand(1, 1, 2, 2))
    edge = one.threshold(0.9, draws=200_000, generator=torch.Generator().manual_seed(0))
    exact = -0.5 * stats.chi2(2).ppf(0.9) - math.log(2 * math.pi) - 2 * math.log(3)
    assert edge.item() == pytest.approx(exact, abs=0.02)


def test_calibration_finds_by_how_much_regions_are_too_small() -> None:
    many = Mixture(torch.zeros(20_000, 1), torch.ones(20_000, 1, 2), torch.eye(2).expand(20_000, 1, 2, 2))
    torch.manual_seed(0)
    y = 1 + 2.5 * torch.randn(20_000, 2)
    scale = calibrated_scale(many, y, 0.9)
    assert scale == pytest.approx(2.5, rel=0.02)
    assert coverage(many.widened(scale), y, 0.9).float().mean().item() == pytest.approx(0.9, abs=0.005)
    assert coverage(many, y, 0.9, scale).float().mean().item() == pytest.approx(0.9, abs=0.005)


def test_mixture_density_has_right_gradients_and_no_extremes() -> None:
    mixture, y = random_mixture(3, count=2), torch.randn(2, 3, dtype=torch.float64)
    parts = tuple(part.clone().requires_grad_() for part in mixture)
    assert torch.autograd.gradcheck(lambda a, b, c: Mixture(a, b, c.tril()).log_prob(y), parts)
    layer = MixtureOutput(4, components=3, dimensions=3)
    for size in (0.0, 1e4, -1e4):
        vectors = torch.full((2, 4), size, requires_grad=True)
        density = layer(vectors).log_prob(torch.full((2, 3), 50.0))
        density.sum().backward()
        assert torch.isfinite(density).all()
        assert torch.isfinite(vectors.grad).all()  # type: ignore[arg-type]


# -- directions and speeds ---------------------------------------------------------------------------------------

KAPPAS = [0.0, 1e-4, 0.009, 0.011, 0.5, 3.0, 40.0, 900.0]


@pytest.mark.parametrize("kappa", KAPPAS)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_von_mises_fisher_agrees_with_scipy(dimensions: int, kappa: float) -> None:
    mu = np.array([3.0, 4.0, 12.0][:dimensions])
    mu /= np.linalg.norm(mu)
    u = np.array([[1.0, 0.0, 0.0], [0.0, -0.6, 0.8], [-0.28, 0.96, 0.0]])
    u = u if dimensions == 3 else np.array([[1.0, 0.0], [-0.6, 0.8], [0.28, 0.96]])
    found = VonMisesFisher(torch.tensor(kappa * mu))
    if kappa == 0:
        size = {2: 2 * math.pi, 3: 4 * math.pi}[dimensions]
        expected, entropy = np.full(3, -math.log(size)), math.log(size)
    else:
        reference = stats.vonmises_fisher(mu, kappa)
        expected, entropy = reference.logpdf(u), reference.entropy()
    np.testing.assert_allclose(found.log_prob(torch.tensor(u)), expected, rtol=1e-6, atol=1e-7)
    assert found.entropy.item() == pytest.approx(entropy, rel=1e-6, abs=1e-6)

    def share(power: int) -> float:
        weight = lambda a: math.exp(kappa * (math.cos(a) - 1)) * math.sin(a) ** (dimensions - 2)  # noqa: E731
        return float(integrate.quad(lambda a: math.cos(a) ** power * weight(a), 0, math.pi, limit=500, points=[0.1])[0])

    assert found.resultant.item() == pytest.approx(share(1) / share(0), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kappa", [1e-3, 0.5, 3.0, 40.0, 5000.0])
def test_spread_of_a_direction_holds_nine_tenths(kappa: float) -> None:
    flat = VonMisesFisher(torch.tensor([kappa, 0.0], dtype=torch.float64))
    assert math.radians(flat.spread().item()) == pytest.approx(stats.vonmises(kappa).ppf(0.95), rel=2e-3)
    solid = VonMisesFisher(torch.tensor([0.0, 0.0, kappa], dtype=torch.float64))
    edge = math.radians(solid.spread().item())
    weight = lambda angle: math.exp(kappa * (math.cos(angle) - 1)) * math.sin(angle)  # noqa: E731
    inside = integrate.quad(weight, 0, edge)[0]
    outside = integrate.quad(weight, edge, min(math.pi, edge + 30 / math.sqrt(kappa)))[0]
    assert inside / (inside + outside) == pytest.approx(0.9, abs=1e-6)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_direction_has_right_gradients_even_where_it_is_flat(dimensions: int) -> None:
    u = torch.nn.functional.normalize(torch.ones(dimensions, dtype=torch.float64), dim=-1)
    for size in (0.3, 8.0):
        eta = torch.full((dimensions,), size, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda eta: VonMisesFisher(eta).log_prob(u), (eta,))
    eta = torch.zeros(dimensions, requires_grad=True)
    VonMisesFisher(eta).log_prob(u.float()).backward()
    torch.testing.assert_close(eta.grad, u.float())  # the normaliser is level at 0
    far = torch.full((dimensions,), 1e5, requires_grad=True)
    VonMisesFisher(far).log_prob(u.float()).backward()
    assert torch.isfinite(far.grad).all()  # type: ignore[arg-type]


def test_log_normal_agrees_with_scipy() -> None:
    speed = LogNormal(torch.tensor(0.7, dtype=torch.float64), torch.tensor(-0.3, dtype=torch.float64))
    reference = stats.lognorm(math.exp(-0.3), scale=math.exp(0.7))
    for v in (0.01, 1.0, 30.0):
        value = speed.log_prob(torch.tensor(v, dtype=torch.float64)).item()
        assert value == pytest.approx(reference.logpdf(v), rel=1e-12)
    for share in (0.05, 0.5, 0.95):
        assert speed.quantile(share).item() == pytest.approx(reference.ppf(share), rel=1e-9)
