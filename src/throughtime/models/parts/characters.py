"""A vector for a word from its letters: what endings, capitals and digits tell of a word never seen."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from throughtime.layers import LSTM

# the longest word of a bucket has at most this many times the letters of its shortest
_SPREAD = 3.0


class CharacterEncoder(nn.Module, ABC):
    """Words as rows of letters -> vectors (U, F).

    Words come sorted by length and are run in buckets of similar length, so that a long link among short words does not
    make every word as long as itself.

    Args:
        alphabet_size: letters that are known.
        embedding_size: numbers of a letter's vector.
        size: F.
    """

    def __init__(self, alphabet_size: int, embedding_size: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(alphabet_size, embedding_size)
        self.size = size

    def forward(self, characters: Tensor, lengths: Tensor) -> Tensor:
        """Encode words.

        Args:
            characters: (N,), the letters of all words, one word after another.
            lengths: (U,), letters of each, ascending, at least 1.

        Returns:
            (U, F)
        """
        starts = lengths.cumsum(0) - lengths
        sizes = lengths.tolist()
        found = []
        for first, last in buckets(sizes):
            here = lengths[first:last]
            steps = torch.arange(sizes[last - 1], device=characters.device)
            places = (starts[first:last, None] + steps).clamp_max(len(characters) - 1)
            found.append(self.encode(self.embedding(characters[places]), here, sizes[first] == sizes[last - 1]))
        return torch.cat(found) if found else self.embedding.weight.new_zeros(0, self.size)

    @abstractmethod
    def encode(self, letters: Tensor, lengths: Tensor, even: bool) -> Tensor:
        """Vectors (U, F) of a bucket of words (U, L, E) of these lengths; `even`: all are L long."""


class CharacterLSTM(CharacterEncoder):
    """What an LSTM has read at a word's end, and one that reads backwards at its beginning (Lample et al. 2016).

    Args:
        alphabet_size: letters that are known.
        embedding_size: numbers of a letter's vector.
        hidden_size: of each direction.

    Example:
        >>> CharacterLSTM(9, 4, 3)(torch.tensor([4, 5, 6, 7]), torch.tensor([1, 3])).shape
        torch.Size([2, 6])
    """

    def __init__(self, alphabet_size: int, embedding_size: int, hidden_size: int) -> None:
        super().__init__(alphabet_size, embedding_size, 2 * hidden_size)
        self.recurrent = LSTM(embedding_size, hidden_size, bidirectional=True, batch_first=True)

    def encode(self, letters: Tensor, lengths: Tensor, even: bool) -> Tensor:
        """The final states of both directions, side by side."""
        _, (hidden, _) = self.recurrent(letters, lengths=None if even else lengths)
        forward, backward = hidden
        return torch.cat([forward, backward], dim=1)


class CharacterCNN(CharacterEncoder):
    """The strongest answer of each filter anywhere in a word (Ma and Hovy 2016).

    Args:
        alphabet_size: letters that are known.
        embedding_size: numbers of a letter's vector.
        filters: F.
        width: letters that a filter sees, an odd number.

    Example:
        >>> CharacterCNN(9, 4, 3)(torch.tensor([4, 5, 6, 7]), torch.tensor([1, 3])).shape
        torch.Size([2, 3])
    """

    def __init__(self, alphabet_size: int, embedding_size: int, filters: int, width: int = 3) -> None:
        super().__init__(alphabet_size, embedding_size, filters)
        self.convolution = nn.Conv1d(embedding_size, filters, width, padding=width // 2)

    def encode(self, letters: Tensor, lengths: Tensor, even: bool) -> Tensor:
        """The maximum over the real letters; beyond a word's end there are zeros, as before its beginning."""
        real = torch.arange(letters.shape[1], device=letters.device) < lengths[:, None]
        answers: Tensor = self.convolution((letters * real[..., None]).transpose(1, 2))
        return answers.masked_fill(~real[:, None], -math.inf).amax(dim=2)


def buckets(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where runs of similar length begin and end in an ascending row of lengths.

    Example:
        >>> list(buckets([1, 1, 2, 3, 4, 5, 30]))
        [(0, 4), (4, 6), (6, 7)]
    """
    first = 0
    for place, length in enumerate(lengths):
        if length > _SPREAD * lengths[first]:
            yield first, place
            first = place
    if lengths:
        yield first, len(lengths)
