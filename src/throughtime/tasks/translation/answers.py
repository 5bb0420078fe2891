"""Answers of the translation task: from a text to hypotheses, and from a hypothesis to a sentence and its attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.words.splitting import split_sentence
from throughtime.data.words.vocabulary import UNKNOWN
from throughtime.tasks.base import Alignment
from throughtime.tasks.translation.baselines.word_dictionary import WordDictionary
from throughtime.tasks.translation.corpora.sentences import SentenceCode, join_words
from throughtime.tasks.translation.parts import split_text
from throughtime.tasks.translation.settings import TranslationSettings

if TYPE_CHECKING:
    from throughtime.decoding.beam import Hypothesis
    from throughtime.models.base import Model

_PARTS = 500  # of one text that are searched together: all their hypotheses are kept until each has been said
_BEGINNINGS = 640  # that are worked on together: more find no room in the processor's cache
_END = "(end)"


@dataclass(frozen=True)
class Answers:
    """What is needed to say a sentence in the other language, but the model.

    Args:
        source, target: the sentences' codes.
        dictionary: for words that the target's code does not know.
        settings: of the search.
    """

    source: SentenceCode
    target: SentenceCode
    dictionary: WordDictionary
    settings: TranslationSettings

    def read(self, text: str) -> np.ndarray:
        """What the encoder reads: the end mark too, where attention may rest."""
        return np.append(self.source.encode(text), self.source.end)

    def is_long(self, text: str) -> bool:
        """Whether a text has more pieces than any that was learned from, and is translated in parts."""
        most = self.settings.max_length
        # a character is at most four pieces, and each word may have one for the space before it
        return 5 * len(text) > most and len(self.source.encode(text)) > most

    def parts(self, text: str) -> list[str]:
        """The parts of a long text, which are translated each by itself."""
        return split_text(text, lambda word: len(self.source.encode(word)), self.settings.max_length)

    def in_parts(self, model: Model, text: str, beams: int) -> list[tuple[str, str]]:
        """The parts of a long text, each with its translation."""
        parts = self.parts(text)
        groups = (parts[start : start + _PARTS] for start in range(0, len(parts), _PARTS))
        found = chain.from_iterable(self.search(model, group, beams) for group in groups)
        return [(part, self.say(hypotheses[0], part)) for hypotheses, part in found]

    def translations(self, model: Model, texts: Sequence[str], beams: int) -> list[str]:
        """The best translation of each text, of long ones put together from that of their parts."""
        long = [self.is_long(text) for text in texts]
        found = self.search(model, [text for text, is_long in zip(texts, long, strict=True) if not is_long], beams)
        said = (self.say(hypotheses[0], text) for hypotheses, text in found)
        return [
            " ".join(part for _, part in self.in_parts(model, text, beams)) if is_long else next(said)
            for text, is_long in zip(texts, long, strict=True)
        ]

    def search(self, model: Model, texts: Sequence[str], beams: int) -> Iterator[tuple[list[Hypothesis], str]]:
        """Hypotheses of each text, the best first, in the texts' order; none of a blank text."""
        import torch

        from throughtime.decoding.beam import BeamSearch

        translator: Any = model.eval()
        prepared = translator.prepare()
        device = next(model.parameters()).device
        rows = [self.read(text) for text in texts]
        order = sorted((index for index, text in enumerate(texts) if text.strip()), key=lambda index: -len(rows[index]))
        found: list[list[Hypothesis]] = [[] for _ in texts]
        wanted = min(beams, self.settings.n_best)
        together = max(1, _BEGINNINGS // beams)
        for start in range(0, len(order), together):
            batch = order[start : start + together]
            lengths = torch.tensor([len(rows[index]) for index in batch])
            inputs = torch.zeros(len(batch), int(lengths.max()), dtype=torch.int64)
            for place, index in enumerate(batch):
                inputs[place, : len(rows[index])] = torch.from_numpy(rows[index])
            search = BeamSearch(
                beams,
                self.settings.length_penalty,
                self.settings.alpha,
                longest=tuple(10 + 2 * int(length) for length in lengths),
                wanted=wanted,
                excluded=(self.target.padding, self.target.begin),
            )
            with torch.no_grad():
                decoding = prepared.decoding(inputs.to(device), lengths.to(device))
            results = search.run(decoding, len(batch), begin=self.target.begin, end=self.target.end)
            for index, hypotheses in zip(batch, results, strict=True):
                found[index] = hypotheses
        return zip(found, texts, strict=True)

    def say(self, hypothesis: Hypothesis, text: str) -> str:
        """A hypothesis as a sentence; an unknown word is what the dictionary has for the source word looked at most."""
        ids = hypothesis.tokens.tolist()
        if self.target.unknown not in ids:
            return self.target.decode(ids)
        seen, weights = self._looked_at(hypothesis, text)
        words, _ = self.target.words(ids)
        for place, index in enumerate(ids):
            if index == self.target.unknown and len(seen) > 1:
                words[place] = self.dictionary.word(seen[int(weights[place, :-1].argmax())])
        return join_words(words)

    def _looked_at(self, hypothesis: Hypothesis, text: str) -> tuple[list[str], NDArray[np.float32]]:
        """The source's words and its end, and how much each piece of a hypothesis looked at each of them (L, S)."""
        ids = self.source.encode(text).tolist()
        words, places = self.source.words(ids)
        if self.source.level == "words":
            words = split_sentence(text, self.source.splitting)  # as they are written, known or not
        weights = np.zeros((len(hypothesis.tokens), len(words) + 1), dtype=np.float32)
        for column, place in enumerate([*places, len(words)]):
            weights[:, place] += hypothesis.notes[:-1, column]
        return [*words, _END], weights

    def alignment(self, hypothesis: Hypothesis, text: str) -> Alignment:
        """Which words of the source each word of a hypothesis looked at."""
        seen, by_piece = self._looked_at(hypothesis, text)
        words, places = self.target.words(hypothesis.tokens.tolist())
        if self.target.level == "words":
            words = [word if word != UNKNOWN else "?" for word in words]
        # a word that no piece begins in lies within the last one before it
        pieces = [np.flatnonzero(np.array(places) == place) for place in range(len(words))]
        within = [max(0, int(np.searchsorted(places, place)) - 1) for place in range(len(words))]
        weights = np.zeros((len(words), len(seen)))
        for row, own, one in zip(weights, pieces, within, strict=True):
            row[:] = by_piece[own if len(own) else [one]].mean(axis=0)
        return Alignment(tuple(seen), "words", tuple(words), self.say(hypothesis, text), weights)

    def explain(self, hypothesis: Hypothesis, text: str) -> dict[str, Any]:
        """A hypothesis as a sentence, its score, and which words of the source each of its words looked at."""
        found = self.alignment(hypothesis, text)
        weights = found.weights.round(4).tolist()
        return {
            "translation": found.answer,
            "score": round(hypothesis.score, 4),
            "attention": {"source": list(found.symbols), "target": list(found.said), "weights": weights},
        }
