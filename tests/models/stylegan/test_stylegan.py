"""What StyleGAN descends on, against derivatives by difference and closed forms; what moves beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from throughtime.data.batch import Batch
from throughtime.models.parts.adversarial import squared_slopes
from throughtime.models.stylegan import (
    AdaptiveAugmentation,
    Discriminator,
    Generator,
    Mapping,
    Regularisation,
    StyleGAN,
    Synthesis,
)
from throughtime.models.stylegan.stylegan import path_lengths


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def model(classes: int = 0, augmentation: AdaptiveAugmentation | None = None, **asked: float) -> StyleGAN:
    generator = Generator(Mapping(4, 2, classes), Synthesis(1, 8, width=4, widest=4, style=4))
    discriminator = Discriminator(1, 8, width=4, widest=4, classes=classes)
    return StyleGAN(generator, discriminator, augmentation, Regularisation(**asked))  # type: ignore[arg-type]


def batch(count: int = 4, classes: int = 0) -> Batch:
    tensors = {"inputs": torch.randint(256, (count, 8, 8, 1), dtype=torch.uint8)}
    if classes:
        tensors["classes"] = torch.arange(count) % classes
    return Batch(tensors, count, count)


def test_r1_can_be_differentiated() -> None:
    network = Discriminator(1, 8, width=2, widest=2).double()
    pictures = torch.randn(2, 1, 8, 8, requires_grad=True)
    penalty = squared_slopes(network(pictures), pictures)
    # the slope itself, by difference
    step = torch.zeros_like(pictures)
    total = torch.zeros(2)
    for place in range(64):
        step.zero_()[:, 0, place // 8, place % 8] = 1e-5
        # pictures of a group see each other: the sum of all is what is differentiated
        for one in range(2):
            alone = torch.zeros_like(step)
            alone[one] = step[one]
            with torch.no_grad():
                slope = (network(pictures + alone).sum() - network(pictures - alone).sum()) / 2e-5
            total[one] += slope**2
    torch.testing.assert_close(penalty, total, rtol=1e-6, atol=1e-8)
    weight = network.blocks[0].second.weight

    def of(values: Tensor) -> Tensor:
        network.blocks[0].second.weight = torch.nn.Parameter(values)
        scores = torch.func.functional_call(network, {"blocks.0.second.weight": values}, (pictures,))
        return squared_slopes(scores, pictures)

    assert torch.autograd.gradcheck(of, weight.detach().clone().requires_grad_())
    assert torch.autograd.gradgradcheck(network, pictures, atol=1e-4)


def test_path_length_is_that_of_the_jacobian_and_can_be_differentiated() -> None:
    network = Synthesis(1, 8, width=2, widest=2, style=3)
    styles = torch.randn(1, 3, 3, requires_grad=True)
    noises = network.draw_noise(1)
    torch.manual_seed(3)
    found = path_lengths(network(styles, noises), styles)
    torch.manual_seed(3)
    noise = torch.randn(64) / 8
    jacobian = torch.autograd.functional.jacobian(lambda w: network(w, noises).flatten(), styles).view(64, 3, 3)
    pulled = torch.einsum("p,pls->ls", noise, jacobian)
    torch.testing.assert_close(found, pulled.square().sum(1).mean().sqrt()[None])

    def of(given: Tensor) -> Tensor:
        torch.manual_seed(3)
        return path_lengths(network(given, noises), given)

    assert torch.autograd.gradcheck(of, styles)
    assert torch.autograd.gradgradcheck(lambda w: network(w, noises), styles, atol=1e-4)


def test_lazy_penalties_weigh_for_the_steps_between() -> None:
    for every in (1, 16):
        network = model(r1=0.5, r1_every=every)
        given = batch()
        loss = network.gradient_penalty(given)
        pictures = (given["inputs"].permute(0, 3, 1, 2) / 127.5 - 1).requires_grad_()
        slopes = torch.autograd.grad(network.discriminator(pictures).sum(), pictures)[0]
        torch.testing.assert_close(loss.total, every * 0.25 * slopes.square().sum())
    assert [(one.name, one.every) for one in model(path_length_every=8).objectives()] == [
        ("discriminator", 1),
        ("r1", 16),
        ("generator", 1),
        ("path_length", 8),
    ]
    assert [one.name for one in model(r1=0, path_length=0).objectives()] == ["discriminator", "generator"]


def test_path_penalty_is_about_the_moving_mean() -> None:
    network = model(path_length_share=0.5, path_length_every=4, path_length=3.0)
    network.train()
    lengths = []
    for step in range(3):
        torch.manual_seed(step)
        loss = network.path_penalty(batch())
        lengths.append(float(loss.measures["path_length"]))
        assert loss.count == 2
        assert loss.total > 0
    assert float(network.path_length) == pytest.approx(sum(lengths) / 3, rel=1e-9)
    network.paths_measured.fill_(1_000)  # much later what is new counts for a hundredth
    before = float(network.path_length)
    latest = float(network.path_penalty(batch()).measures["path_length"])
    assert float(network.path_length) == pytest.approx(0.99 * before + 0.01 * latest, rel=1e-9)


def test_discriminator_sees_real_and_drawn_as_if_apart() -> None:
    network = model().eval()
    given = batch()
    torch.manual_seed(5)
    loss = network.loss(given)
    torch.manual_seed(5)
    drawn = network.generator.synthesis(network.generator.mixed_styles(None, 4, 0.9))
    real = given["inputs"].permute(0, 3, 1, 2) / 127.5 - 1
    s = torch.sigmoid
    expected = -s(network.discriminator(real)).log().sum() - (1 - s(network.discriminator(drawn))).log().sum()
    torch.testing.assert_close(loss.total, expected)
    torch.manual_seed(5)
    torch.testing.assert_close(network.deceit(given).total, -s(network.discriminator(drawn)).log().sum())


def test_augmentation_watches_real_pictures_alone() -> None:
    network = model(augmentation=AdaptiveAugmentation(pictures=100, every=1))
    with torch.no_grad():
        network.discriminator.output.bias.fill_(100)  # everything looks real
    network.train()
    network.loss(batch())
    network.stepped()
    assert float(network.augmentation.p) == pytest.approx(0.04)  # type: ignore[union-attr]
    assert float(network.augmentation.overfitting) == 1  # type: ignore[union-attr]
    network.deceit(batch())  # of the generator nothing is observed
    network.stepped()
    assert float(network.augmentation.p) == pytest.approx(0.04)  # type: ignore[union-attr]


def test_what_is_drawn_comes_from_the_averaged_generator() -> None:
    network = model(half_life=8)
    network.train()
    network.average.seen += 10_000
    with torch.no_grad():
        for weight in network.generator.parameters():
            weight.add_(1)
    before = [weight.clone() for weight in network.average.parameters()]
    network.loss(batch(8))
    network.stepped()
    for old, new in zip(before, network.average.parameters(), strict=True):
        torch.testing.assert_close(new, old + 0.5)
    pictures = network.sample(torch.zeros(3, 4))
    assert pictures.min() >= 0
    assert pictures.max() <= 1


def test_classes_matter_to_both() -> None:
    network = model(classes=3).eval()
    z, labels = torch.randn(1, 4).expand(3, 4), torch.arange(3)
    torch.nn.init.normal_(network.averaged.mapping.embedding)
    first, second, third = network.averaged(z, labels, noises=[torch.zeros(1, 1, s, s) for s in (4, 8, 8)])
    assert not torch.allclose(first, second)
    assert not torch.allclose(second, third)
    given = batch(6, classes=3)
    assert torch.isfinite(network.loss(given).total)
    assert torch.isfinite(network.path_penalty(given).total)
    assert torch.isfinite(network.gradient_penalty(given).total)


def test_pictures_of_another_side_lie_in_the_middle_of_what_is_drawn() -> None:
    generator = Generator(Mapping(4, 2), Synthesis(1, 8, width=4, widest=4, style=4))
    network = StyleGAN(generator, Discriminator(1, 8, width=4, widest=4), side=5)
    pixels = torch.randint(256, (2, 5, 5, 1), dtype=torch.uint8)
    framed = network._framed(pixels)
    torch.testing.assert_close(framed[:, :, 1:6, 1:6], pixels.permute(0, 3, 1, 2) / 127.5 - 1)
    assert torch.equal(framed[:, :, 0], framed[:, :, 1])  # edges go on
    assert torch.equal(framed[..., 7], framed[..., 5])
    assert torch.equal(network.cut(framed), framed[:, :, 1:6, 1:6])
    assert network.sample(torch.zeros(2, 4)).shape == (2, 1, 5, 5)
