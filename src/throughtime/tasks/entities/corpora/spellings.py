"""The letters of words, and batches that hold those of each distinct word once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from throughtime.data.batch import Batch, Loader
from throughtime.data.words.vocabulary import Vocabulary

LONGEST_WORD = 40
"""Characters of a word that are read; of a longer one (a link), half from its beginning and half from its end."""


class Spellings:
    """The characters of some distinct words as numbers, one after another.

    Args:
        words: each not empty.
        alphabet: the characters that are known.

    Example:
        >>> spellings = Spellings(["to", "be"], Vocabulary("bet"))
        >>> spellings.characters.tolist(), spellings.lengths.tolist()
        ([6, 1, 4, 5], [2, 2])
    """

    def __init__(self, words: Sequence[str], alphabet: Vocabulary) -> None:
        half = LONGEST_WORD // 2
        short = [word if len(word) <= LONGEST_WORD else word[:half] + word[-half:] for word in words]
        self.lengths = np.array([len(word) for word in short], dtype=np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.characters = alphabet.encode("".join(short))

    def of(self, forms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The characters (N,) of the words of these numbers (U,), one after another, and their lengths (U,)."""
        lengths = self.lengths[forms]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.characters[np.repeat(self.starts[forms], lengths) + within], lengths


class SpelledLoader:
    """The batches of another loader, with the spelling of each distinct word of a batch, shortest first.

    A batch gains `spelling` (B, T), which of its U distinct words stands where (0 after a row's end), `characters`
    (N,), all of theirs one after another, and `character_lengths` (U,).

    Args:
        loader: its batches hold `forms` (B, T), numbers of words, -1 after a row's end.
        spellings: of all forms.
    """

    def __init__(self, loader: Loader, spellings: Spellings) -> None:
        self.loader = loader
        self.spellings = spellings

    def __len__(self) -> int:
        return len(self.loader)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        for batch in self.loader.epoch(epoch, skip):
            yield self._spelled(batch)

    def _spelled(self, batch: Batch) -> Batch:
        tensors = dict(batch.tensors)
        forms = tensors.pop("forms").numpy()
        distinct, places = np.unique(forms, return_inverse=True)
        gap = int(distinct[0] == -1)
        distinct = distinct[gap:]
        order = np.argsort(self.spellings.lengths[distinct], kind="stable")
        rank = np.zeros(len(distinct) + gap, dtype=np.int64)
        rank[gap + order] = np.arange(len(order))
        characters, lengths = self.spellings.of(distinct[order])
        tensors["spelling"] = torch.from_numpy(rank[places].reshape(forms.shape))
        tensors["characters"] = torch.from_numpy(characters)
        tensors["character_lengths"] = torch.from_numpy(lengths)
        return replace(batch, tensors=tensors)
