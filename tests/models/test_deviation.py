"""How much a group of pictures differs, as a discriminator sees it."""

from __future__ import annotations

import torch
from torch import nn

from throughtime.models.parts.deviation import GroupDeviation, deviations
from throughtime.models.parts.drawing import PictureCritic
from throughtime.models.stylegan import Discriminator


def test_groups_do_not_mix_sets() -> None:
    features = torch.randn(12, 3, 4, 4)
    of_both = deviations(features, sets=2)
    torch.testing.assert_close(of_both, torch.cat([deviations(features[:6]), deviations(features[6:])]))
    group = features[:3]  # 6 pictures: groups of 3
    expected = (group.var(0, correction=0) + 1e-8).sqrt().mean()
    torch.testing.assert_close(of_both[:3], expected.expand(3, 1, 4, 4))
    assert not torch.allclose(of_both[3, 0, 0, 0], expected)
    # a set that is not divided by 4, 3 or 2 is one group, not groups of one that have no deviation
    assert (deviations(features[:5]) > 0.5).all()


def test_evaluated_a_picture_is_judged_by_itself() -> None:
    torch.manual_seed(0)
    pictures = torch.randn(5, 1, 8, 8)
    networks: list[nn.Module] = [Discriminator(1, 8, width=4, widest=8), PictureCritic("dcgan", 1, 8, width=4)]
    for network in networks:
        for _ in range(3):
            network(torch.randn(8, 1, 8, 8), sets=2)
        in_training = network(pictures)
        assert not torch.allclose(in_training[:1], network(pictures[:1]))
        network.eval()
        alone = torch.cat([network(picture[None]) for picture in pictures])
        torch.testing.assert_close(network(pictures), alone)


def test_what_is_usual_follows_the_real_pictures_alone() -> None:
    layer = GroupDeviation()
    real, generated = torch.tensor([0.0, 2.0]).repeat(2).view(4, 1, 1, 1), torch.zeros(4, 1, 1, 1)
    for _ in range(2000):
        layer(torch.cat([real, generated]), sets=2)
        layer(generated)
    torch.testing.assert_close(layer.usual, torch.tensor(1.0))
    assert layer.eval()(generated)[:, 1].flatten().tolist() == [layer.usual.item()] * 4
