"""Learned vectors of the elements of a vocabulary."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.errors import ArgumentError


class Embedding(nn.Embedding):
    """A vector for each element, with dropout of whole elements (Gal and Ghahramani 2016).

    Args:
        vocabulary_size: V.
        embedding_size: I.
        dropout: probability that an element is dropped, at all its places in the batch, while training.

    Example:
        >>> Embedding(vocabulary_size=10, embedding_size=4)(torch.tensor([[1, 2, 3]])).shape
        torch.Size([1, 3, 4])
    """

    def __init__(self, vocabulary_size: int, embedding_size: int, dropout: float = 0.0) -> None:
        super().__init__(vocabulary_size, embedding_size)
        if not 0 <= dropout < 1:
            raise ArgumentError(f"dropout is {dropout}, expected a probability from 0 to below 1")
        self.dropout = dropout

    def forward(self, input: Tensor) -> Tensor:
        """Ids (...,) -> vectors (..., I)."""
        vectors = super().forward(input)
        if not (self.training and self.dropout):
            return vectors
        kept = F.dropout(torch.ones_like(self.weight[:, :1]), self.dropout)
        return vectors * F.embedding(input, kept)
