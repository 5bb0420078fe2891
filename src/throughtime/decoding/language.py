"""What a decoder asks of a language model: what is usual to say after each of many beginnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from throughtime.decoding.prefixes import ROOT, Prefixes

BLANK = 0
Floats = NDArray[np.float64]


class LanguageModel(Protocol):
    """What is usual to say: p(next symbol | those before), for many beginnings at a time.

    Scores (N, K) are log p of each next symbol; those in the blank's place, 0, are of the text's end.
    """

    def start(self) -> tuple[Floats, Any]:
        """Scores (1, K) of the first symbol, and the state of the empty beginning."""
        ...

    def next(self, states: Sequence[Any], symbols: Sequence[int]) -> tuple[Floats, Sequence[Any]]:
        """Read one more symbol after each of N beginnings: scores (N, K) and the N states of what they are then."""
        ...


class Memory:
    """What a language model says of each beginning, asked once, when it first goes on.

    Args:
        model: asked.
        tree: of the beginnings, whose numbers are the keys.
    """

    def __init__(self, model: LanguageModel, tree: Prefixes) -> None:
        self._model, self._tree = model, tree
        scores, state = model.start()
        self.symbols = scores.shape[1]
        self._totals, self._scores = np.zeros(1024), np.zeros((1024, self.symbols), dtype=np.float32)
        self._scores[ROOT] = scores[0]
        self._states: dict[int, Any] = {ROOT: state}

    def totals(self, prefixes: NDArray[np.int64]) -> Floats:
        """Log p of all symbols of each beginning, (W,)."""
        return self._totals[prefixes]

    def scores(self, prefixes: NDArray[np.int64]) -> NDArray[np.float32]:
        """Log p of each next symbol after each beginning, (W, K)."""
        return self._scores[prefixes]

    def learn(self, prefixes: Sequence[int]) -> None:
        """Ask for those that are not known; what each is made from must be."""
        new = [prefix for prefix in prefixes if prefix not in self._states]
        if not new:
            return
        while max(new) >= len(self._totals):
            self._totals = np.concatenate((self._totals, np.zeros_like(self._totals)))
            self._scores = np.concatenate((self._scores, np.zeros_like(self._scores)))
        numbers = np.array(new)
        parents, said = self._tree.parents(numbers), self._tree.last(numbers)
        scores, states = self._model.next([self._states[parent] for parent in parents.tolist()], said.tolist())
        self._totals[numbers] = self._totals[parents] + self._scores[parents, said]
        self._scores[numbers] = scores
        self._states.update(zip(new, states, strict=True))

    def rename(self, renamed: dict[int, int], prefixes: Sequence[int]) -> None:
        """Follow the tree's new numbers; only what is said of the beginnings at work is kept."""
        old = np.array(list(renamed), dtype=np.int64)
        self._totals[: len(old)], self._scores[: len(old)] = self._totals[old], self._scores[old]
        states = {renamed[prefix]: state for prefix, state in self._states.items() if prefix in renamed}
        self._states = {prefix: states[prefix] for prefix in prefixes}
