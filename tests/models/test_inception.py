"""Inception v3 against what is published of it, and its blocks against the paper's figures written out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from throughtime.models.inception import CLASSES, FEATURES, Inception, Mixed, bilinear


def test_it_has_as_many_weights_and_does_as_many_products_as_is_published() -> None:
    """Torchvision's documentation: 23.8 million weights without the auxiliary head, and 5.71e9 products."""
    with torch.device("meta"):
        network = Inception().eval()
    products = 0

    def count(layer: nn.Module, _: object, outputs: Tensor) -> None:
        nonlocal products
        assert isinstance(layer, nn.Conv2d)
        products += outputs.numel() * layer.weight[0].numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.no_grad():
        found = network(torch.zeros(1, 3, 299, 299, device="meta"))
    assert found.shape == (1, FEATURES)
    assert sum(weight.numel() for weight in network.parameters()) == 23_834_568 - 1000 * (FEATURES + 1)
    assert products + 1000 * FEATURES == pytest.approx(5.713e9, rel=1e-3)
    assert CLASSES == 1008


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Conv2d_1a_3x3.conv.weight", (32, 3, 3, 3)),
        ("Mixed_5b.branch_pool.conv.weight", (32, 192, 1, 1)),
        ("Mixed_5d.branch5x5_2.conv.weight", (64, 48, 5, 5)),
        ("Mixed_6a.branch3x3.conv.weight", (384, 288, 3, 3)),
        ("Mixed_6b.branch7x7_2.conv.weight", (128, 128, 1, 7)),
        ("Mixed_6e.branch7x7dbl_2.conv.weight", (192, 192, 7, 1)),
        ("Mixed_7a.branch7x7x3_4.bn.running_var", (192,)),
        ("Mixed_7c.branch3x3dbl_3b.conv.weight", (384, 384, 3, 1)),
    ],
)
def test_its_tensors_are_called_as_in_the_files(name: str, shape: tuple[int, ...]) -> None:
    with torch.device("meta"):
        assert tuple(Inception().state_dict()[name].shape) == shape


Apply = Callable[..., Tensor]


def fives(at: Apply, x: Tensor) -> list[Tensor]:
    twice = at("branch3x3dbl_3", at("branch3x3dbl_2", at("branch3x3dbl_1", x), 1), 1)
    mean = F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1) / F.avg_pool2d(F.pad(torch.ones_like(x), (1, 1, 1, 1)), 3, 1)
    return [at("branch1x1", x), at("branch5x5_2", at("branch5x5_1", x), 2), twice, at("branch_pool", mean)]


def first_half(at: Apply, x: Tensor) -> list[Tensor]:
    twice = at("branch3x3dbl_3", at("branch3x3dbl_2", at("branch3x3dbl_1", x), 1), stride=2)
    return [at("branch3x3", x, stride=2), twice, F.max_pool2d(x, 3, 2)]


def sevens(at: Apply, x: Tensor) -> list[Tensor]:
    once = at("branch7x7_3", at("branch7x7_2", at("branch7x7_1", x), (0, 3)), (3, 0))
    twice = at("branch7x7dbl_3", at("branch7x7dbl_2", at("branch7x7dbl_1", x), (3, 0)), (0, 3))
    twice = at("branch7x7dbl_5", at("branch7x7dbl_4", twice, (3, 0)), (0, 3))
    mean = F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1) / F.avg_pool2d(F.pad(torch.ones_like(x), (1, 1, 1, 1)), 3, 1)
    return [at("branch1x1", x), once, twice, at("branch_pool", mean)]


def second_half(at: Apply, x: Tensor) -> list[Tensor]:
    seven = at("branch7x7x3_3", at("branch7x7x3_2", at("branch7x7x3_1", x), (0, 3)), (3, 0))
    once = at("branch3x3_2", at("branch3x3_1", x), stride=2)
    return [once, at("branch7x7x3_4", seven, stride=2), F.max_pool2d(x, 3, 2)]


def last(at: Apply, x: Tensor) -> list[Tensor]:
    once, twice = at("branch3x3_1", x), at("branch3x3dbl_2", at("branch3x3dbl_1", x), 1)
    split = [at("branch3x3_2a", once, (0, 1)), at("branch3x3_2b", once, (1, 0))]
    split += [at("branch3x3dbl_3a", twice, (0, 1)), at("branch3x3dbl_3b", twice, (1, 0))]
    largest = F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=-torch.inf), 3, 1)
    return [at("branch1x1", x), *split, at("branch_pool", largest)]


@pytest.mark.parametrize(
    ("name", "channels", "figure"),
    [
        ("Mixed_5c", 256, fives),
        ("Mixed_6a", 288, first_half),
        ("Mixed_6c", 768, sevens),
        ("Mixed_7a", 768, second_half),
        ("Mixed_7c", 2048, last),
    ],
)
def test_a_block_is_what_the_figure_shows(
    name: str, channels: int, figure: Callable[[Apply, Tensor], list[Tensor]]
) -> None:
    torch.manual_seed(0)
    with torch.device("meta"):
        block = Inception().eval().get_submodule(name)
    assert isinstance(block, Mixed)
    block.to_empty(device="cpu")
    for tensor in block.state_dict().values():
        tensor.copy_(
            torch.rand(tensor.shape) * (0.02 if tensor.ndim == 4 else 1) + (0.5 if tensor.ndim == 1 else -0.01)
        )
    weights = block.state_dict()

    def at(layer: str, x: Tensor, padding: int | tuple[int, int] = 0, stride: int = 1) -> Tensor:
        x = F.conv2d(x, weights[f"{layer}.conv.weight"], stride=stride, padding=padding)
        mean, variance, gain, bias = (
            weights[f"{layer}.bn.{one}"][:, None, None] for one in ("running_mean", "running_var", "weight", "bias")
        )
        return ((x - mean) / (variance + 1e-3).sqrt() * gain + bias).clamp_min(0)

    inputs = torch.randn(2, channels, 7, 8)
    with torch.no_grad():
        torch.testing.assert_close(block(inputs), torch.cat(figure(at, inputs), 1), rtol=1e-4, atol=1e-4)


def test_pictures_are_enlarged_from_the_corner_as_tensorflow_did() -> None:
    """Its documentation's legacy scaling: pixel i of the new picture lies at i H / H' of the old one."""
    picture = torch.tensor([[0.0, 10.0, 40.0], [100.0, 110.0, 140.0]])[None, None]
    enlarged = bilinear(picture, 6)[0, 0]
    across = torch.tensor([0.0, 5.0, 10.0, 25.0, 40.0, 40.0])
    down = torch.tensor([0.0, 100 / 3, 200 / 3, 100.0, 100.0, 100.0])
    torch.testing.assert_close(enlarged, down[:, None] + across)
    torch.testing.assert_close(bilinear(picture[..., :2], 2), picture[..., :2])
    reduced = bilinear(torch.arange(64.0).view(1, 1, 8, 8), 4)[0, 0]
    torch.testing.assert_close(reduced, torch.arange(64.0).view(8, 8)[::2, ::2])
