"""What every output layer offers: the likelihood of the next element, and a sample of it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from throughtime.decoding.sampling import Sampling


class Output(nn.Module, ABC):
    """p(element | hidden state)."""

    @abstractmethod
    def nll(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """-log p(targets | hidden) of every step, in nats.

        Args:
            hidden: (N, H), steps of all sequences in one row.
            targets: (N, ...) the elements that came.

        Returns:
            (N,)
        """

    def total(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """The sum of `nll` over all steps, a scalar, which may take less time and memory than each by itself."""
        return self.nll(hidden, targets).sum()

    @abstractmethod
    def sample(self, hidden: Tensor, sampling: Sampling) -> Tensor:
        """Draw the next element of each sequence: hidden (B, H) -> (B, ...) as `targets` has it."""
