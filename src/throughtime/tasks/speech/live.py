"""Text while the sound comes in: partial texts at once, whole ones at each pause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.tasks.speech.answers import Decoder, describe
from throughtime.tasks.speech.audio.log_mel import FRAMES_A_SECOND, LogMel
from throughtime.tasks.speech.audio.recording import Resampled
from throughtime.tasks.speech.audio.symbols import BLANK
from throughtime.tasks.speech.captions import captions_of
from throughtime.tasks.speech.features import Features

if TYPE_CHECKING:
    from throughtime.models.transcriber import Transcriber

_PAUSE = 0.8  # seconds without a symbol that end a text
_SHORT_PAUSE = 0.2  # seconds without a symbol that end a long one
_LONGEST = 30.0  # seconds that make it long


@dataclass(frozen=True)
class Sound:
    """Sound that comes in parts.

    Args:
        parts: samples (N,), from -1 to 1.
        rate: samples a second.
        name: where it comes from.
    """

    parts: Iterable[np.ndarray]
    rate: int
    name: str


class LiveTranscriber:
    """Hears parts of a sound and says what has been said; nothing waits for more than the model's own latency.

    Args:
        model: forward alone and causal.
        features: those that it was trained with.
        decoder: how texts are looked for.
        sound: it hears.
    """

    def __init__(self, model: Transcriber, features: Features, decoder: Decoder, sound: Sound) -> None:
        asked = features.settings
        self._features, self._decoder, self._sound = features, decoder, sound
        self._resampled = Resampled(sound.rate, asked.rate)
        self._mel = LogMel(asked.rate, asked.bins)
        self._listener = model.listen()
        self._device = next(model.parameters()).device
        self._step = asked.stride / FRAMES_A_SECOND
        self._heard = 0  # steps of the whole sound
        self._samples = 0
        self._captions = 1
        self._whole = 0  # texts that have ended
        self._begin()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """A prediction whenever the text has changed (`final` is false) or is whole (`final` is true)."""
        for part in self._sound.parts:
            self._samples += len(part)
            yield from self._hear(self._resampled.add(part))
        yield from self._hear(self._resampled.end())
        self._take(self._listener.end().cpu().numpy())
        if self._text() or not self._whole:  # a pause at the end is no text of its own
            yield self._ended()

    def _begin(self) -> None:
        """Nothing has been said yet of the next text."""
        self._search = self._decoder.search()
        self._steps: list[np.ndarray] = []
        self._silent = 0
        self._shown = ""

    def _hear(self, samples: np.ndarray) -> Iterator[dict[str, Any]]:
        import torch

        mel = self._features.normaliser(self._mel.add(samples))
        for row in self._listener.add(torch.from_numpy(mel).to(self._device)).cpu().numpy():
            self._take(row[None])
            long = len(self._steps) * self._step >= _LONGEST
            if self._silent * self._step < (_SHORT_PAUSE if long else _PAUSE):
                continue
            if self._text():
                yield self._ended()
            else:
                self._begin()  # silence need not be remembered
        if (text := self._text()) != self._shown:
            self._shown = text
            yield {**self._where(), "text": text, "words": [], "final": False}

    def _take(self, log_probs: np.ndarray) -> None:
        self._search.advance(log_probs)
        self._steps.extend(log_probs)
        self._heard += len(log_probs)
        for row in log_probs:
            self._silent = self._silent + 1 if row.argmax() == BLANK else 0

    def _text(self) -> str:
        return self._features.symbols.decode(self._search.best(1, ended=False)[0].tokens).strip()

    def _ended(self) -> dict[str, Any]:
        """The text that ends here."""
        tokens = np.asarray(self._search.best(1)[0].tokens)
        offset = (self._heard - len(self._steps)) * self._step
        empty = np.empty((0, len(self._features.symbols)), dtype=np.float32)
        steps = np.stack(self._steps) if self._steps else empty
        ended = {**self._where(), **describe(self._features, steps, tokens, offset), "final": True}
        self._captions += len(captions_of(ended["words"]))
        self._whole += 1
        self._begin()
        return ended

    def _where(self) -> dict[str, Any]:
        seconds = self._samples / self._sound.rate
        return {"file": self._sound.name, "seconds": round(seconds, 3), "first_caption": self._captions}
