"""Attention of a decoder to the steps of a memory: additive and multiplicative."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Attention(nn.Module, ABC):
    """How well each step of a memory fits what a decoder asks for, α = softmax(score(query, step)).

    Args:
        query_size: Q, features of a query (the decoder's hidden state).
        memory_size: M, features of a step of the memory (the encoder's output).

    Attributes:
        features: K, of a query as `weights` wants it and of a key.
    """

    features: int

    @abstractmethod
    def keys(self, memory: Tensor) -> Tensor:
        """What the queries meet, computed once for all of them: memory (B, S, M) -> (B, S, K)."""

    @abstractmethod
    def query_weight(self) -> Tensor | None:
        """The matrix (K, Q) that a query is multiplied by first; None: it is taken as it is (K = Q)."""

    @abstractmethod
    def scores(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Scores of every step for every query.

        Args:
            queries: (B, T, K), T of them to each memory, multiplied by `query_weight`.
            keys: (B, S, K), as `keys` gives them.
            mask: (B, 1, S), added: 0, or minus infinity where the memory has ended.

        Returns:
            (B, T, S).
        """

    def weights(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """α: how much each step counts for each query, (B, T, S), each row adding up to 1."""
        return torch.softmax(self.scores(queries, keys, mask), dim=-1)


class AdditiveAttention(Attention):
    """score(q, m) = v · tanh(W_q q + W_m m) (Bahdanau et al. 2015, appendix A.1.2).

    Example:
        >>> attention = AdditiveAttention(query_size=4, memory_size=6, features=5)
        >>> keys = attention.keys(torch.zeros(2, 7, 6))
        >>> attention.weights(torch.zeros(2, 3, 5), keys, torch.zeros(2, 1, 7)).shape
        torch.Size([2, 3, 7])
    """

    def __init__(self, query_size: int, memory_size: int, features: int) -> None:
        super().__init__()
        self.features = features
        self.query = nn.Linear(query_size, features, bias=False)
        self.memory = nn.Linear(memory_size, features, bias=False)
        self.score = nn.Parameter(torch.empty(features))
        nn.init.uniform_(self.score, -(features**-0.5), features**-0.5)

    def keys(self, memory: Tensor) -> Tensor:
        """W_m m of every step."""
        return self.memory(memory)  # type: ignore[no-any-return]

    def query_weight(self) -> Tensor:
        """W_q."""
        return self.query.weight

    def scores(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """v · tanh(query + key): (B, T, S)."""
        if torch.is_grad_enabled() or queries.dtype not in (torch.float32, torch.float64):
            return torch.tanh(queries.unsqueeze(2) + keys.unsqueeze(1)) @ self.score + mask
        # tanh(q + k) = 1 - 2 / (exp 2q exp 2k + 1): where nobody asks for gradients, quotients do in place of so many
        # tanh; exponentials of more than 80 in float32 are no numbers, so what is beyond 40 counts as 40
        query, key = ((2 * part.clamp(-40, 40)).exp() for part in (queries, keys))
        inverse = torch.addcmul(query.new_ones(()), query.unsqueeze(2), key.unsqueeze(1)).reciprocal_()
        return mask + self.score.sum() - 2 * (inverse @ self.score)


class MultiplicativeAttention(Attention):
    """score(q, m) = q · W m (Luong et al. 2015, equation 8, "general"), optionally divided by √Q.

    Args:
        query_size: Q.
        memory_size: M.
        scaled: divide by √Q, so that the scores of many features do not start too far apart (Vaswani et al. 2017).

    Example:
        >>> attention = MultiplicativeAttention(query_size=4, memory_size=6)
        >>> attention.weights(torch.zeros(1, 1, 4), attention.keys(torch.zeros(1, 2, 6)), torch.zeros(1, 1, 2)).tolist()
        [[[0.5, 0.5]]]
    """

    def __init__(self, query_size: int, memory_size: int, scaled: bool = False) -> None:
        super().__init__()
        self.features = query_size
        self.memory = nn.Linear(memory_size, query_size, bias=False)
        self.scale = 1 / math.sqrt(query_size) if scaled else 1.0

    def keys(self, memory: Tensor) -> Tensor:
        """W m of every step."""
        return self.memory(memory)  # type: ignore[no-any-return]

    def query_weight(self) -> None:
        """There is none."""
        return

    def scores(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Query · key: (B, T, S)."""
        return torch.baddbmm(mask, queries, keys.transpose(1, 2), alpha=self.scale)
