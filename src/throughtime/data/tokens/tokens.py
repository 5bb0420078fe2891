"""Tokenizers: text to whole numbers and back, by character or word."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from throughtime.data.words import earlier
from throughtime.data.words.splitting import Splitter
from throughtime.errors import ArgumentError

Level = Literal["characters", "words", "bpe"]
Splitting = Literal["whitespace", "unicode", "words", "marked"]

UNKNOWN = "<unk>"
END_OF_LINE = "<eos>"

_LINES = Splitter(special=r"\n|<unk>|")
_CLOSING = re.compile(r" ([,.;:!?)\]}’”])")
_OPENING = re.compile(r"([(\[{‘“]) ")
# so many different words are counted at once; beyond, those seen once are forgotten (a 2 GB text has millions)
_LARGEST_COUNT = 2_000_000


class Tokenizer(ABC):
    """Text to token ids and back; a text may be given in chunks that end where lines or words end."""

    level: ClassVar[Level]

    @property
    @abstractmethod
    def size(self) -> int:
        """Vocabulary size V."""

    @property
    @abstractmethod
    def start(self) -> int:
        """The token that stands before a text: the end of the line before."""

    @property
    @abstractmethod
    def unknown(self) -> int | None:
        """The token of all that is not in the vocabulary, None if there is no such thing."""

    @abstractmethod
    def encode(self, text: str) -> np.ndarray:
        """Token ids (N,) of a text."""

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """All that makes up the tokenizer."""

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        """The smallest type that holds every id."""
        return np.uint8 if self.size <= 2**8 else np.uint16 if self.size <= 2**16 else np.uint32

    @property
    def fingerprint(self) -> str:
        """Two tokenizers that differ have different ones."""
        text = json.dumps({"level": self.level, **self.to_json()}, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps({"level": self.level, **self.to_json()}), encoding="utf-8")


class Characters(Tokenizer):
    """One token a character (Unicode code point).

    Args:
        characters: the vocabulary; ids count from 1, 0 is the unknown character.

    Example:
        >>> letters = Characters.fit(["banana"], size=10)
        >>> letters.encode("nab").tolist(), letters.decode([3, 1, 2])
        ([3, 1, 2], 'nab')
    """

    level = "characters"

    def __init__(self, characters: str) -> None:
        if not characters or len(set(characters)) != len(characters):
            raise ArgumentError("found no characters, or one of them twice, expected a set of at least one")
        self.characters = characters
        codes = _code_points(characters)
        # the last place, which stands for everything beyond the largest known character, is the unknown one
        self._ids = np.zeros(int(codes.max()) + 2, dtype=self.dtype)
        self._ids[codes] = np.arange(1, len(characters) + 1)

    @classmethod
    def fit(cls, texts: Iterable[str], size: int) -> Characters:
        """The most frequent characters, in order of their code points."""
        counts = np.zeros(0x110000, dtype=np.int64)
        for text in texts:
            found = np.bincount(_code_points(text))
            counts[: len(found)] += found
        seen = np.flatnonzero(counts)
        frequent = seen[np.argsort(-counts[seen], kind="stable")[: size - 1]]
        return cls("".join(chr(code) for code in np.sort(frequent)))

    @property
    def size(self) -> int:
        """The characters and the unknown one."""
        return len(self.characters) + 1

    @property
    def start(self) -> int:
        """The newline, or where there is none (a text of one line) a space, or else the first character."""
        return max(self.characters.find("\n"), -1) + 1 or self.characters.find(" ") + 1 or 1

    @property
    def unknown(self) -> int:
        """Token 0."""
        return 0

    def encode(self, text: str) -> np.ndarray:
        """One id a character."""
        ids: np.ndarray = self._ids[np.minimum(_code_points(text), len(self._ids) - 1)]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The characters; the unknown one is shown as U+FFFD."""
        return "".join(self.characters[index - 1] if index else "\N{REPLACEMENT CHARACTER}" for index in ids)

    def to_json(self) -> dict[str, Any]:
        """The characters."""
        return {"characters": self.characters}


class Words(Tokenizer):
    """One token a word, most frequent first; a line's end is the token <eos>, a word not in the vocabulary <unk>.

    Args:
        words: the vocabulary; <eos> and <unk> are among them.
        splitting: "whitespace" for text that is tokenised already (Penn Treebank, WikiText), "unicode" takes
            punctuation apart, by Unicode's word boundaries; "words" and "marked" did so in runs from before.

    Example:
        >>> words = Words.fit(["the cat sat\\nthe dog\\n"], size=5, splitting="whitespace", minimum_count=1)
        >>> words.words
        ['<eos>', '<unk>', 'the', 'cat', 'dog']
        >>> words.decode(words.encode("the bird"))
        'the <unk>'
    """

    level = "words"

    def __init__(self, words: Sequence[str], splitting: Splitting) -> None:
        self.words = list(words)
        self.splitting = splitting
        self._ids = {word: index for index, word in enumerate(self.words)}
        if len(self._ids) != len(self.words) or not {UNKNOWN, END_OF_LINE} <= self._ids.keys():
            raise ArgumentError(f"found a word twice, or no {UNKNOWN} or {END_OF_LINE}, expected a set with both")

    @classmethod
    def fit(cls, texts: Iterable[str], size: int, splitting: Splitting, minimum_count: int | None = None) -> Words:
        """The most frequent words.

        Args:
            texts: chunks of the training text.
            size: words at most.
            splitting: see the class.
            minimum_count: rarer words are unknown; None: 1 if the text has <unk> in it already, else 2, so that the
                model learns what an unknown word is like.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(_split(text, splitting))
            if len(counts) > _LARGEST_COUNT:
                counts = Counter({word: count for word, count in counts.items() if count > 1})
        least = minimum_count or (1 if UNKNOWN in counts else 2)
        marks = [END_OF_LINE, UNKNOWN]
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        frequent = [word for word, count in ordered if count >= least and word not in marks]
        return cls([*marks, *frequent[: max(0, size - len(marks))]], splitting)

    @property
    def size(self) -> int:
        """The words, with <eos> and <unk>."""
        return len(self.words)

    @property
    def start(self) -> int:
        """The token <eos>."""
        return self._ids[END_OF_LINE]

    @property
    def unknown(self) -> int:
        """The token <unk>."""
        return self._ids[UNKNOWN]

    def encode(self, text: str) -> np.ndarray:
        """One id a word, and one a newline."""
        words = _split(text, self.splitting)
        return np.fromiter(map(self._ids.get, words, repeat(self.unknown)), self.dtype, len(words))

    def decode(self, ids: Sequence[int]) -> str:
        """The words with spaces between; punctuation that was taken apart is put back."""
        text = " ".join("\n" if index == self.start else self.words[index] for index in ids)
        if self.splitting != "whitespace":
            text = _OPENING.sub(r"\1", _CLOSING.sub(r"\1", text))
        return re.sub(r" ?\n ?", "\n", text)

    def to_json(self) -> dict[str, Any]:
        """The words and how text is split."""
        return {"words": self.words, "splitting": self.splitting}


def guess_splitting(sample: str) -> Splitting:
    """Whether a text is tokenised already: it has <unk> in it, or spaces before its commas and stops."""
    attached = len(re.findall(r"\w[,.;!?](?=\s|$)", sample))
    apart = len(re.findall(r"\s[,.;!?](?=\s|$)", sample))
    return "whitespace" if f" {UNKNOWN} " in sample or apart > attached else "unicode"


def _split(text: str, splitting: Splitting) -> list[str]:
    if splitting == "whitespace":
        return text.replace("\n", f" {END_OF_LINE} ").split()
    if splitting == "unicode":
        words = _LINES.words(text)
    else:
        words = (earlier.LINE if splitting == "words" else earlier.MARKED_LINE).findall(text)
    return [END_OF_LINE if word == "\n" else word for word in words]


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
