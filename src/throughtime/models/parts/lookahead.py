"""What lets a forward recurrent layer hear a little of what comes: each unit weighs its own next steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.errors import ArgumentError


class Lookahead(nn.Module):
    """y<t> = Σ_j w_j * a<t+j>, j = 0 ... D, for hidden states a; behind the last step they count as zero.

    Also called row convolution (Wang et al. 2016, "Lookahead convolution layer for unidirectional recurrent neural
    networks"; Amodei et al. 2016, section 3.7). It begins as y<t> = a<t>.

    Args:
        size: H, units of the layer below.
        steps: D, that each output waits for.

    Raises:
        ArgumentError: fewer than one of either.

    Example:
        >>> lookahead = Lookahead(size=2, steps=1)
        >>> _ = lookahead.weight.data[0].fill_(0.5)
        >>> lookahead(torch.tensor([[[1.0, 1.0], [4.0, 4.0]]])).tolist()
        [[[2.5, 1.0], [2.0, 4.0]]]
    """

    def __init__(self, size: int, steps: int) -> None:
        super().__init__()
        if size < 1 or steps < 1:
            raise ArgumentError(f"found {size} units and {steps} steps to look ahead, expected at least 1 of each")
        self.size, self.steps = size, steps
        self.weight = nn.Parameter(torch.eye(1, steps + 1).repeat(size, 1))  # (H, D + 1)

    def forward(self, hidden: Tensor) -> Tensor:
        """(B, T, H), zero behind each row's end -> (B, T, H)."""
        return self._weighed(F.pad(hidden, (0, 0, 0, self.steps)))

    def stream(self) -> LookaheadStream:
        """The same for steps that come one after the other."""
        return LookaheadStream(self)

    def _weighed(self, hidden: Tensor) -> Tensor:
        """(B, T + D, H) -> (B, T, H)"""
        if hidden.shape[1] <= self.steps:
            return hidden[:, :0]
        return F.conv1d(hidden.transpose(1, 2), self.weight.unsqueeze(1), groups=self.size).transpose(1, 2)


class LookaheadStream:
    """A look-ahead at work on one row; an output is there as soon as the steps that it waits for are.

    Args:
        lookahead: in evaluation mode.
    """

    def __init__(self, lookahead: Lookahead) -> None:
        self._lookahead = lookahead
        self._held = lookahead.weight.new_empty(0, lookahead.size)

    def add(self, hidden: Tensor) -> Tensor:
        """Steps (N, H) -> those (N', H) that are complete now."""
        held = torch.cat((self._held, hidden))
        self._held = held[max(0, len(held) - self._lookahead.steps) :]
        return self._lookahead._weighed(held[None])[0]

    def end(self) -> Tensor:
        """The rest (N', H), at most as many as it waits for."""
        rest, self._held = self._held, self._held[:0]
        ahead: Tensor = self._lookahead(rest[None])
        return ahead[0]
