"""What the speech task learns from the training split before any training: symbols, usual loudness, baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.errors import DataError
from throughtime.storage.written import read_arrays, readable
from throughtime.tasks.speech.audio.batches import Varied
from throughtime.tasks.speech.audio.condition import Condition
from throughtime.tasks.speech.audio.mel_cache import Hearing, MelCache
from throughtime.tasks.speech.audio.normalising import Normaliser
from throughtime.tasks.speech.audio.symbols import Symbols
from throughtime.tasks.speech.audio.utterance import Spelling, Utterance
from throughtime.tasks.speech.baselines.templates import Templates
from throughtime.tasks.speech.language import Language
from throughtime.tasks.speech.settings import SpeechSettings

_TEMPLATES = 300


class Features:
    """From recordings to normalised features, and from texts to symbols.

    Args:
        settings: of the task.
        cache: where features of recordings are kept.

    Attributes:
        symbols: what the model writes.
        language: what is usual to write.
        normaliser: of log-mel features.
        templates: the baseline that knows some training recordings.
        usual: the most frequent training text.
    """

    symbols: Symbols
    normaliser: Normaliser
    templates: Templates
    usual: str

    def __init__(self, settings: SpeechSettings, cache: Path) -> None:
        self.settings = settings
        self.hearing = Hearing(settings.rate, settings.bins, settings.longest)
        self.spelling = Spelling(settings.case, settings.punctuation)
        self.language = Language(settings.language_model, settings.order)
        self.cache = MelCache(cache / "speech" / "features", self.hearing)

    def fit(self, train: Sequence[Utterance]) -> None:
        """Learn all of them; features of all recordings are computed on the way."""
        asked = self.settings
        texts = [self.text(utterance) for utterance in train]
        pieces = self.language.pieces() if asked.level == "bpe" else None
        self.symbols = Symbols(pieces) if pieces else Symbols.fit(texts, asked.level, asked.vocabulary_size)
        self.language.fit([self.symbols.encode(text) for text in texts], self.symbols)
        mels = self.mels(train)
        self.normaliser = Normaliser.fit(mels, asked.by_utterance)
        chosen = np.sort(np.random.default_rng(asked.seed).permutation(len(train))[:_TEMPLATES])
        self.templates = Templates.fit([self.normaliser(mels[at]) for at in chosen], [texts[at] for at in chosen])
        self.usual = Counter(texts).most_common(1)[0][0]

    def save(self, folder: Path) -> None:
        """Write them; no pickle."""
        self.symbols.save(folder / "symbols.json")
        self.language.save(folder)
        np.savez(folder / "loudness.npz", mean=self.normaliser.mean, deviation=self.normaliser.deviation)
        self.templates.save(folder / "templates.npz")
        (folder / "usual.txt").write_text(self.usual, encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Read what `save` wrote.

        Raises:
            DataError: something is missing or damaged.
        """
        self.symbols = Symbols.load(folder / "symbols.json")
        self.language.load(folder, self.symbols)
        self.templates = Templates.load(folder / "templates.npz")
        with readable(folder, "features of a speech run"):
            kept = read_arrays(folder / "loudness.npz")
            self.normaliser = Normaliser(kept["mean"], kept["deviation"], self.settings.by_utterance)
            self.usual = (folder / "usual.txt").read_text(encoding="utf-8")

    def text(self, utterance: Utterance) -> str:
        """What is said, as it is learned and compared."""
        return self.spelling.of(utterance.text)

    def mels(self, utterances: Sequence[Utterance], speed: float = 1.0) -> list[np.ndarray]:
        """Log-mel features float16 (T, F) of each, from the cache."""
        return self.cache.features([utterance.excerpt for utterance in utterances], speed)

    def conditions(self, utterances: Sequence[Utterance]) -> list[Condition]:
        """What computing the features of each has seen of its samples."""
        return self.cache.conditions([utterance.excerpt for utterance in utterances])

    def varied(self, utterances: Sequence[Utterance], speeds: Sequence[float] = (), *, learn: bool) -> list[Varied]:
        """Features, at further speeds too, and symbols of each.

        Args:
            utterances: of any split.
            speeds: beside that of the recording.
            learn: whether they are to be learned from.

        Raises:
            DataError: a recording too short for what is said to be said in it.
        """
        played = [self.mels(utterances, speed) for speed in (1.0, *speeds)]
        found = []
        for utterance, mels in zip(utterances, zip(*played, strict=True), strict=True):
            symbols = self.symbols.encode(self.text(utterance))
            if learn:
                self._check(utterance, symbols, min(len(mel) for mel in mels))
            found.append(Varied(mels, symbols))
        return found

    def _check(self, utterance: Utterance, symbols: np.ndarray, frames: int) -> None:
        """Raise if there are not as many steps as the text needs: one a symbol, one between two that are the same."""
        needed = len(symbols) + int((symbols[1:] == symbols[:-1]).sum())
        if (steps := -(-frames // self.settings.stride)) < needed:
            raise DataError(
                utterance.path,
                f"{len(symbols)} symbols in {utterance.seconds:.2f} seconds ({steps} steps) of {utterance.audio.name}",
                f"at least {needed} steps (a smaller --stride gives more, pieces of words (--level bpe) need fewer)",
                utterance.line,
            )
