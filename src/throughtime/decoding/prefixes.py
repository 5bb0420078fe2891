"""A tree of all the texts that a beam search has begun, each kept as one more symbol after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ROOT = 0


class Prefixes:
    """Beginnings of texts: number 0 is the empty one, every other one a beginning and a symbol after it.

    The same beginning always has the same number, so that the ways which lead to it can be added up.

    Example:
        >>> tree = Prefixes()
        >>> a = tree.longer(0, 3)
        >>> ab = tree.longer(a, 5)
        >>> tree.text(ab).tolist(), tree.longer(a, 5) == ab
        ([3, 5], True)
    """

    def __init__(self) -> None:
        self._size = 1
        self._parent = np.zeros(1024, dtype=np.int64)
        self._symbol = np.zeros(1024, dtype=np.int64)
        self._length = np.zeros(1024, dtype=np.int64)
        self._known: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return self._size

    def longer(self, prefix: int, symbol: int) -> int:
        """The number of a beginning and one symbol after it."""
        key = (prefix, symbol)
        if key not in self._known:
            if self._size == len(self._parent):
                self._parent, self._symbol, self._length = (
                    np.concatenate((column, np.zeros_like(column)))
                    for column in (self._parent, self._symbol, self._length)
                )
            self._parent[self._size], self._symbol[self._size] = prefix, symbol
            self._length[self._size] = self._length[prefix] + 1
            self._known[key] = self._size
            self._size += 1
        return self._known[key]

    def parent(self, prefix: int) -> int:
        """It without its last symbol; the empty one's is the empty one."""
        return int(self._parent[prefix])

    def parents(self, prefixes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Each without its last symbol."""
        return self._parent[prefixes]

    def last(self, prefixes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The last symbol of each; of the empty one 0."""
        return self._symbol[prefixes]

    def lengths(self, prefixes: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many symbols each has."""
        return self._length[prefixes]

    def text(self, prefix: int) -> NDArray[np.int64]:
        """Its symbols in order."""
        symbols = np.empty(self._length[prefix], dtype=np.int64)
        for place in range(len(symbols) - 1, -1, -1):
            symbols[place], prefix = self._symbol[prefix], int(self._parent[prefix])
        return symbols

    def keep(self, wanted: Sequence[int]) -> dict[int, int]:
        """Forget all but some beginnings and what they are made from, so that a long stream does not fill the memory.

        Returns:
            The new number of each that is left.
        """
        alive = {ROOT}
        for prefix in wanted:
            while prefix not in alive:
                alive.add(prefix)
                prefix = int(self._parent[prefix])
        old = np.array(sorted(alive), dtype=np.int64)  # what something is made from has the smaller number
        renamed = {int(before): after for after, before in enumerate(old)}
        parents = [renamed[int(parent)] for parent in self._parent[old]]
        size = len(old)
        self._symbol[:size], self._length[:size] = self._symbol[old], self._length[old]
        self._parent[:size] = parents
        self._known = {(parents[new], int(self._symbol[new])): new for new in range(1, size)}
        self._size = size
        return renamed
