"""The mapping network: from a normally distributed z to a w in which what varies lies apart (Karras et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from throughtime.models.stylegan.equalised import ROOT2, EqualisedLinear, activate

_MULTIPLIER = 0.01  # of the learning rate: the mapping would be unstable at that of the other layers
_KEPT = 0.998  # of the mean of w for each picture that is seen
_EPSILON = 1e-8


class Mapping(nn.Module):
    """z, of length 1 a number, and where there are classes the label's embedding -> w, by dense layers.

    Args:
        style: numbers of z and of w.
        layers: dense layers.
        classes: 0: labels are not known, or not used.

    Attributes:
        mean: (classes or 1, style) moving mean of w for each class, towards which w is truncated.
    """

    def __init__(self, style: int, layers: int = 8, classes: int = 0) -> None:
        super().__init__()
        self.style, self.classes = style, classes
        self.embedding = nn.Parameter(torch.randn(classes, style)) if classes else None
        sizes = [style * 2 if classes else style] + [style] * layers
        self.layers = nn.ModuleList(
            EqualisedLinear(inputs, style, multiplier=_MULTIPLIER, gain=ROOT2) for inputs in sizes[:-1]
        )
        self.register_buffer("mean", torch.zeros(max(1, classes), style))
        self.mean: Tensor

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """w (B, style) of z (B, style) and labels (B,) int64, which are needed where there are classes."""
        w = normalised(z)
        if self.embedding is not None:
            assert labels is not None
            w = torch.cat([w, normalised(self.embedding[labels])], dim=1)
        for layer in self.layers:
            w = activate(layer(w))
        return w

    @torch.no_grad()
    def watch(self, w: Tensor, labels: Tensor | None) -> None:
        """Take the w (B, style) of a batch into the moving means."""
        rows = self._rows(w, labels)
        counts = torch.bincount(rows, minlength=len(self.mean))[:, None].to(self.mean)
        sums = torch.zeros_like(self.mean).index_add_(0, rows, w.to(self.mean))
        # of a class that is not in the batch all is kept
        self.mean.lerp_(sums / counts.clamp_min(1), 1 - _KEPT**counts)

    def truncated(self, w: Tensor, labels: Tensor | None, psi: float) -> Tensor:
        """w' = mean + psi (w - mean): below 1 nearer to the mean of the class, where pictures are usual and good."""
        mean = self.mean[self._rows(w, labels)]
        return mean + psi * (w - mean)

    def _rows(self, w: Tensor, labels: Tensor | None) -> Tensor:
        if labels is not None and self.classes:
            return labels
        return torch.zeros(len(w), dtype=torch.int64, device=w.device)


def normalised(vectors: Tensor) -> Tensor:
    """Vectors (B, L) of mean square 1."""
    return vectors * (vectors.square().mean(1, keepdim=True) + _EPSILON).rsqrt()
