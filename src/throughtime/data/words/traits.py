"""What holds of a written text at each of its symbols, characters or words, as far as it has been read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_OPENING, _CLOSING = "([{", ")]}"
_QUOTES = '"“”«»„'


def traits_of(symbols: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Traits of each symbol, by name, (T,) each.

    Args:
        symbols: as they are written, one after the other.

    Returns:
        Whether quotation marks are open, whether brackets are, whether a word in capitals is being read (two capital
        letters in a row), all 0 or 1 after the symbol has been read; and how many symbols it is into its line.

    Example:
        >>> found = traits_of(list('a "b" (c)'))
        >>> found["inside quotation marks"].astype(int).tolist(), found["inside brackets"].astype(int).tolist()
        ([0, 0, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1, 1, 0])
    """
    quoted, depth, capitals, into = False, 0, 0, 0
    rows = []
    for symbol in symbols:
        into += 1
        for letter in symbol:
            if letter in _QUOTES:
                quoted = not quoted
            elif letter in _OPENING:
                depth += 1
            elif letter in _CLOSING:
                depth = max(0, depth - 1)
            elif letter == "\n":
                into = 0
            capitals = capitals + 1 if letter.isupper() else 0
        rows.append((quoted, depth > 0, capitals > 1, into))
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 4).T
    names = ("inside quotation marks", "inside brackets", "inside a word in capitals", "far into the line")
    return dict(zip(names, columns, strict=True))
