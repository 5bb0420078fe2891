"""The generator: a mapping network, and a synthesis network that it gives the styles."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn

from throughtime.models.stylegan.mapping import Mapping
from throughtime.models.stylegan.synthesis import Synthesis


class Generator(nn.Module):
    """z -> w -> a picture.

    Args:
        mapping: z -> w.
        synthesis: a w for each layer -> a picture.
    """

    def __init__(self, mapping: Mapping, synthesis: Synthesis) -> None:
        super().__init__()
        self.mapping, self.synthesis = mapping, synthesis

    @property
    def layer_sides(self) -> list[int]:
        """The resolution of each layer that takes a style."""
        return self.synthesis.layer_sides

    def draw_z(self, count: int) -> Tensor:
        """(count, style) of N(0, 1)."""
        like = self.synthesis.constant
        return torch.randn(count, self.mapping.style, device=like.device, dtype=like.dtype)

    def mixed_styles(self, labels: Tensor | None, count: int, mixing: float) -> Tensor:
        """Styles (count, layers, style) for training: of some pictures the later layers follow another z, so that
        layers do not lean on each other (Karras et al. 2019, section 3.1).

        Args:
            labels: (count,), of the pictures that are to be drawn.
            count: B.
            mixing: probability that a picture has two styles; the crossover is anywhere.
        """
        layers = len(self.layer_sides)
        first = self.mapping(self.draw_z(count), labels)
        if self.training:
            self.mapping.watch(first, labels)
        if not mixing:
            return repeated(first, layers)
        second = self.mapping(self.draw_z(count), labels)
        crossover = torch.randint(1, layers, (count, 1), device=first.device)
        alone = torch.rand(count, 1, device=first.device) >= mixing
        from_first = (torch.arange(layers, device=first.device) < crossover) | alone
        return torch.where(from_first[:, :, None], first[:, None], second[:, None])

    def styles(
        self, z: Tensor, labels: Tensor | None = None, psi: float = 1.0, psi_sides: Collection[int] | None = None
    ) -> Tensor:
        """Styles (B, layers, style), truncated at chosen resolutions.

        Args:
            z: (B, style).
            labels: (B,) where there are classes.
            psi: 1: not truncated; 0: the mean.
            psi_sides: the resolutions; None: all.
        """
        w = self.mapping(z, labels)
        near = self.mapping.truncated(w, labels, psi)
        chosen = [psi_sides is None or side in psi_sides for side in self.layer_sides]
        return torch.stack([near if one else w for one in chosen], dim=1)

    def forward(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        *,
        psi: float = 1.0,
        psi_sides: Collection[int] | None = None,
        noises: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Pictures (B, C, H, W), about -1 to 1; arguments as those of `styles` and of `Synthesis`."""
        pictures: Tensor = self.synthesis(self.styles(z, labels, psi, psi_sides), noises)
        return pictures


def repeated(w: Tensor, layers: int) -> Tensor:
    """The same w (B, style) for all layers: (B, layers, style)."""
    return w[:, None].expand(-1, layers, -1)
