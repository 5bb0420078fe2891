"""From features to text: the best texts of recordings, when each word was said, and how sure the model is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.decoding.alignment import align
from throughtime.tasks.speech.audio.batches import UtteranceLoader, Varied
from throughtime.tasks.speech.audio.log_mel import FRAMES_A_SECOND
from throughtime.tasks.speech.audio.recording import Excerpt
from throughtime.tasks.speech.audio.symbols import BLANK
from throughtime.tasks.speech.features import Features

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.decoding.ctc import BeamSearch
    from throughtime.decoding.language import LanguageModel
    from throughtime.models.transcriber import Transcriber

EVALUATION_BATCH = 16
"""Recordings that are answered together."""
_SEEN = 0.05  # symbols less probable than that at a step are not told
_QUIET = 20  # frames over which loudness is averaged to find a pause


@dataclass(frozen=True)
class Decoder:
    """How texts are looked for.

    Args:
        width: of the beam.
        language: a language model over the same symbols, or None.
        weight: of the language model.
        bonus: for each symbol, with a language model.
    """

    width: int
    language: LanguageModel | None = None
    weight: float = 0.0
    bonus: float = 0.0

    def search(self) -> BeamSearch:
        """A fresh beam search."""
        from throughtime.decoding.ctc import BeamSearch

        if self.language is None or not self.weight:
            return BeamSearch(self.width)
        return BeamSearch(self.width, self.language, self.weight, self.bonus)

    def best(self, log_probs: np.ndarray) -> np.ndarray:
        """The symbols (U,) of the best text of one recording's steps (T', K)."""
        search = self.search()
        search.advance(log_probs)
        return np.asarray(search.best(1)[0].tokens)


def log_probabilities(
    model: Transcriber,
    features: Features,
    mels: Sequence[np.ndarray],
    symbols: Sequence[np.ndarray] | None = None,
    judged: Callable[[Loader], Loader] = lambda loader: loader,
) -> list[np.ndarray]:
    """Log p of each symbol at each step, float32 (T', K), of log-mel features (T, F), run together by length.

    Args:
        model: put in evaluation mode.
        features: those that it was trained with.
        mels: of recordings, in any order.
        symbols: of what was said in each; None: that is not known.
        judged: gives the batches that are judged, of those that are read.
    """
    import torch

    model.eval()
    device = next(model.parameters()).device
    order = sorted(range(len(mels)), key=lambda place: len(mels[place]))
    said = symbols or [np.zeros(0, dtype=np.int64)] * len(mels)
    rows = [Varied([mels[at]], said[at]) for at in order]
    loader = judged(UtteranceLoader(rows, EVALUATION_BATCH, features.normaliser))
    found: list[np.ndarray] = [np.empty(0)] * len(mels)
    places = iter(order)
    with torch.no_grad():
        for batch in loader.epoch(0):
            here = batch.to(device)
            steps = model.heard(here["lengths"]).tolist()
            for row, length in zip(model(here).float().cpu().numpy(), steps, strict=True):
                found[next(places)] = row[:length].copy()
    return found


def parts_of(mel: np.ndarray, longest: int) -> Iterator[tuple[int, int]]:
    """Begins and ends of parts of at most `longest` frames, cut where it is quiet, of a recording's features (T, F).

    Example:
        >>> loudness = np.ones((100, 4)); loudness[60:80] = 0
        >>> list(parts_of(loudness, 90))
        [(0, 70), (70, 100)]
    """
    start, frames = 0, len(mel)
    loudness = mel.mean(axis=1, dtype=np.float64)
    while frames - start > longest:
        first = start + longest // 2  # not too early: a part should be long enough to be understood
        window = loudness[first : start + longest]
        width = min(_QUIET, len(window))
        smooth = np.convolve(window, np.ones(width) / width, mode="valid")
        cut = first + int(smooth.argmin()) + width // 2
        yield start, cut
        start = cut
    yield start, frames


def describe(features: Features, log_probs: np.ndarray, tokens: np.ndarray, offset: float) -> dict[str, Any]:
    """A text with its words, their times and how sure the model is, for programs.

    Args:
        features: fitted.
        log_probs: (T', K) of what was heard.
        tokens: (U,) the text found in it.
        offset: seconds before the first step.

    Returns:
        `text`, `words` (word, start, end, confidence), `confidence`, and `symbols` (time, symbol, probability).
        Confidence is the geometric mean, over the symbols of a word (or of the text), of the highest probability of
        each in the time in which it was said.
    """
    step = features.settings.stride / FRAMES_A_SECOND
    spans = align(log_probs, tokens)
    sure = [float(log_probs[start:end, token].max()) for (start, end), token in zip(spans, tokens, strict=True)]
    words = [
        {
            "word": word,
            "start": round(offset + step * int(spans[places[0]][0]), 3),
            "end": round(offset + step * int(spans[places[-1]][1]), 3),
            "confidence": float(np.exp(np.mean([sure[place] for place in places]))),
        }
        for word, places in features.symbols.words(tokens)
    ]
    text = " ".join(features.symbols.decode(tokens).split())
    confidence = float(np.exp(np.mean(sure))) if sure else 1.0
    return {"text": text, "words": words, "confidence": confidence, "symbols": _seen(features, log_probs, offset)}


def together(recording: Excerpt, seconds: float, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One prediction of the parts of a recording."""
    words = [word for part in parts for word in part["words"]]
    sure = [part["confidence"] for part in parts if part["text"]]
    return {
        "file": str(recording.path),
        # of a part of a file alone: a whole one begins where it begins
        **({"start": recording.start} if recording.start else {}),
        "seconds": round(seconds, 3),
        "text": " ".join(part["text"] for part in parts if part["text"]),
        "words": words,
        "confidence": sum(sure) / len(sure) if sure else 1.0,
        "symbols": [seen for part in parts for seen in part["symbols"]],
        "first_caption": 1,
        "final": True,
    }


def _seen(features: Features, log_probs: np.ndarray, offset: float) -> list[tuple[float, str, float]]:
    """Time, symbol and probability of all that is not improbable."""
    step = features.settings.stride / FRAMES_A_SECOND
    places = np.argwhere(log_probs > np.log(_SEEN))
    return [
        (round(offset + step * int(at), 3), features.symbols.decode([symbol]), float(np.exp(log_probs[at, symbol])))
        for at, symbol in places
        if symbol != BLANK
    ]
