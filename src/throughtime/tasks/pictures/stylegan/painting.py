"""From styles to pictures: sheets, and the frames of a film."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from throughtime.tasks.pictures import grids

if TYPE_CHECKING:
    from torch import Tensor

    from throughtime.models.stylegan import StyleGAN

_PIXELS = 2**18  # drawn at a time


def paint(model: StyleGAN, styles: Tensor, seed: int, noise: Literal["own", "shared", "none"]) -> np.ndarray:
    """Pictures (N, H, W, C) uint8 of styles (N, layers, style).

    Args:
        model: whose averaged generator draws.
        styles: of each layer.
        seed: of the noise, which is the same on every device.
        noise: each picture has its own; all have the same, so that they differ in style alone; or there is none.
    """
    import torch

    from throughtime.models.stylegan.stylegan import positive

    synthesis, random = model.averaged.synthesis, torch.Generator().manual_seed(seed)
    shared = [one * (noise == "shared") for one in synthesis.draw_noise(1, random)]
    made = []
    with torch.no_grad():
        for part in styles.tensor_split(math.ceil(len(styles) * synthesis.sides[-1] ** 2 / _PIXELS)):
            noises = synthesis.draw_noise(len(part), random) if noise == "own" else shared
            made.append(positive(model.cut(synthesis(part, noises))).float().cpu().numpy())
    return grids.to_bytes(np.concatenate(made))


def mixed(coarse: Tensor, fine: Tensor, layers: int) -> Tensor:
    """The first layers of each of (R, L, S) with the other layers of each of (C, L, S): (R C, L, S), row by row."""
    import torch

    rows, columns = len(coarse), len(fine)
    first = coarse[:, None, :layers].expand(-1, columns, -1, -1)
    rest = fine[None, :, layers:].expand(rows, -1, -1, -1)
    return torch.cat([first, rest], dim=2).flatten(0, 1)


def mixing_sheet(sources: np.ndarray, lenders: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Rows of a sheet: an empty place and the lenders (C, ...), then each source and what was made of it (R C, ...)."""
    empty = np.full_like(sources[:1], 128)
    rows = made.reshape(len(sources), len(lenders), *made.shape[1:])
    lines = [np.concatenate([source[None], row]) for source, row in zip(sources, rows, strict=True)]
    return np.concatenate([empty, lenders, *lines])


def between(first: Tensor, second: Tensor, steps: int) -> Tensor:
    """Styles on the straight lines from (N, L, S) to (N, L, S), both included: (N steps, L, S), row by row."""
    import torch

    share = torch.linspace(0, 1, steps, dtype=first.dtype, device=first.device)[None, :, None, None]
    return torch.lerp(first[:, None], second[:, None], share).flatten(0, 1)


def circle(first: np.ndarray, second: np.ndarray, frames: int) -> Iterator[np.ndarray]:
    """Ways (N, Z) from one chance over another and back to where they began: as normal as both, at one speed."""
    for frame in range(frames):
        angle = 2 * math.pi * frame / frames
        yield (math.cos(angle) * first + math.sin(angle) * second).astype(np.float32)
