"""Pictures found again in what a generator can draw: styles whose picture is as near to a given one as can be.

Karras et al. 2020a, section 5; of each layer a w of its own, the space W+ of Abdal et al. 2019.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.models.gan import symmetric
from throughtime.models.stylegan.generator import repeated
from throughtime.models.stylegan.stylegan import StyleGAN

_CANDIDATES = 500  # w among which the nearest is where the descent begins
_RATE = 0.05


def project(model: StyleGAN, pixels: Tensor, labels: Tensor | None = None, steps: int = 300) -> Tensor:
    """Styles (B, layers, style) for pictures, drawn without noise by the averaged generator.

    Args:
        model: whose.
        pixels: (B, H, W, C) uint8.
        labels: (B,), where the model has classes.
        steps: of Adam.
    """
    generator, targets = model.averaged, symmetric(pixels)
    noises = [torch.zeros_like(noise) for noise in generator.synthesis.draw_noise(1)]

    def far(styles: Tensor) -> Tensor:
        return pyramid_distance(model.cut(generator.synthesis(styles, noises)), targets)

    with torch.no_grad():
        start = torch.stack(
            [
                _nearest(model, target[None], None if labels is None else labels[place], noises)
                for place, target in enumerate(targets)
            ]
        )
    with torch.enable_grad():
        styles = start.clone().requires_grad_()
        optimiser = torch.optim.Adam([styles], lr=_RATE)
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = _RATE * (1 + math.cos(math.pi * step / steps)) / 2
            (styles.grad,) = torch.autograd.grad(far(styles).sum(), styles)
            optimiser.step()
    return styles.detach()


def pyramid_distance(pictures: Tensor, targets: Tensor) -> Tensor:
    """(B,) the mean squared differences of pixels (B, C, H, W), and of means of 2 x 2, 4 x 4, ... of them, summed.

    Example:
        >>> pyramid_distance(torch.ones(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))  # of 8 x 8 and of 4 x 4 means
        tensor([2.])
    """
    difference = pictures - targets
    total = difference.square().mean((1, 2, 3))
    while min(difference.shape[2:]) >= 8:
        difference = F.avg_pool2d(difference, 2)
        total = total + difference.square().mean((1, 2, 3))
    return total


def _nearest(model: StyleGAN, target: Tensor, label: Tensor | None, noises: list[Tensor]) -> Tensor:
    """The styles (layers, style), one w for all layers, whose picture is nearest among many."""
    generator = model.averaged
    labels = None if label is None else label.expand(_CANDIDATES)
    w = generator.mapping(generator.draw_z(_CANDIDATES), labels)
    styles = repeated(w, len(generator.layer_sides))
    distances = [
        pyramid_distance(model.cut(generator.synthesis(part, noises)), target) for part in styles.tensor_split(10)
    ]
    return styles[int(torch.cat(distances).argmin())]
