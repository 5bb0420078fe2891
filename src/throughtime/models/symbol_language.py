"""Language models over a transcriber's symbols, as the beam search asks them: n-grams, and a recurrent generator.

Both are a `throughtime.decoding.language.LanguageModel`: the place of the blank, 0, stands for the end of the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.decoding.language import BLANK, Floats
from throughtime.errors import ArgumentError
from throughtime.models.generator import Generator
from throughtime.models.ngram import NGram
from throughtime.models.outputs.softmax import AdaptiveSoftmax, Softmax


class SymbolNGram:
    """Kneser-Ney n-grams of whole texts: each begins after, and ends with, the end of a text.

    Args:
        model: over K symbols, of texts with n - 1 ends between them, so that the first symbol has a full context.

    Example:
        >>> model = SymbolNGram.fit([np.array([1, 2]), np.array([1, 2, 2])], symbols=3, order=3)
        >>> scores, state = model.start()
        >>> scores.argmax(), model.next([state], [1])[0].argmax()
        (np.int64(1), np.int64(2))
    """

    def __init__(self, model: NGram) -> None:
        self.model = model

    @classmethod
    def fit(cls, texts: Sequence[NDArray[np.integer[Any]]], symbols: int, order: int = 5) -> SymbolNGram:
        """Count.

        Args:
            texts: of training, each (U,) from 1 to K-1.
            symbols: K.
            order: n; lowered where K^n would not fit into 63 bits.

        Raises:
            ArgumentError: no texts, or symbols out of range.
        """
        end = np.full(max(order - 1, 1), BLANK, dtype=np.int64)
        joined = np.concatenate([end, *(part for text in texts for part in (text, end))]).astype(np.int64)
        if not texts or joined.min() < 0 or joined.max() >= symbols:
            raise ArgumentError(
                f"found {len(texts)} texts of symbols from {joined.min()} to {joined.max()}, expected at least one, "
                f"of symbols from 1 to {symbols - 1}"
            )
        return cls(NGram.fit(joined, symbols, order))

    def start(self) -> tuple[Floats, tuple[int, ...]]:
        """Scores (1, K) of the first symbol; a state is the last n - 1 symbols."""
        state = (BLANK,) * (self.model.order - 1)
        return self._scores([state]), state

    def next(self, states: Sequence[Any], symbols: Sequence[int]) -> tuple[Floats, Sequence[Any]]:
        """Read one more symbol after each of N beginnings: scores (N, K) and new states."""
        read = [(*state, symbol)[1:] for state, symbol in zip(states, symbols, strict=True)]
        return self._scores(read), read

    def save(self, path: Path) -> None:
        """Write all counts to an .npz file."""
        self.model.save(path)

    @classmethod
    def load(cls, path: Path) -> SymbolNGram:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or damaged.
        """
        return cls(NGram.load(path))

    def _scores(self, states: Sequence[tuple[int, ...]]) -> Floats:
        scores: Floats = np.log(self.model.following(np.array(states, dtype=np.int64).reshape(len(states), -1)))
        return scores


class RecurrentLanguageModel:
    """A generator of text, such as the text task trains, that says what symbol comes next.

    What it might say beyond the transcriber's symbols is left out: p(symbol) is that among all symbols and the end.

    Args:
        generator: over V tokens, with a softmax of any kind.
        ids: (K,), the token of each symbol; that of the blank is what ends a text and stands before one (a newline).

    Raises:
        ArgumentError: another output layer, or tokens out of range.
    """

    def __init__(self, generator: Generator, ids: Sequence[int] | NDArray[np.integer[Any]]) -> None:
        output = generator.output
        if not isinstance(output, (Softmax, AdaptiveSoftmax)):
            raise ArgumentError(f"found a generator with the output {type(output).__name__}, expected one of text")
        self.generator, self._output = generator.eval(), output
        self._device = next(generator.parameters()).device
        self._ids = torch.as_tensor(np.asarray(ids), dtype=torch.int64, device=self._device)
        hidden = output.softmax.in_features if isinstance(output, AdaptiveSoftmax) else output.matrix.shape[1]
        size = output.log_probabilities(torch.zeros(1, hidden, device=self._device)).shape[1]
        if len(self._ids) < 2 or not 0 <= int(self._ids.min()) <= int(self._ids.max()) < size:
            raise ArgumentError(f"found tokens {self._ids.tolist()}, expected at least 2 from 0 to {size - 1}")

    def start(self) -> tuple[Floats, Any]:
        """Scores (1, K) of the first symbol, and the state behind the end of a text."""
        scores, states = self._read(None, [BLANK])
        return scores, states[0]

    def next(self, states: Sequence[Any], symbols: Sequence[int]) -> tuple[Floats, Sequence[Any]]:
        """Read one more symbol after each of N beginnings: scores (N, K) and new states."""
        return self._read(_joined(states), symbols)

    @torch.no_grad()
    def _read(self, state: Any, symbols: Sequence[int]) -> tuple[Floats, list[Any]]:
        tokens = self._ids[torch.tensor(symbols, device=self._device)]
        hidden, state = self.generator(tokens[:, None], state=state)
        scores = self._output.log_probabilities(hidden[:, -1])[:, self._ids].double().log_softmax(dim=1)
        return scores.cpu().numpy(), _rows(state)


def _rows(state: Any) -> list[Any]:
    """The states (L, 1, H) of each of N rows, from one tree of tensors (L, N, H)."""
    if isinstance(state, Tensor):
        return [state[:, row : row + 1] for row in range(state.shape[1])]
    return list(zip(*map(_rows, state), strict=True))


def _joined(states: Sequence[Any]) -> Any:
    """The inverse of `_rows`."""
    if isinstance(states[0], Tensor):
        return torch.cat(tuple(states), dim=1)
    return tuple(_joined(part) for part in zip(*states, strict=True))
