"""A moving average of a network's weights, which draws better pictures than the network itself."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

_RAMP = 0.05  # the half-life is at most this share of what has been seen, so that the beginning is forgotten


class ExponentialAverage(nn.Module):
    """A copy of a network, whose weights follow those of the network.

    What is older counts half as much for each half-life (Karras et al. 2018, in pictures as Karras et al. 2020 count).

    Args:
        network: copied.
        half_life: in pictures.

    Example:
        >>> network = nn.Linear(1, 1, bias=False)
        >>> average = ExponentialAverage(network, half_life=4)
        >>> before = average.network.weight.item()
        >>> _ = nn.init.constant_(network.weight, before + 1)
        >>> average.seen += 1000  # long after the beginning
        >>> average.follow(network, pictures=4)
        >>> round(average.network.weight.item() - before, 6)
        0.5
    """

    def __init__(self, network: nn.Module, half_life: float) -> None:
        super().__init__()
        self.network = deepcopy(network).requires_grad_(False).eval()
        self.half_life = half_life
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        if TYPE_CHECKING:
            self.seen: Tensor

    @torch.no_grad()
    def follow(self, network: nn.Module, pictures: int) -> None:
        """Take a step towards the network, which has learned from so many more pictures."""
        self.seen += pictures
        share = 0.5 ** (pictures / min(self.half_life, _RAMP * float(self.seen)))
        own: list[Tensor] = [*self.network.parameters()]
        others: list[Tensor] = [*network.parameters()]
        torch._foreach_lerp_(own, others, 1 - share)
        for mine, other in zip(self.network.buffers(), network.buffers(), strict=True):
            # of statistics the mean; of counters the present value
            mine.lerp_(other, 1 - share) if mine.is_floating_point() else mine.copy_(other)

    def train(self, mode: bool = True) -> ExponentialAverage:
        """It never learns by itself: it stays as it is evaluated."""
        return super().train(False)

    def forward(self, *given: Any) -> Any:
        """What the average network makes of it."""
        return self.network(*given)
