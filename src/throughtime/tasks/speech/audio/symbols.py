"""The symbols that a transcriber writes: characters or pieces of words, and the blank, which is 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from throughtime.data.tokens.byte_pairs import BytePairs, load_tokenizer
from throughtime.data.tokens.tokens import Characters, Tokenizer
from throughtime.errors import ArgumentError, DataError

BLANK = 0
_NEWLINE = "\n"


class Symbols:
    """Texts to symbols 1 to K-1, and back.

    Args:
        tokenizer: characters, whose token 0 (unknown) gives its place to the blank, or pieces of words.

    Example:
        >>> symbols = Symbols.fit(["so so", "to"], "characters", size=50)
        >>> len(symbols), symbols.encode("toss").tolist(), symbols.decode([2, 3, 1])
        (5, [4, 2, 3, 3], 'os ')
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._shift = 0 if tokenizer.unknown == 0 else 1

    @classmethod
    def fit(cls, texts: Iterable[str], level: Literal["characters", "bpe"], size: int) -> Symbols:
        """Learn them from the training texts.

        Args:
            texts: as they are spelled for learning.
            level: what a symbol is.
            size: symbols at most (of pieces, the 256 bytes are among them).
        """
        lines = (text + _NEWLINE for text in texts)
        if level == "bpe":
            return cls(BytePairs.fit(lines, size))
        return cls(Characters.fit((line[:-1] for line in lines), size))

    def __len__(self) -> int:
        """K, with the blank."""
        return self.tokenizer.size + self._shift

    def encode(self, text: str) -> np.ndarray:
        """Symbols int64 (U,) of a text; characters that training did not have are left out."""
        symbols: np.ndarray = self.tokenizer.encode(text).astype(np.int64) + self._shift
        return np.asarray(symbols[symbols != BLANK])

    def decode(self, symbols: Sequence[int] | np.ndarray) -> str:
        """The text of symbols, without blanks."""
        return self.tokenizer.decode([int(symbol) - self._shift for symbol in symbols if symbol != BLANK])

    def words(self, symbols: Sequence[int] | np.ndarray) -> Iterator[tuple[str, list[int]]]:
        """The words of a text, each with the places (from 0) of the symbols that write it.

        Example:
            >>> symbols = Symbols.fit(["so so"], "characters", size=50)
            >>> list(symbols.words(symbols.encode("so os")))
            [('so', [0, 1]), ('os', [3, 4])]
        """
        written: list[tuple[list[int], list[int]]] = [([], [])]
        for place, symbol in enumerate(symbols):
            piece = self.decode([int(symbol)])
            if piece[:1].isspace() and written[-1][0]:
                written.append(([], []))
            if piece.strip():
                written[-1][0].append(int(symbol))
                written[-1][1].append(place)
            if piece.strip() and piece[-1:].isspace():
                written.append(([], []))
        for own, places in written:
            if own:
                yield self.decode(own).strip(), places

    def tokens_of(self, tokenizer: Tokenizer) -> np.ndarray:
        """The token, int64 (K,), that each symbol is for another tokenizer; of the blank, the end of a line.

        Raises:
            ArgumentError: one writes characters and the other pieces of words, or other pieces.
        """
        if tokenizer.level != self.tokenizer.level:
            raise ArgumentError(f"found a language model of {tokenizer.level}, expected one of {self.tokenizer.level}")
        if tokenizer.level == "bpe" and tokenizer.fingerprint != self.tokenizer.fingerprint:
            raise ArgumentError("found a language model of other pieces of words, expected one of the same")
        if tokenizer.level == "bpe":
            return np.array([tokenizer.start, *range(tokenizer.size)], dtype=np.int64)
        own = [int(tokenizer.encode(self.decode([symbol]))[0]) for symbol in range(1, len(self))]
        return np.array([tokenizer.start, *own], dtype=np.int64)

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        self.tokenizer.save(path)

    @classmethod
    def load(cls, path: Path) -> Symbols:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or damaged.
        """
        tokenizer = load_tokenizer(path)
        if tokenizer.level == "words":
            raise DataError(path, "a vocabulary of words", "characters or pieces of words")
        return cls(tokenizer)
