"""Byte-pair encoding by the package tokenizers; reading any tokenizer that was saved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.progress import stage
from throughtime.data.tokens.tokens import Characters, Tokenizer, Words
from throughtime.errors import DataError, MissingExtraError
from throughtime.storage.written import readable

# merges are learned from so many characters at most: the trainer holds all the words it counts
_LONGEST = 50_000_000


class BytePairs(Tokenizer):
    """Pieces of words by byte-pair encoding (Sennrich et al. 2016) on bytes, so that nothing is unknown.

    Args:
        definition: the JSON of a tokenizer of the package tokenizers.

    Example:
        >>> pieces = BytePairs.fit(["low lower lowest\\n"] * 9, size=270)
        >>> pieces.decode(pieces.encode("slow\\n"))
        'slow\\n'
    """

    level = "bpe"

    def __init__(self, definition: str) -> None:
        self.definition = definition
        self._tokenizer = _package().Tokenizer.from_str(definition)

    @classmethod
    def fit(cls, texts: Iterable[str], size: int) -> BytePairs:
        """Learn the merges from the first 50 million characters."""
        package = _package()
        pairs = package.Tokenizer(package.models.BPE())
        pairs.pre_tokenizer = package.pre_tokenizers.ByteLevel(add_prefix_space=False)
        pairs.decoder = package.decoders.ByteLevel()
        trainer = package.trainers.BpeTrainer(
            vocab_size=size, initial_alphabet=package.pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        )
        with stage("learning byte pairs"):
            pairs.train_from_iterator(_lines(_prefix(texts, _LONGEST)), trainer)
        return cls(pairs.to_str())

    @property
    def size(self) -> int:
        """The bytes and the merges."""
        return int(self._tokenizer.get_vocab_size())

    @property
    def start(self) -> int:
        """The newline's token."""
        return int(self.encode("\n")[0])

    @property
    def unknown(self) -> None:
        """There is none."""
        return

    def encode(self, text: str) -> np.ndarray:
        """Ids of the pieces, line by line."""
        encoded = self._tokenizer.encode_batch_fast(list(_lines([text])))
        return np.fromiter((index for line in encoded for index in line.ids), dtype=self.dtype)

    def decode(self, ids: Sequence[int]) -> str:
        """The text; bytes that make no character are shown as U+FFFD."""
        return str(self._tokenizer.decode([int(index) for index in ids]))

    def to_json(self) -> dict[str, Any]:
        """The definition."""
        return {"definition": self.definition}


def load_tokenizer(path: Path) -> Tokenizer:
    """A tokenizer that `save` wrote.

    Raises:
        DataError: it is missing or damaged.
    """
    with readable(path, "usable tokenizer"):
        content = json.loads(path.read_text(encoding="utf-8"))
        level = content["level"]
        if level == "characters":
            return Characters(content["characters"])
        if level == "words":
            return Words(content["words"], content["splitting"])
        if level == "bpe":
            return BytePairs(content["definition"])
    raise DataError(path, f"the level {level!r}", "characters, words or bpe")


def _lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (line for line in re.split(r"(?<=\n)", text) if line)


def _prefix(texts: Iterable[str], characters: int) -> Iterator[str]:
    for text in texts:
        yield text[:characters]
        characters -= len(text)
        if characters <= 0:
            return


def _package() -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise MissingExtraError("tokenizers", "tokens", "byte-pair encoding") from error
    return tokenizers
