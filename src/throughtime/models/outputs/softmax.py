"""One of V elements next: the full softmax, and the adaptive one for large vocabularies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.decoding.continuations import Continuations, continuations_of
from throughtime.decoding.sampling import Sampling
from throughtime.errors import ArgumentError
from throughtime.models.outputs.base import Output
from throughtime.models.outputs.cross_entropy import smoothed_cross_entropy


class Softmax(Output):
    """p(k | h) = softmax(W h + b)_k.

    Args:
        hidden_size: H.
        vocabulary_size: V.
        tied: an embedding (V, H) whose weights are W too (Press and Wolf 2017, Inan et al. 2017); None: W is its own.
            A tied W belongs to the embedding alone and is no parameter of this layer.

    Raises:
        ArgumentError: a tied embedding of another shape.

    Example:
        >>> output = Softmax(hidden_size=8, vocabulary_size=5)
        >>> output.nll(torch.zeros(3, 8), torch.tensor([0, 4, 2])).shape
        torch.Size([3])
    """

    def __init__(self, hidden_size: int, vocabulary_size: int, tied: nn.Embedding | None = None) -> None:
        super().__init__()
        if tied is not None and tuple(tied.weight.shape) != (vocabulary_size, hidden_size):
            raise ArgumentError(
                f"found an embedding of {tuple(tied.weight.shape)} to tie, expected {(vocabulary_size, hidden_size)}"
            )
        # in a tuple, so that torch does not take it for a part of this layer and store it twice
        self._tied = None if tied is None else (tied,)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))
        if tied is None:
            self.weight = nn.Parameter(torch.empty(vocabulary_size, hidden_size))
            bound = hidden_size**-0.5
            nn.init.uniform_(self.weight, -bound, bound)

    @property
    def matrix(self) -> Tensor:
        """W, (V, H)."""
        return self.weight if self._tied is None else self._tied[0].weight

    def logits(self, hidden: Tensor) -> Tensor:
        """W h + b: (..., H) -> (..., V)."""
        return F.linear(hidden, self.matrix, self.bias)

    def nll(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """-log p(targets | hidden): (N, H), (N,) -> (N,)."""
        return F.cross_entropy(self.logits(hidden), targets, reduction="none")

    def total(self, hidden: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """-log p(targets | hidden), smoothed and summed: (N, H), (N,) -> scalar; it can be differentiated once."""
        return smoothed_cross_entropy(hidden, self.matrix, self.bias, targets, smoothing)

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """Log p of every element: (N, H) -> (N, V)."""
        return self.logits(hidden).log_softmax(dim=-1)

    def continuations(self) -> Callable[[Tensor], Continuations]:
        """The function from hidden vectors (B, K, H) to what may come next, for one search."""
        return continuations_of(self.matrix, self.bias)

    def sample(self, hidden: Tensor, sampling: Sampling) -> Tensor:
        """Draw an element: (B, H) -> (B,)."""
        return sampling.draw(self.logits(hidden))


class AdaptiveSoftmax(Output):
    """The adaptive softmax (Grave et al. 2017): rare elements in clusters that get fewer features.

    A head of the most frequent elements and one entry a cluster, p(k | h) = p(cluster | h) p(k | cluster, h). The i-th
    cluster sees H / factor^i features, and only at the steps whose target is in it. Elements must be numbered from the
    most to the least frequent.

    Args:
        hidden_size: H.
        vocabulary_size: V.
        cutoffs: first element of each cluster, increasing; None: a fifth of V, at most 4,000, then four times that.
        factor: how much smaller each cluster's features are than those of the one before.

    Raises:
        ArgumentError: cutoffs that are not increasing or not within the vocabulary.

    Example:
        >>> output = AdaptiveSoftmax(hidden_size=16, vocabulary_size=100)
        >>> output.cutoffs
        (20, 80)
    """

    def __init__(
        self, hidden_size: int, vocabulary_size: int, cutoffs: Sequence[int] | None = None, factor: float = 4.0
    ) -> None:
        super().__init__()
        if cutoffs is None:
            first = max(1, min(vocabulary_size // 5, 4000))
            cutoffs = [cutoff for cutoff in (first, 4 * first) if cutoff < vocabulary_size]
        self.cutoffs = tuple(cutoffs)
        bounds = [0, *self.cutoffs, vocabulary_size]
        if len(bounds) < 3 or any(left >= right for left, right in pairwise(bounds)):
            raise ArgumentError(
                f"found cutoffs {self.cutoffs}, expected increasing numbers from 1 to below V = {vocabulary_size}"
            )
        if hidden_size < factor ** len(self.cutoffs):
            raise ArgumentError(
                f"found {hidden_size} features, expected at least {factor ** len(self.cutoffs):g} for "
                f"{len(self.cutoffs)} clusters of the adaptive softmax: use larger layers or the full softmax"
            )
        self.softmax = nn.AdaptiveLogSoftmaxWithLoss(
            hidden_size, vocabulary_size, list(self.cutoffs), div_value=factor, head_bias=True
        )

    def nll(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """-log p(targets | hidden): (N, H), (N,) -> (N,)."""
        nll: Tensor = -self.softmax(hidden, targets).output
        return nll

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """Log p of every element: (N, H) -> (N, V)."""
        log_p: Tensor = self.softmax.log_prob(hidden)
        return log_p

    def sample(self, hidden: Tensor, sampling: Sampling) -> Tensor:
        """Draw an element: (B, H) -> (B,)."""
        return sampling.draw(self.log_probabilities(hidden))
