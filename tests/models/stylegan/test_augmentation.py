"""Augmentation: what is moved goes where geometry says, colours turn about grey, p follows the signs."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from throughtime.models.stylegan import augmentation
from throughtime.models.stylegan.augmentation import AdaptiveAugmentation

ALWAYS = torch.tensor(1.0)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def test_wavelet_is_orthonormal_with_six_vanishing_moments() -> None:
    # that, 12 numbers and its length near a symmetrical one say which filter it is
    taps = torch.tensor(augmentation._WAVELET, dtype=torch.float64)
    for shift in range(0, 12, 2):
        assert float(taps[shift:] @ taps[: 12 - shift]) == pytest.approx(float(shift == 0), abs=1e-10)
    place, sign = torch.arange(12, dtype=torch.float64), torch.tensor([1.0, -1.0] * 6, dtype=torch.float64)
    for power in range(6):
        assert float((place**power * sign * taps).sum()) == pytest.approx(0, abs=1e-5 * 12**power)


def test_what_is_not_moved_is_what_it_was() -> None:
    pictures = torch.randn(2, 3, 8, 8)
    places = augmentation._places(torch.eye(3).expand(2, 3, 3), 16, 6, augmentation._OFFSET)
    grid = torch.nn.functional.grid_sample
    sampled = grid(augmentation._doubled(pictures), places, "bilinear", "reflection", align_corners=False)
    torch.testing.assert_close(augmentation._halved(sampled), pictures, atol=2e-5, rtol=0)
    never = torch.tensor(0.0)
    torch.testing.assert_close(augmentation.moved(pictures, never), pictures, atol=2e-5, rtol=0)
    assert torch.equal(augmentation.turned(pictures, never), pictures)
    assert torch.equal(augmentation.recoloured(pictures, never), pictures)


def blob(across: float, down: float, side: int = 32) -> Tensor:
    """A soft spot whose centre lies at a place from -1 to 1."""
    line = (2 * torch.arange(side) + 1) / side - 1
    return torch.exp(-((line[None, :] - across) ** 2 + (line[:, None] - down) ** 2) / 0.02)[None, None]


def centre(picture: Tensor) -> tuple[float, float]:
    side = picture.shape[-1]
    line = (2 * torch.arange(side) + 1) / side - 1
    mass = picture[0, 0] / picture.sum()
    return float((mass.sum(0) * line).sum()), float((mass.sum(1) * line).sum())


@pytest.mark.parametrize("angle", [0.5, math.pi / 2, 2.5])
def test_turns_are_about_the_middle(angle: float) -> None:
    way = augmentation._rotation(torch.tensor([angle]))
    places = augmentation._places(way, 64, 6, augmentation._OFFSET)
    doubled = augmentation._doubled(blob(0.3, -0.2))
    sampled = torch.nn.functional.grid_sample(doubled, places, "bilinear", "reflection", align_corners=False)
    # what lies at x in the result comes from R x: the spot is found where R x is its old place
    expected = (
        math.cos(angle) * 0.3 + math.sin(angle) * -0.2,
        -math.sin(angle) * 0.3 + math.cos(angle) * -0.2,
    )
    assert centre(augmentation._halved(sampled)) == pytest.approx(expected, abs=0.01)


def test_quarter_turns_and_mirroring_keep_every_pixel() -> None:
    pictures = torch.randn(64, 1, 4, 4)  # an eighth of 4 pixels rounds to no shift
    found = augmentation.turned(pictures, ALWAYS)
    torch.testing.assert_close(found.flatten(1).sort().values, pictures.flatten(1).sort().values)
    kinds = [
        torch.rot90(picture, turns, (1, 2)) for picture in (pictures[0], pictures[0].flip(2)) for turns in range(4)
    ]
    assert any(torch.equal(found[0], kind) for kind in kinds)
    assert (found != pictures).flatten(1).any(1).sum() > 40  # 7 of 8 are turned or mirrored


def test_colours_turn_about_grey() -> None:
    pictures = torch.rand(400, 3, 2, 2)
    found = augmentation.recoloured(pictures, ALWAYS)
    grey = augmentation.recoloured(torch.full((50, 3, 2, 2), 0.3), ALWAYS)
    torch.testing.assert_close(grey, grey[:, :1].expand_as(grey))  # what is grey stays grey
    # contrasts of the luma have a median of 1, as often inverted as not
    luma = found.mean(1).flatten(1)
    ratio = (luma - luma[:, :1])[:, 1] / (pictures.mean(1).flatten(1) @ torch.tensor([-1.0, 1.0, 0.0, 0.0]))
    assert (ratio > 0).float().mean() == pytest.approx(0.5, abs=0.08)
    assert ratio.abs().log().median() == pytest.approx(0, abs=0.06)
    assert ratio.abs().log().std() == pytest.approx(0.5 * math.log(2), abs=0.04)


def test_grey_pictures_get_brightness_contrast_and_inversion() -> None:
    found = augmentation.recoloured(torch.zeros(4_000, 1, 1, 1), ALWAYS).flatten()
    assert found.mean() == pytest.approx(0, abs=0.02)
    assert found.std() == pytest.approx(0.2 * math.exp((0.5 * math.log(2)) ** 2), abs=0.02)


def test_gradients_pass_through() -> None:
    augment = AdaptiveAugmentation()
    augment.p.fill_(0.7)
    augment = augment.double()
    pictures = torch.randn(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)

    def seeded(given: Tensor) -> Tensor:
        torch.manual_seed(1)
        return augment(given)

    assert torch.autograd.gradcheck(seeded, pictures)


def test_probability_follows_the_signs() -> None:
    augment = AdaptiveAugmentation(target=0.6, pictures=1_000, every=4)
    pictures = torch.randn(2, 1, 8, 8)
    assert augment(pictures) is pictures
    for _ in range(8):
        augment.observe(torch.ones(10))  # all are known by heart
        augment.stepped()
    assert float(augment.p) == pytest.approx(0.08)
    assert float(augment.overfitting) == 1
    for step in range(3):
        augment.observe(torch.tensor([1.0] * 7 + [-1.0] * 3))  # a mean sign of 0.4
        augment.stepped()
        assert float(augment.p) == pytest.approx(0.08), step
    augment.observe(torch.tensor([1.0] * 7 + [-1.0] * 3))
    augment.stepped()
    assert float(augment.p) == pytest.approx(0.04)
    assert float(augment.overfitting) == pytest.approx(0.4)
    for _ in range(40):
        augment.observe(-torch.ones(10))
        augment.stepped()
    assert float(augment.p) == 0  # and not below


def test_each_disturbance_happens_as_often_as_p_says() -> None:
    chosen = augmentation._sometimes(torch.zeros(4_000, 3, 3), torch.tensor(0.3))
    assert (chosen.sum((1, 2)) == 0).float().mean() == pytest.approx(0.3, abs=0.03)
