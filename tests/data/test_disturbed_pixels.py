"""How pictures are disturbed, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.disturbed_pixels import CHANGES, Change, blurred, covered, darkened, fogged, noisy

CHANCE = np.random.default_rng(0)


def clip(frames: int = 3, side: int = 40) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (frames, side, side, 3), dtype=np.uint8)


def test_light_and_fog_are_linear() -> None:
    pixels = np.array([0, 10, 101, 255], np.uint8).reshape(1, 2, 2, 1)
    assert darkened(pixels, 35, CHANCE).ravel().tolist() == [0, 4, 35, 89]
    assert fogged(pixels, 50, CHANCE).ravel().tolist() == [100, 105, 150, 228]


def test_noise_has_the_deviation_it_says() -> None:
    grey = np.full((400, 400, 1), 128, np.uint8)
    off = noisy(grey, 16, np.random.default_rng(2)).astype(float) - 128
    assert off.std() == pytest.approx(np.sqrt(16**2 + 1 / 12), rel=0.01)  # rounding to whole levels adds a twelfth
    assert abs(off.mean()) < 4 * 16 / 400


def test_a_blurred_point_has_the_spread_it_says_and_nothing_is_lost() -> None:
    point = np.zeros((101, 101, 1), np.uint8)
    point[50, 50] = 255
    levels = blurred(point, 2, CHANCE)[..., 0].astype(float)
    far = np.arange(101) - 50.0
    expected = np.round(255 * np.exp(-(far[:, None] ** 2 + far**2) / (2 * 2.02**2)) / (2 * np.pi * 2.02**2))
    assert np.abs(levels - expected).max() <= 1  # of 255 levels
    assert blurred(np.full((3, 9, 9, 3), 77, np.uint8), 8, CHANCE).tolist() == np.full((3, 9, 9, 3), 77).tolist()
    assert (levels == levels.T).all()


def test_what_stands_in_the_way_covers_so_much_and_stays_where_it_is() -> None:
    pixels = clip(side=40)
    for percent in (5, 25, 40):
        hidden = (covered(pixels, percent, np.random.default_rng(3)) != pixels).any(axis=-1)
        # a few pixels may have been of that grey before
        assert hidden.mean() == pytest.approx(percent / 100, abs=0.02)
        shown = np.flatnonzero(hidden.all(axis=0).any(axis=1))
        assert len(shown) == shown[-1] - shown[0] + 1


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_each_grows_with_its_severity_and_leaves_the_picture_itself_alone(change: Change) -> None:
    pixels = clip()
    before, far = pixels.copy(), []
    for amount in change.amounts:
        found = change.pixels(pixels, amount, np.random.default_rng(4))
        assert found.dtype == np.uint8
        assert found.shape == pixels.shape
        assert (found == change.pixels(pixels, amount, np.random.default_rng(4))).all()
        far.append(np.abs(found.astype(int) - pixels).mean())
    assert far == sorted(far)
    assert far[0] > 0
    assert (pixels == before).all()
