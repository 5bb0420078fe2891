"""The networks of StyleGAN against plain loops: modulation, resampling, truncation, averages."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from throughtime.models.stylegan import Discriminator, Generator, Mapping, Synthesis
from throughtime.models.stylegan.equalised import EqualisedConv2d, EqualisedLinear
from throughtime.models.stylegan.modulation import ModulatedConv2d
from throughtime.models.stylegan.resampling import downsample, upsample


@pytest.fixture(autouse=True)
def double() -> object:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def spread(picture: Tensor) -> Tensor:
    """(C, H, W) with zeros between its pixels: (C, 2 H - 1, 2 W - 1)."""
    channels, height, width = picture.shape
    wide = torch.zeros(channels, 2 * height - 1, 2 * width - 1)
    wide[:, ::2, ::2] = picture
    return wide


def binomial() -> Tensor:
    line = torch.tensor([1, 3, 3, 1]) / 8
    return torch.outer(line, line)


def of_one_picture(layer: ModulatedConv2d, inputs: Tensor, style: Tensor) -> Tensor:
    """As the paper writes it: weights of this picture, modulated, demodulated, then a plain convolution."""
    scales = style @ layer.affine.weight.T / style.numel() ** 0.5 + layer.affine.bias
    weight = layer.weight / (layer.weight[0].numel() ** 0.5) * scales[None, :, None, None]
    if layer.demodulate:
        weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
    outputs, kernel = len(weight), weight.shape[2]
    if layer.up:
        # zeros between the pixels, the weights the other way round, then the filter on each channel
        wide = F.conv2d(F.pad(spread(inputs), [kernel - 1] * 4)[None], weight.flip(2, 3))
        smooth = 4 * binomial().expand(outputs, 1, 4, 4)
        convolved = F.conv2d(wide, smooth, padding=(5 - kernel) // 2, groups=outputs)[0]
    else:
        convolved = F.conv2d(inputs[None], weight, padding=kernel // 2)[0]
    return layer.gain * (convolved + layer.bias[:, None, None])


@pytest.mark.parametrize(("kernel", "up", "demodulate"), [(3, False, True), (3, True, True), (1, False, False)])
def test_modulation_equals_a_loop_over_pictures(kernel: int, up: bool, demodulate: bool) -> None:
    layer = ModulatedConv2d(3, 4, kernel, style=5, up=up, demodulate=demodulate, gain=1.5)
    nn.init.normal_(layer.bias)
    inputs, styles = torch.randn(3, 3, 6, 6), torch.randn(3, 5)
    found = layer(inputs, styles)
    expected = [of_one_picture(layer, one, style) for one, style in zip(inputs, styles, strict=True)]
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-12, atol=1e-12)
    if demodulate:  # of inputs of variance 1 come outputs of variance 1.5^2, whatever the style
        many = layer(torch.randn(2, 3, 200, 200), 10 * torch.randn(2, 5)) - 1.5 * layer.bias[:, None, None]
        assert up or torch.allclose(many.std((0, 2, 3)), torch.tensor(1.5), rtol=0.05)


@pytest.mark.parametrize("up", [False, True])
def test_modulation_can_be_differentiated_twice(up: bool) -> None:
    layer = ModulatedConv2d(2, 2, 3, style=2, up=up)
    inputs, styles = torch.randn(2, 2, 3, 3, requires_grad=True), torch.randn(2, 2, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (inputs, styles))
    assert torch.autograd.gradgradcheck(layer, (inputs, styles))


def test_resampling_is_the_binomial_filter() -> None:
    picture = torch.randn(2, 6, 4)
    padded = F.pad(picture, [1] * 4)
    for row, column in ((0, 0), (1, 1), (2, 0)):
        corner = padded[:, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
        torch.testing.assert_close(downsample(picture[None])[0, :, row, column], (corner * binomial()).sum((1, 2)))
    # doubling is halving's transpose, four times
    small = torch.randn(2, 3, 2)
    left, right = (upsample(small[None])[0] * picture).sum(), 4 * (downsample(picture[None])[0] * small).sum()
    torch.testing.assert_close(left, right)


@torch.no_grad()
def test_equalised_layers_keep_the_variance_whatever_the_multiplier() -> None:
    inputs = torch.randn(2_000, 50)
    for multiplier in (1.0, 0.01):
        layer = EqualisedLinear(50, 40, multiplier=multiplier, bias=3.0)
        outputs = layer(inputs)
        assert outputs.std(0).mean() == pytest.approx(1, rel=0.1)
        assert outputs.mean() == pytest.approx(3, abs=0.1)
        # what is stored is larger by as much as steps are to be smaller
        assert layer.weight.std() == pytest.approx(1 / multiplier, rel=0.05)
    picture = EqualisedConv2d(8, 30, 3)(torch.randn(4, 8, 30, 30))[:, :, 1:-1, 1:-1]
    assert picture.std() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("colours", [1, 3])
def test_order_of_memory_does_not_change_values(colours: int) -> None:
    network = Discriminator(colours, 16, width=4, widest=8)
    pictures = torch.randn(4, colours, 16, 16)
    scores = network(pictures)
    for module in network.modules():
        if isinstance(module, EqualisedConv2d):
            module.weight.data = module.weight.data.contiguous()
    torch.testing.assert_close(network(pictures.contiguous()), scores, rtol=1e-12, atol=1e-12)
    assert network.blocks[0](torch.zeros(2, 4, 16, 16)).shape == (2, 8, 8, 8)


def test_all_layers_of_the_discriminator_are_channels_last() -> None:
    orders = []

    def note(module: nn.Module, given: tuple[Tensor], output: Tensor) -> None:
        orders.append(output.is_contiguous(memory_format=torch.channels_last))

    for colours in (1, 3):
        network = Discriminator(colours, 16, width=4, widest=8)
        for module in network.modules():
            if isinstance(module, EqualisedConv2d):
                module.register_forward_hook(note)
        network(torch.randn(4, colours, 16, 16))
    assert orders == [True] * 2 * 8


def generator(classes: int = 0) -> Generator:
    return Generator(Mapping(6, 3, classes), Synthesis(1, 16, width=4, widest=8, style=6))


def test_truncation_is_towards_the_mean_of_the_class_at_chosen_resolutions() -> None:
    network = generator(classes=2)
    nn.init.normal_(network.mapping.mean)
    z, labels = network.draw_z(3), torch.tensor([0, 1, 1])
    whole, near = network.styles(z, labels), network.styles(z, labels, psi=0.25, psi_sides=[4, 16])
    assert network.layer_sides == [4, 8, 8, 16, 16]
    mean = network.mapping.mean[labels]
    for layer in (0, 3, 4):
        torch.testing.assert_close(near[:, layer] - mean, 0.25 * (whole[:, layer] - mean))
    torch.testing.assert_close(near[:, 1:3], whole[:, 1:3])


def test_mean_of_w_comes_to_be_that_of_the_mapping() -> None:
    mapping = Mapping(4, 2, classes=3)
    with torch.no_grad():
        for _ in range(400):
            labels = torch.randint(2, (64,))  # the third class is never seen
            mapping.watch(mapping(torch.randn(64, 4), labels), labels)
        for label in (0, 1):
            many = mapping(torch.randn(20_000, 4), torch.full((20_000,), label)).mean(0)
            torch.testing.assert_close(mapping.mean[label], many, rtol=0, atol=0.15)
            assert (mapping.mean[label] - mapping.mean[1 - label]).abs().max() > 0.3
    assert not mapping.mean[2].any()


def test_mixed_styles_are_of_two_z_with_one_crossover() -> None:
    network = generator()
    styles = network.mixed_styles(None, 2_000, mixing=0.9)
    same_as_first = (styles == styles[:, :1]).all(2)
    assert (same_as_first.int().diff(dim=1) <= 0).all()  # never back again
    lengths = same_as_first.sum(1)
    assert torch.bincount(lengths, minlength=6)[1:].tolist() == pytest.approx([450, 450, 450, 450, 200], abs=75)


def test_noise_moves_a_picture_by_its_strength_alone() -> None:
    network = generator().synthesis
    styles = torch.randn(2, 5, 6)
    assert torch.equal(network(styles), network(styles))  # its strength is 0 in the beginning
    nn.init.constant_(network.layers[4].strength, 0.5)
    noises = network.draw_noise(1)
    assert torch.equal(network(styles, noises), network(styles, noises))
    assert not torch.allclose(network(styles), network(styles))


@pytest.mark.parametrize("side", [4, 12, 28])
def test_sides_are_powers_of_two(side: int) -> None:
    with pytest.raises(ValueError, match=f"found pictures of {side} pixels a side, expected a power of two from 8"):
        Synthesis(1, side, width=4, widest=8, style=6)


def test_score_is_of_the_class() -> None:
    network = Discriminator(1, 8, width=4, widest=8, classes=3)
    pictures = torch.randn(3, 1, 8, 8)
    first, second = network(pictures, torch.tensor([0, 0, 0])), network(pictures, torch.tensor([0, 1, 2]))
    assert first[0] == second[0]
    assert (first[1:] != second[1:]).all()
