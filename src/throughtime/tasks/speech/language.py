"""The language model in the beam search: n-grams of the training texts, or a run of the text task."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from throughtime import tasks as registry
from throughtime.data.audio.symbols import Symbols
from throughtime.data.byte_pairs import BytePairs, load_tokenizer
from throughtime.data.tokens import Tokenizer
from throughtime.errors import DataError

if TYPE_CHECKING:
    from throughtime.decoding.language import LanguageModel

# what of a run folder the language model is made from, and is copied, so that our own run folder needs no other
_CONFIG, _FEATURES, _WEIGHTS = "config.toml", "features", "model.safetensors"
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
    def tokenizer(self) -> Tokenizer:
        """What it was trained with.

        Raises:
            DataError: it is no such run.
        """
        self._settings()
        tokenizer = load_tokenizer(self.folder / _FEATURES / "tokenizer.json")
        if tokenizer.level == "words":
            raise DataError(self.folder, "a run by words", _EXPECTED)
        return tokenizer

    def model(self, symbols: Symbols) -> LanguageModel:
        """A language model over a transcriber's symbols.

        Raises:
            DataError: it is no such run, or something of it is missing or damaged.
        """
        from safetensors.torch import load_file

        from throughtime.models.symbol_language import RecurrentLanguageModel

        task = registry.find("text")(self._settings(), self.folder)
        task.load_features(self.folder / _FEATURES)
        generator: Any = task.model()
        try:
            generator.load_state_dict(load_file(self.folder / _WEIGHTS))
        except Exception as error:  # safetensors and torch raise several kinds for a damaged file
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DataError(self.folder / _WEIGHTS, f"no usable weights ({reason})", _EXPECTED) from error
        return RecurrentLanguageModel(generator, symbols.tokens_of(self.tokenizer))

    def copy(self, folder: Path) -> None:
        """Copy what is needed into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.folder / _FEATURES, folder / _FEATURES, dirs_exist_ok=True)
        for name in (_CONFIG, _WEIGHTS):
            shutil.copy(self.folder / name, folder / name)

    def _settings(self) -> Any:
        try:
            config = tomllib.loads((self.folder / _CONFIG).read_text(encoding="utf-8"))
            if config["task"] != "text" or not (self.folder / _WEIGHTS).is_file():
                raise DataError(self.folder, f"a run of the task {config['task']} (finished or not)", _EXPECTED)
            # TOML has no null: settings without a value are listed by name
            return registry.find("text").Settings(**config["settings"], **dict.fromkeys(config["unset"]))
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(self.folder, f"no run folder ({reason})", f"none, ngram, or {_EXPECTED}") from error


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
