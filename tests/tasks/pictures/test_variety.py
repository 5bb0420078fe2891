"""How much pictures differ, within classes."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.tasks.pictures.measures.variety import variety


def test_within_classes_it_is_the_pooled_variance() -> None:
    random = np.random.default_rng(0)
    features, classes = random.normal(size=(30, 4)), random.permutation(np.repeat([0, 1, 2], (5, 10, 15)))
    features[classes == 1] += 100  # what lies between classes does not count
    parts = [np.var(features[classes == one], axis=0, ddof=1).sum() * (np.sum(classes == one) - 1) for one in range(3)]
    assert variety(features, classes) == pytest.approx(sum(parts) / (30 - 3), rel=1e-12)


def test_without_classes_it_is_the_trace_of_the_covariance() -> None:
    features = np.random.default_rng(1).normal(size=(20, 3))
    assert variety(features) == pytest.approx(np.trace(np.cov(features.T)), rel=1e-12)


def test_where_each_picture_is_the_only_one_of_its_class_there_is_none() -> None:
    assert variety(np.eye(3), np.arange(3)) == 0
