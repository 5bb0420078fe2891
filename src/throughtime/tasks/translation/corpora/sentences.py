"""Sentences as numbers, in words or in pieces of words, and back; and which of them stand for which word."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from throughtime.data.tokens.byte_pairs import BytePairs, load_tokenizer
from throughtime.data.words.splitting import Version, composed, sentence_offsets, split_sentence
from throughtime.data.words.vocabulary import MARKS, Vocabulary
from throughtime.errors import DataError
from throughtime.storage.written import readable
from throughtime.tasks.translation.corpora.pair import tidy

_CLOSING = re.compile(r" ([,.;:!?)\]}’”%])")
_OPENING = re.compile(r"([(\[{‘“]) ")


def join_words(words: Iterable[str]) -> str:
    """Words and marks as a sentence.

    Example:
        >>> join_words(["No", ",", "he", "isn't", "(", "yet", ")", "."])
        "No, he isn't (yet)."
    """
    return _OPENING.sub(r"\1", _CLOSING.sub(r"\1", " ".join(words)))


class SentenceCode(ABC):
    """One language's sentences as numbers; 0 to 3 are padding, unknown, begin and end."""

    level: ClassVar[Literal["words", "bpe"]]
    splitting: Version
    padding, unknown, begin, end = range(len(MARKS))

    @abstractmethod
    def __len__(self) -> int:
        """V, the four marks included."""

    @abstractmethod
    def encode(self, text: str) -> np.ndarray:
        """Numbers (T,) of a sentence, int64, without begin and end."""

    @abstractmethod
    def pieces(self, text: str) -> list[str]:
        """What each number of a sentence stands for, as it is written there."""

    @abstractmethod
    def elements(self) -> list[str]:
        """What each number stands for, (V,), the marks first; of a piece with the space in front of it."""

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """The sentence of some numbers, without begin and end."""

    @abstractmethod
    def words(self, ids: Sequence[int]) -> tuple[list[str], list[int]]:
        """The words that some numbers make up, and for each number which of them it belongs to."""

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write it as JSON."""


class WordCode(SentenceCode):
    """A number a word; rare words are unknown.

    Args:
        vocabulary: the words.
        splitting: how they are found.

    Example:
        >>> code = WordCode.fit(["A goat.", "A cat."], size=10)
        >>> code.decode(code.encode("A cat, a goat."))
        'A cat <unk> <unk> goat.'
    """

    level = "words"

    def __init__(self, vocabulary: Vocabulary, splitting: Version = "unicode") -> None:
        self.vocabulary, self.splitting = vocabulary, splitting

    @classmethod
    def fit(cls, texts: Iterable[str], size: int, minimum_count: int = 1) -> WordCode:
        """The most frequent words."""
        return cls(Vocabulary.fit((split_sentence(text) for text in texts), max(size, len(MARKS)), minimum_count))

    def __len__(self) -> int:
        return len(self.vocabulary)

    def encode(self, text: str) -> np.ndarray:
        """One number a word."""
        return self.vocabulary.encode(split_sentence(text, self.splitting))

    def pieces(self, text: str) -> list[str]:
        """The words, known or not."""
        return split_sentence(text)

    def elements(self) -> list[str]:
        """The vocabulary."""
        return self.vocabulary.words

    def decode(self, ids: Sequence[int]) -> str:
        """The words, joined as they are written."""
        return join_words(self.vocabulary.words[index] for index in ids)

    def words(self, ids: Sequence[int]) -> tuple[list[str], list[int]]:
        """Each number is a word."""
        return [self.vocabulary.words[index] for index in ids], list(range(len(ids)))

    def save(self, path: Path) -> None:
        """The words."""
        self.vocabulary.save(path)


class PieceCode(SentenceCode):
    """A number a piece of a word, by byte-pair encoding; nothing is unknown.

    Args:
        pairs: the pieces.
        splitting: how the words are found that they make up.

    Example:
        >>> code = PieceCode.fit(["low lower lowest"] * 9, size=270)
        >>> code.decode(code.encode("slow owls"))
        'slow owls'
        >>> words, places = code.words(code.encode("lower, slow"))
        >>> words, places[-1]
        (['lower', ',', 'slow'], 2)
    """

    level = "bpe"

    def __init__(self, pairs: BytePairs, splitting: Version = "unicode") -> None:
        self.pairs, self.splitting = pairs, splitting

    @classmethod
    def fit(cls, texts: Iterable[str], size: int) -> PieceCode:
        """Learn the pieces; there are never fewer than the 256 bytes."""
        return cls(BytePairs.fit((f" {composed(text)}" for text in texts), size - len(MARKS)))

    def __len__(self) -> int:
        return self.pairs.size + len(MARKS)

    def encode(self, text: str) -> np.ndarray:
        """The space in front makes a sentence's first word the same pieces as within."""
        text = tidy(text) if self.splitting == "letters" else composed(tidy(text))
        return self.pairs.encode(f" {text}").astype(np.int64) + len(MARKS)

    def pieces(self, text: str) -> list[str]:
        """The pieces, with the spaces in front of them."""
        return [self.pairs.decode([index - len(MARKS)]) for index in self.encode(text).tolist()]

    def elements(self) -> list[str]:
        """The marks and the pieces."""
        return [*MARKS, *(self.pairs.decode([index]) for index in range(self.pairs.size))]

    def decode(self, ids: Sequence[int]) -> str:
        """The pieces in a row."""
        return self.pairs.decode([index - len(MARKS) for index in ids if index >= len(MARKS)]).strip()

    def words(self, ids: Sequence[int]) -> tuple[list[str], list[int]]:
        """Words as `split_sentence` finds them; a piece belongs to the word that it begins in or stands before."""
        own = [max(0, index - len(MARKS)) for index in ids]
        text = self.pairs.decode(own)
        found = sentence_offsets(text, self.splitting)
        # a piece may end within a character, which then shows as U+FFFD
        starts = [len(self.pairs.decode(own[:count]).rstrip("\N{REPLACEMENT CHARACTER}")) for count in range(len(own))]
        ends = np.array([end for _, end in found])
        places = np.searchsorted(ends, starts, side="right").clip(max=max(0, len(found) - 1))
        return [text[start:end] for start, end in found], places.tolist()

    def save(self, path: Path) -> None:
        """The definition of the pieces."""
        self.pairs.save(path)


def load_code(path: Path, level: Literal["words", "bpe"], splitting: Version = "unicode") -> SentenceCode:
    """What `save` wrote.

    Raises:
        DataError: it is missing or something else.
    """
    if level == "words":
        return WordCode(Vocabulary.load(path), splitting)
    pairs = load_tokenizer(path)
    if not isinstance(pairs, BytePairs):
        raise DataError(path, f"a tokenizer of {pairs.level}", "one of byte pairs")
    return PieceCode(pairs, splitting)


def save_splitting(path: Path, splitting: Version) -> None:
    """Write how a run finds words."""
    path.write_text(json.dumps({"splitting": splitting}), encoding="utf-8")


def stored_splitting(path: Path) -> Version:
    """What `save_splitting` wrote; runs from before it did have no such file.

    Raises:
        DataError: it is damaged.
    """
    if not path.exists():
        return "letters"
    with readable(path, "usable facts"):
        return "unicode" if json.loads(path.read_text(encoding="utf-8"))["splitting"] == "unicode" else "letters"
