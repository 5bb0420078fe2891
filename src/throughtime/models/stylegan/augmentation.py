"""Adaptive discriminator augmentation (Karras et al. 2020b).

The discriminator sees everything, real or drawn, disturbed in the same ways, as often as it takes to keep it from
learning a small training set by heart. Each disturbance happens to each picture with probability p, independently of
the others; as long as p is below about 0.8 the generator still learns to draw undisturbed ones.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# An orthonormal wavelet's low-pass filter (Daubechies 1992, the "least asymmetric" one of 6 vanishing moments): what is
# doubled and halved by it is exactly what it was, and what is moved in between neither blurs nor shimmers.
_WAVELET = (
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
)
_MARGIN = len(_WAVELET) // 4  # pixels around, which the filter reaches
_CENTRE = sum(place * value for place, value in enumerate(_WAVELET)) / math.sqrt(2) - (len(_WAVELET) / 2 - 1)
_OFFSET = 0.5 - _CENTRE  # of a pixel's two halves from their middle, in halves: the filter is not quite symmetrical


class AdaptiveAugmentation(nn.Module):
    """Disturbs pictures with probability p, and moves p until the discriminator's signs on real ones are at a target.

    Of the paper's disturbances those of its recommended set: mirroring, quarter turns, whole-pixel shifts, scaling,
    turns, stretching, fractional shifts; brightness, contrast, inversion of the luma, hue, saturation.

    Args:
        target: of r_t = E[sign D(real)]: 1 where all real pictures are known by heart, 0 where none is.
        pictures: shown while p goes from 0 to 1 at most.
        every: steps between two moves of p.

    Attributes:
        p: probability of each disturbance.
        overfitting: r_t, as it was when p last moved.

    Example:
        >>> augment = AdaptiveAugmentation()
        >>> pictures = torch.rand(2, 1, 8, 8)
        >>> augment(pictures) is pictures  # p is 0 in the beginning
        True
    """

    def __init__(self, target: float = 0.6, pictures: int = 500_000, every: int = 4) -> None:
        super().__init__()
        self.target, self.pictures, self.every = target, pictures, every
        for name in ("p", "overfitting", "signs"):
            self.register_buffer(name, torch.zeros(()))
        for name in ("seen", "steps"):
            self.register_buffer(name, torch.zeros((), dtype=torch.int64))
        self.p: Tensor
        self.overfitting: Tensor
        self.signs: Tensor
        self.seen: Tensor
        self.steps: Tensor

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, C, H, W) from -1 to 1 -> the same, disturbed; gradients pass through."""
        if not self.p:
            return pictures
        with torch.autocast(pictures.device.type, enabled=False):
            full = pictures.to(self.p.dtype)
            return recoloured(moved(turned(full, self.p), self.p), self.p)

    @torch.no_grad()
    def observe(self, scores: Tensor) -> None:
        """Take note of what the discriminator says of real pictures, (B,)."""
        self.signs += scores.sign().sum().to(self.signs)
        self.seen += len(scores)

    @torch.no_grad()
    def stepped(self) -> None:
        """A training step is done: every few of them p moves."""
        self.steps += 1
        if self.steps % self.every or not self.seen:
            return
        self.overfitting.copy_(self.signs / self.seen)
        self.p += torch.sign(self.overfitting - self.target) * (self.seen / self.pictures)
        self.p.clamp_(0, 1)
        self.signs.zero_()
        self.seen.zero_()


def turned(pictures: Tensor, p: Tensor) -> Tensor:
    """Mirrored, turned by quarters, shifted by up to an eighth in whole pixels: every pixel remains what it was."""
    count, side, like = len(pictures), pictures.shape[3], pictures.new_empty(len(pictures))
    mirror = 1 - 2 * torch.randint_like(like, 2)
    quarter = torch.randint_like(like, 4) * (math.pi / 2)
    shift = torch.rand(count, 2, device=like.device, dtype=like.dtype) * 2 - 1
    way = _sometimes(_scaling(mirror, torch.ones_like(mirror)), p)
    way = way @ _sometimes(_rotation(quarter), p)
    way = way @ _sometimes(_translation(torch.round(shift * side / 8) * (2 / side)), p)
    return F.grid_sample(pictures, _places(way, side), "nearest", "reflection", align_corners=False)


def moved(pictures: Tensor, p: Tensor) -> Tensor:
    """Scaled, turned, stretched and shifted by any amount, at twice the resolution."""
    side, like = pictures.shape[3], pictures.new_empty(len(pictures))
    deviation = 0.2 * math.log(2)
    larger, longer = (torch.exp(torch.randn_like(like) * deviation) for _ in range(2))
    before, after = ((torch.rand_like(like) * 2 - 1) * math.pi for _ in range(2))
    shift = torch.randn(len(like), 2, device=like.device, dtype=like.dtype) / 8
    # two turns, either of them with such a probability that one happens with p
    turn = 1 - (1 - p).sqrt()
    way = _sometimes(_scaling(larger, larger), p)
    way = way @ _sometimes(_rotation(before), turn)
    way = way @ _sometimes(_scaling(longer, 1 / longer), p)
    way = way @ _sometimes(_rotation(after), turn)
    way = way @ _sometimes(_translation(2 * shift), p)
    places = _places(way, 2 * side, 2 * _MARGIN, _OFFSET)
    return _halved(F.grid_sample(_doubled(pictures), places, "bilinear", "reflection", align_corners=False))


def recoloured(pictures: Tensor, p: Tensor) -> Tensor:
    """Brightness, contrast, inversion of the luma; of colours also hue and saturation."""
    like = pictures.new_empty(len(pictures))
    brighter = torch.where(torch.rand_like(like) < p, torch.randn_like(like) * 0.2, 0)
    contrast = torch.exp(torch.where(torch.rand_like(like) < p, torch.randn_like(like) * (0.5 * math.log(2)), 0))
    inverted = torch.where(torch.rand_like(like) < p, torch.randint_like(like, 2) * 2 - 1, 1)
    # brightness comes first in the paper, so that it is scaled and inverted too
    brighter = (brighter * contrast * inverted)[:, None, None, None]
    if pictures.shape[1] == 1:
        return pictures * (contrast * inverted)[:, None, None, None] + brighter
    hue = torch.where(torch.rand_like(like) < p, (torch.rand_like(like) * 2 - 1) * math.pi, 0)
    colourful = torch.exp(torch.where(torch.rand_like(like) < p, torch.randn_like(like) * math.log(2), 0))
    luma = torch.full((3, 3), 1 / 3, device=like.device, dtype=like.dtype)  # the projection on the grey axis
    chroma = torch.eye(3, device=like.device, dtype=like.dtype) - luma
    across = luma.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)  # a quarter turn about that axis
    cosine, sine = (colourful * hue.cos())[:, None, None], (colourful * hue.sin())[:, None, None]
    colours = contrast[:, None, None] * (inverted[:, None, None] * luma + cosine * chroma + sine * across)
    return torch.einsum("bij,bjhw->bihw", colours, pictures) + brighter


def _sometimes(matrices: Tensor, p: Tensor) -> Tensor:
    """(B, 3, 3), each with probability p, else the identity."""
    chosen = torch.rand(len(matrices), 1, 1, device=matrices.device, dtype=matrices.dtype) < p
    return torch.where(chosen, matrices, torch.eye(3, device=matrices.device, dtype=matrices.dtype))


def _matrix(rows: list[list[Tensor]]) -> Tensor:
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def _scaling(across: Tensor, down: Tensor) -> Tensor:
    none, one = torch.zeros_like(across), torch.ones_like(across)
    return _matrix([[across, none, none], [none, down, none], [none, none, one]])


def _rotation(angle: Tensor) -> Tensor:
    none, one = torch.zeros_like(angle), torch.ones_like(angle)
    return _matrix([[angle.cos(), -angle.sin(), none], [angle.sin(), angle.cos(), none], [none, none, one]])


def _translation(shift: Tensor) -> Tensor:
    """By (B, 2), in halves of a side."""
    across, down = shift.unbind(1)
    none, one = torch.zeros_like(across), torch.ones_like(across)
    return _matrix([[one, none, across], [none, one, down], [none, none, one]])


def _places(way: Tensor, side: int, margin: int = 0, offset: float = 0.0) -> Tensor:
    """Where each pixel of the result lies in the picture that is sampled: (B, side + 2 margin, side + 2 margin, 2).

    Args:
        way: (B, 3, 3), from places in the result to places in the picture, both from -1 to 1 without margins.
        side: of both, in pixels.
        margin: pixels around both.
        offset: of each pixel from where it seems to lie.
    """
    steps = torch.arange(-margin, side + margin, device=way.device, dtype=way.dtype)
    line = 2 * (steps + 0.5 + offset) / side - 1
    down, across = torch.meshgrid(line, line, indexing="ij")
    places = torch.stack([across, down, torch.ones_like(down)], dim=-1).view(1, -1, 3)
    found = (places @ way.transpose(1, 2))[..., :2] - 2 * offset / side
    # of what is sampled the margins are part
    return (found * (side / (side + 2 * margin))).view(len(way), len(line), len(line), 2)


def _doubled(pictures: Tensor) -> Tensor:
    """(B, C, S, S), mirrored at the edges -> (B, C, 2 S + 4 margins, 2 S + 4 margins)."""
    side, taps = pictures.shape[3], len(_WAVELET)
    places = torch.arange(-2 * _MARGIN, side + 2 * _MARGIN, device=pictures.device)
    places = torch.where(places < 0, -1 - places, places)
    places = torch.where(places >= side, 2 * side - 1 - places, places)
    doubled = pictures[:, :, places][:, :, :, places].flatten(0, 1)[:, None]
    filters = pictures.new_tensor(_WAVELET)
    doubled = F.conv_transpose2d(doubled, filters.view(1, 1, taps, 1), stride=(2, 1), padding=(taps - 1, 0))
    doubled = F.conv_transpose2d(doubled, filters.view(1, 1, 1, taps), stride=(1, 2), padding=(0, taps - 1))
    return doubled.view(*pictures.shape[:2], *doubled.shape[2:])


def _halved(pictures: Tensor) -> Tensor:
    """(B, C, 2 S + 4 margins, 2 S + 4 margins) -> (B, C, S, S)."""
    taps = len(_WAVELET)
    cut = slice(1, -1)  # what the filter does not reach of the margins
    halved = pictures[:, :, cut, cut].flatten(0, 1)[:, None]
    filters = pictures.new_tensor(_WAVELET)
    halved = F.conv2d(halved, filters.view(1, 1, taps, 1), stride=(2, 1))
    halved = F.conv2d(halved, filters.view(1, 1, 1, taps), stride=(1, 2))
    return halved.view(*pictures.shape[:2], *halved.shape[2:])
