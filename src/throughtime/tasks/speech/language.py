"""The language model in the beam search: n-grams of the training texts, or a run of the text task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime import tasks as registry
from throughtime.data.tokens.byte_pairs import BytePairs, load_tokenizer
from throughtime.data.tokens.tokens import Tokenizer
from throughtime.errors import DataError
from throughtime.tasks.speech.audio.symbols import Symbols
from throughtime.tasks.speech.other_run import OtherRun

if TYPE_CHECKING:
    from throughtime.decoding.language import LanguageModel

# what the language model is made from is copied, so that our own run folder needs no other
_COPY = "language_model"
_COUNTS = "language.npz"
_EXPECTED = "the folder of a finished run of the text task, by characters or pieces of words"


@dataclass(frozen=True)
class TextRun:
    """A run of the text task.

    Args:
        folder: its run folder, or our copy of it.
    """

    folder: Path

    @property
    def _run(self) -> OtherRun:
        return OtherRun(self.folder, "text", _EXPECTED)

    @property
    def tokenizer(self) -> Tokenizer:
        """What it was trained with.

        Raises:
            DataError: it is no such run.
        """
        self._run.settings()
        tokenizer = load_tokenizer(self._run.features / "tokenizer.json")
        if tokenizer.level == "words":
            raise DataError(self.folder, "a run by words", _EXPECTED)
        return tokenizer

    def model(self, symbols: Symbols) -> LanguageModel:
        """A language model over a transcriber's symbols.

        Raises:
            DataError: it is no such run, or something of it is missing or damaged.
        """
        from throughtime.models.symbol_language import RecurrentLanguageModel

        task = registry.find("text")(self._run.settings(), self.folder)
        task.load_features(self._run.features)
        generator: Any = self._run.build_model(task.model)
        self._run.put_weights(generator, self._run.weights())
        return RecurrentLanguageModel(generator, symbols.tokens_of(self.tokenizer))

    def copy(self, folder: Path) -> None:
        """Copy what is needed into a folder."""
        self._run.copy(folder)


class Language:
    """The language model that was asked for.

    Args:
        asked: none, ngram, or the folder of a run.
        order: of the n-grams.
    """

    def __init__(self, asked: str, order: int) -> None:
        self.asked, self.order = asked, order
        self.model: LanguageModel | None = None

    @property
    def _run(self) -> TextRun | None:
        return None if self.asked in ("none", "ngram") else TextRun(Path(self.asked).expanduser())

    def check(self) -> None:
        """Make sure that the run is one that can be used.

        Raises:
            DataError: it is not.
        """
        self.pieces()

    def pieces(self) -> BytePairs | None:
        """The pieces of words that the run was trained with: a transcriber that writes pieces has to write the same."""
        tokenizer = None if self._run is None else self._run.tokenizer
        return tokenizer if isinstance(tokenizer, BytePairs) else None

    def fit(self, texts: Sequence[np.ndarray], symbols: Symbols) -> None:
        """Count the symbols of the training texts, or read the run.

        Raises:
            DataError: the run does not fit.
        """
        from throughtime.models.symbol_language import SymbolNGram

        if self.asked == "ngram":
            self.model = SymbolNGram.fit(texts, len(symbols), self.order)
        elif self._run is not None:
            self.model = self._run.model(symbols)

    def save(self, folder: Path) -> None:
        """Write the counts, or copy the run."""
        from throughtime.models.symbol_language import SymbolNGram

        if isinstance(self.model, SymbolNGram):
            self.model.save(folder / _COUNTS)
        elif self._run is not None:
            self._run.copy(folder / _COPY)

    def load(self, folder: Path, symbols: Symbols) -> None:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or damaged.
        """
        from throughtime.models.symbol_language import SymbolNGram

        if self.asked == "ngram":
            self.model = SymbolNGram.load(folder / _COUNTS)
        elif self._run is not None:
            self.model = TextRun(folder / _COPY).model(symbols)
