"""Simple methods of trajectories: Kalman filters against their definition, extrapolation against NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from throughtime.tasks.trajectory.baselines.extrapolation import extrapolate
from throughtime.tasks.trajectory.baselines.kalman import Kalman, fit_kalman, gaussian_nll


@pytest.mark.parametrize("order", [1, 2])
def test_kalman_filter_is_the_regression_on_all_that_was_seen(order: int) -> None:
    """The same model as a Gaussian process: its posterior needs no filter."""
    random = np.random.default_rng(order)
    times = np.cumsum(random.uniform(0.05, 0.5, 7))
    seen, ahead = random.standard_normal((7, 2)), np.array([0.3, 1.1])
    drift = (0.4, -9.0)
    kalman = Kalman(order, noise=0.2, drive=0.7, velocity=1.5, acceleration=0.8, drift=drift)
    filtered = kalman.filter(times[None], seen[None], np.array([7]))
    centre, deviation = kalman.predict(filtered.means[:, -1], filtered.covariances[:, -1], ahead[None])

    def prior(s: float, t: float) -> float:
        """Covariance of two positions, given the first observation."""
        spread = 0.2**2 + 1.5**2 * s * t + (0.8**2 * s**2 * t**2 / 4 if order == 2 else 0.0)
        power = lambda u: (s - u) ** order * (t - u) ** order / math.factorial(order) ** 2  # noqa: E731
        return spread + 0.7**2 * integrate.quad(power, 0, min(s, t))[0]

    since = times[1:] - times[0]
    asked = times[-1] - times[0] + ahead
    among = np.array([[prior(s, t) for t in since] for s in since]) + 0.2**2 * np.eye(6)
    across = np.array([[prior(s, t) for t in since] for s in asked])
    own = np.array([prior(s, s) for s in asked])
    means = [seen[0] + np.outer(t**2 / 2, drift) for t in (since, asked)]
    expected = means[1] + across @ np.linalg.solve(among, seen[1:] - means[0])
    variance = own - np.einsum("kt,kt->k", across, np.linalg.solve(among, across.T).T) + 0.2**2
    np.testing.assert_allclose(centre[0], expected, rtol=1e-9)
    np.testing.assert_allclose(deviation[0], np.sqrt(variance), rtol=1e-9)


def test_kalman_rows_of_any_length_are_as_if_alone() -> None:
    random = np.random.default_rng(0)
    times, seen = np.cumsum(random.uniform(0.1, 1, (3, 6)), axis=1), random.standard_normal((3, 6, 2))
    kalman = Kalman(2, 0.1, 0.5, 1.0, 1.0, drift=(0.0, -1.0))
    lengths = np.array([6, 1, 4])
    together = kalman.filter(times, seen, lengths)
    for row, length in enumerate(lengths):
        alone = kalman.filter(times[row : row + 1, :length], seen[row : row + 1, :length], np.array([length]))
        np.testing.assert_allclose(together.means[row, -1], alone.means[0, -1], rtol=1e-12)
        np.testing.assert_allclose(together.covariances[row, -1], alone.covariances[0, -1], rtol=1e-12)
    surprises = together.surprises[0, 1:]
    assert np.isfinite(surprises).all()
    assert (together.surprises[1] == 0).all()


def test_gaussian_nll_agrees_with_scipy() -> None:
    value = gaussian_nll(np.array([1.0, 2.0]), np.array(0.3), np.array([1.5, 1.8]))
    assert value == pytest.approx(-stats.multivariate_normal([1, 2], 0.09 * np.eye(2)).logpdf([1.5, 1.8]))


def test_fitted_noise_is_that_of_the_data() -> None:
    random = np.random.default_rng(3)
    times = np.tile(np.arange(12) * 0.1, (400, 1))
    velocity = 2.0 * random.standard_normal((400, 1, 2))
    seen = times[..., None] * velocity + 0.05 * random.standard_normal((400, 12, 2))

    def cost(kalman: Kalman) -> float:
        filtered = kalman.filter(times[:, :8], seen[:, :8], np.full(400, 8))
        ahead = times[:, 8:] - times[:, 7:8]
        centre, deviation = kalman.predict(filtered.means[:, -1], filtered.covariances[:, -1], ahead)
        return float(gaussian_nll(centre, deviation, seen[:, 8:]).mean())

    fitted, value = fit_kalman(Kalman(1, 1.0, 1.0, 10.0, drift=(0.0, 0.0)), cost)
    assert fitted.noise == pytest.approx(0.05, rel=0.1)
    assert fitted.drive < 0.05
    assert value <= cost(Kalman(1, 0.05, 1e-3, 2.0, drift=(0.0, 0.0))) + 0.01


# -- lines and parabolas -----------------------------------------------------------------------------------------


def test_polynomials_agree_with_numpy() -> None:
    random = np.random.default_rng(0)
    times, asked = np.cumsum(random.uniform(0.1, 1, 9)), np.array([6.0, 8.0])
    seen = random.standard_normal((9, 2))
    for degree, points in ((1, 2), (1, 5), (2, 3), (2, 9)):
        found = extrapolate(times, seen, asked, degree=degree, points=points)
        for axis in range(2):
            expected = np.polyval(np.polyfit(times[-points:], seen[-points:, axis], degree), asked)
            np.testing.assert_allclose(found[:, axis], expected, rtol=1e-8)


def test_a_single_point_stays_and_two_move_on() -> None:
    seen = np.array([[1.0, 1.0], [2.0, 3.0]])
    still = extrapolate(np.array([1.0]), seen[:1], np.array([2.0, 9.0]), degree=2, points=4)
    assert still.tolist() == [[1, 1], [1, 1]]
    moved = extrapolate(np.array([0.0, 1.0]), seen, np.array([3.0]), degree=2, points=4)
    np.testing.assert_allclose(moved, [[4, 7]])
