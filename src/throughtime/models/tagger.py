"""Many to many, aligned: a tag for every word, p(y<1>, ..., y<T> | x<1>, ..., x<T>)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.decoding.crf import CRF
from throughtime.errors import ArgumentError
from throughtime.layers import Recurrent
from throughtime.models.base import Loss, Model
from throughtime.models.parts.characters import CharacterEncoder
from throughtime.models.parts.stack import locked_dropout


class WordFeatures(nn.Module):
    """What a word looks like: a learned vector, one made from its letters, one that came from elsewhere, side by side.

    Args:
        unknown_rates: (V,), how often a word is taken for the unknown one while training, so that this one is learned.
        embedding_size: numbers of a learned vector.
        characters: from letters to a vector, or None.
        pretrained: (P, D), vectors that stay as they are, or None.
        unknown: number of the unknown word.

    The batch holds `inputs` (B, T), words below V; with letters what `SpelledLoader` adds; and with pretrained vectors
    `pretrained` (B, T), numbers below P.
    """

    unknown_rates: Tensor

    def __init__(
        self,
        unknown_rates: Tensor,
        embedding_size: int,
        characters: CharacterEncoder | None = None,
        pretrained: Tensor | None = None,
        unknown: int = 1,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(unknown_rates), embedding_size)
        nn.init.uniform_(self.embedding.weight, -math.sqrt(3 / embedding_size), math.sqrt(3 / embedding_size))
        self.register_buffer("unknown_rates", unknown_rates, persistent=False)
        self.characters = characters
        self.pretrained = None if pretrained is None else _fixed(pretrained)
        self.unknown = unknown
        self.size = embedding_size + (characters.size if characters is not None else 0)
        self.size += pretrained.shape[1] if pretrained is not None else 0

    def forward(self, batch: Batch) -> Tensor:
        """Vectors (B, T, I) of the words of a batch."""
        words = batch["inputs"]
        if self.training:
            dropped = torch.rand(words.shape, device=words.device) < self.unknown_rates[words]
            words = words.masked_fill(dropped, self.unknown)
        vectors = [self.embedding(words)]
        if self.characters is not None:
            distinct = self.characters(batch["characters"], batch["character_lengths"])
            vectors.append(F.embedding(batch["spelling"], distinct))
        if self.pretrained is not None:
            vectors.append(self.pretrained(batch["pretrained"]))
        return torch.cat(vectors, dim=-1)


class Tagger(Model):
    """Features of words, recurrent layers, scores of the tags, and a CRF or a softmax over them.

    Args:
        features: a batch -> (B, T, I).
        recurrent: a recurrent layer of throughtime.layers with batch_first=True.
        tags: K.
        crf: scores whole paths of K tags (Huang et al. 2015); None: a softmax at each step by itself.
        dropout: of features, and of hidden states.
        locked: drop the same features at every step of a sentence.

    The batch holds what `features` wants, `targets` (B, T) and `lengths` (B,).

    Raises:
        ArgumentError: fewer than two tags, a CRF of another number, or a layer that is not batch first.

    Example:
        >>> from throughtime.layers import LSTM
        >>> features = WordFeatures(torch.zeros(9), 6)
        >>> model = Tagger(features, LSTM(6, 4, batch_first=True, bidirectional=True), tags=3, crf=CRF(3))
        >>> words = torch.tensor([[5, 6, 7], [8, 0, 0]])
        >>> batch = Batch({"inputs": words, "lengths": torch.tensor([3, 1])}, sequences=2, tokens=4)
        >>> scores = model(batch)
        >>> scores.shape, model.best(scores, batch["lengths"]).shape
        (torch.Size([2, 3, 3]), torch.Size([2, 3]))
    """

    def __init__(
        self,
        features: nn.Module,
        recurrent: Recurrent,
        tags: int,
        crf: CRF | None = None,
        dropout: float = 0.0,
        locked: bool = False,
    ) -> None:
        super().__init__()
        if tags < 2 or (crf is not None and crf.tags != tags) or not recurrent.batch_first:
            raise ArgumentError(
                f"found {tags} tags, a CRF of {crf and crf.tags}, batch_first={recurrent.batch_first}, "
                "expected at least 2, the same number, and batch_first=True"
            )
        self.features = features
        self.recurrent = recurrent
        self.output = nn.Linear(recurrent.cell.state_sizes[0] * recurrent.num_directions, tags)
        self.crf = crf
        self.dropout, self.locked = dropout, locked

    def forward(self, batch: Batch) -> Tensor:
        """Scores of each tag for each word, (B, T, K)."""
        x = self._drop(self.features(batch))
        hidden, _ = self.recurrent(x, lengths=batch["lengths"])
        scores: Tensor = self.output(self._drop(hidden))
        return scores

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        """-log p(y | x), summed over the sentences; counted by words."""
        scores, lengths, targets = self(batch), batch["lengths"], batch["targets"]
        if self.crf is not None:
            total = -self.crf.log_likelihood(scores, targets, lengths).sum()
        else:
            real = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
            total = F.cross_entropy(scores[real], targets[real], reduction="sum")
        return Loss(total, batch.tokens)

    def best(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """The best tags (B, T), 0 after a row's end: the best path of the CRF, or the best tag of each word."""
        if self.crf is not None:
            return self.crf.viterbi(scores, lengths)[0]
        real = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
        return torch.where(real, scores.argmax(dim=2), 0)

    def probability(self, scores: Tensor, lengths: Tensor, possible: Tensor) -> Tensor:
        """How probable it is that all tags of a sentence are among the possible ones: of the paths through them.

        Args:
            scores: (B, T, K).
            lengths: (B,).
            possible: (B, T, K) bool.

        Returns:
            (B,), exact: Z of the paths left over, divided by Z.
        """
        left = scores.masked_fill(~possible, -math.inf)
        if self.crf is not None:
            return (self.crf.log_partition(left, lengths) - self.crf.log_partition(scores, lengths)).exp()
        real = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
        each = left.logsumexp(dim=2) - scores.logsumexp(dim=2)
        return torch.where(real, each, 0).sum(dim=1).exp()

    def _drop(self, x: Tensor) -> Tensor:
        if self.locked:
            return locked_dropout(x, self.dropout, time=1, training=self.training)
        return F.dropout(x, self.dropout, self.training)


def _fixed(vectors: Tensor) -> nn.Embedding:
    """An embedding that does not learn."""
    embedding = nn.Embedding(*vectors.shape)
    embedding.weight = nn.Parameter(vectors, requires_grad=False)
    return embedding
