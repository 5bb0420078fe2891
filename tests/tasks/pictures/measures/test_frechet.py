"""The Frechet distance, against closed forms and scipy's root of a matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from throughtime.errors import ArgumentError
from throughtime.tasks.pictures.measures.frechet import Gaussian, frechet_distance


def test_a_gaussian_has_the_mean_and_the_unbiased_covariance() -> None:
    features = np.random.default_rng(0).normal(5, 2, (30, 4)).astype(np.float32)
    fitted = Gaussian.of(features)
    np.testing.assert_allclose(fitted.mean, features.astype(np.float64).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(fitted.covariance, np.cov(features.astype(np.float64), rowvar=False), rtol=1e-12)
    with pytest.raises(ArgumentError, match="found 1 rows"):
        Gaussian.of(features[:1])


def test_covariances_of_common_axes_have_a_closed_form() -> None:
    random = np.random.default_rng(1)
    axes, _ = np.linalg.qr(random.normal(size=(20, 20)))
    one, other = random.uniform(0, 9, 20), random.uniform(0, 9, 20)
    one[:5] = other[3:8] = 0  # singular, and not in the same directions
    means = random.normal(size=(2, 20))
    found = frechet_distance(
        Gaussian.with_covariance(means[0], axes * one @ axes.T),
        Gaussian.with_covariance(means[1], axes * other @ axes.T),
    )
    expected = np.square(means[0] - means[1]).sum() + np.square(np.sqrt(one) - np.sqrt(other)).sum()
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("rows", [8, 50])
def test_it_is_what_the_root_of_the_product_gives(rows: int) -> None:
    random = np.random.default_rng(rows)
    one, other = (Gaussian.of(random.normal(size=(rows, 6)) @ random.normal(size=(6, 6))) for _ in range(2))
    root = sqrtm(one.covariance @ other.covariance).real
    expected = np.square(one.mean - other.mean).sum() + np.trace(one.covariance + other.covariance - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-9)


def test_of_fewer_rows_than_features_it_is_exact() -> None:
    features = np.random.default_rng(2).normal(size=(5, 40))
    shifted = Gaussian.of(features + np.eye(40)[0] * 3)
    assert frechet_distance(Gaussian.of(features), shifted) == pytest.approx(9, rel=1e-12)
    assert frechet_distance(shifted, shifted) == pytest.approx(0, abs=1e-12)
    constant = Gaussian.of(np.zeros((5, 40)))
    assert frechet_distance(constant, Gaussian.of(features)) == pytest.approx(
        np.square(features.mean(axis=0)).sum() + features.var(axis=0, ddof=1).sum(), rel=1e-12
    )
