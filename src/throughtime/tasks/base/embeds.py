"""A capability: vectors of words (or of their pieces, or of characters) that a model has learned."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.data.words.space import WordSpace
from throughtime.tasks.base.capability import Capability
from throughtime.tasks.base.symbols import visible

if TYPE_CHECKING:
    from throughtime.models.base import Model


class Embeds(Capability):
    """A task whose model has a vector for each word."""

    lacking = "has no vectors of words"

    @abstractmethod
    def word_spaces(self, model: Model) -> Sequence[WordSpace]:
        """The vectors that a model reads words as, the chief ones first; marks such as padding are none.

        Args:
            model: the run's.

        Raises:
            ThroughtimeError: this run reads words in another way, such as one-hot.
        """


def space_of(weights: Any, words: Sequence[str], marks: Iterable[str], name: str) -> WordSpace:
    """The rows of an embedding as points, without pieces that are no whole characters.

    Args:
        weights: (V, D), a tensor.
        words: (V,), pieces of words with the spaces in front of them.
        marks: those of them that are no words.
        name: what they are.
    """
    rows: dict[str, int] = {}
    left_out = set(marks)
    for row, word in enumerate(words):
        if word and word not in left_out and "\N{REPLACEMENT CHARACTER}" not in word:
            rows.setdefault(visible(word), row)
    vectors = weights.detach().float().cpu().numpy()[list(rows.values())]
    return WordSpace(list(rows), np.ascontiguousarray(vectors, dtype=np.float32), name)
