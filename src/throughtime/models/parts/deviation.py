"""How much pictures of a group differ from each other, as a feature: that generated ones are all alike can be seen."""

from __future__ import annotations

import torch
from torch import Tensor, nn

GROUP = 4  # pictures
_FOLLOWED = 0.01  # share of a batch in what is usual


class GroupDeviation(nn.Module):
    """Puts the mean deviation over a group of pictures beside their features, as one more channel (Karras et al. 2018).

    In training a picture is judged in its group. Evaluated, what is said of a picture shall not depend on the others
    that happen to be asked about: then the channel is what it usually was for real pictures.

    Attributes:
        usual: moving mean of the deviation of real pictures.

    Example:
        >>> GroupDeviation()(torch.zeros(8, 3, 4, 4), sets=2).shape
        torch.Size([8, 4, 4, 4])
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("usual", torch.zeros(()))
        self.usual: Tensor

    def forward(self, features: Tensor, sets: int = 1) -> Tensor:
        """(B, C, H, W) -> (B, C + 1, H, W).

        Args:
            features: one set after the other.
            sets: how many; where there are several, the first is of real pictures.
        """
        if self.training:
            spread = deviations(features, sets)
            if sets > 1:
                with torch.no_grad():
                    self.usual.lerp_(spread[: len(features) // sets].mean().to(self.usual), _FOLLOWED)
        else:
            spread = self.usual.to(features.dtype).expand(len(features), 1, *features.shape[2:])
        return torch.cat([features, spread], dim=1)


def deviations(features: Tensor, sets: int = 1) -> Tensor:
    """(B, 1, H, W): the mean deviation of each feature over a group of pictures, the same for all of the group.

    Groups are of 4, else of 3 or 2 if these divide a set without rest, else of a whole set.

    Args:
        features: (B, C, H, W).
        sets: B consists of so many sets; groups lie within one.
    """
    batch, _, height, width = features.shape
    size = batch // sets
    group = next((one for one in range(GROUP, 1, -1) if size % one == 0), size)
    grouped = features.reshape(-1, group, *features.shape[1:])
    # torch's own variance is many times slower here
    variance = (grouped - grouped.mean(1, keepdim=True)).square().mean(1)
    spread = (variance + 1e-8).sqrt().mean((1, 2, 3))
    return spread.repeat_interleave(group)[:, None, None, None].expand(batch, 1, height, width)
