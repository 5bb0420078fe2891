"""What the entities task learns from the training split before any training: words, letters, labels, vectors."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.data.words.pretrained import pretrained_vectors, starting_matrix
from throughtime.data.words.splitting import Version, composed
from throughtime.data.words.vocabulary import Vocabulary
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.written import readable
from throughtime.tasks.entities.corpora.schemes import all_tags, tags_of
from throughtime.tasks.entities.corpora.sentence import Sentence
from throughtime.tasks.entities.corpora.tokeniser import Tokeniser
from throughtime.tasks.entities.settings import EntitiesSettings

if TYPE_CHECKING:
    from throughtime.data.batch import Loader

_MOST_LABELS = 200


class Features:
    """From words to numbers.

    Args:
        settings: of the task.

    Attributes:
        labels: kinds of entities, in alphabetical order.
        vocabulary: words that have a learned vector.
        counts: (V,), how often training has each.
        alphabet: letters.
        tokeniser: splits raw text as the training sentences are split.
        known: words that have a pretrained vector, or None.
        matrix: (P, D) float16, those vectors, or None.
    """

    def __init__(self, settings: EntitiesSettings) -> None:
        self.settings = settings
        self.labels: list[str] = []
        self.vocabulary = Vocabulary()
        self.counts = np.zeros(len(self.vocabulary), dtype=np.int64)
        self.alphabet = Vocabulary()
        self.tokeniser = Tokeniser()
        self.known: Vocabulary | None = None
        self.matrix: np.ndarray | None = None

    def fit(self, train: Sequence[Sentence], cache: Path) -> None:
        """Learn all of them.

        Raises:
            ThroughtimeError: no entity, far too many labels, or no such vectors.
        """
        asked = self.settings
        self.labels = sorted({span.label for sentence in train for span in sentence.spans})
        if not self.labels:
            raise ThroughtimeError("found no entity in the training split, expected some to learn from")
        if len(self.labels) > _MOST_LABELS:
            raise ThroughtimeError(
                f"found {len(self.labels)} different labels of entities, expected a few kinds; "
                "is it another column? (--tag-column)"
            )
        words = [[self._form(word) for word in sentence.words] for sentence in train]
        self.vocabulary = Vocabulary.fit(words, asked.vocabulary_size, asked.minimum_count)
        counts = Counter(word for sentence in words for word in sentence)
        self.counts = np.array([counts[word] for word in self.vocabulary.words], dtype=np.int64)
        self.alphabet = Vocabulary.fit(word for sentence in words for word in sentence)
        self.tokeniser = Tokeniser.fit(sentence.words for sentence in train)
        self._fit_vectors(counts, cache)

    def _fit_vectors(self, counts: Counter[str], cache: Path) -> None:
        """Of pretrained vectors, those of training's words, then the others as they come, up to a number."""
        asked = self.settings
        sources = pretrained_vectors(asked.vectors, cache)
        if not sources:
            return
        there = {word for source in sources for word in source.words}
        seen = dict.fromkeys(form for word in counts for form in (word, word.lower()) if form in there)
        known = Vocabulary().extended(seen, asked.vector_words)
        for source in sources:
            known = known.extended(source.words, asked.vector_words)
        # rounded now, so that a resumed run, which reads them from the folder, has the very same ones
        self.matrix = starting_matrix(known, sources, asked.embedding_size, asked.seed).astype(np.float16)
        self.known = known

    def save(self, folder: Path) -> None:
        """Write them; no pickle."""
        self.vocabulary.save(folder / "vocabulary.json")
        self.alphabet.save(folder / "alphabet.json")
        np.save(folder / "counts.npy", self.counts)
        learned = {"labels": self.labels, **asdict(self.tokeniser)}
        (folder / "learned.json").write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")
        if self.known is not None and self.matrix is not None:
            self.known.save(folder / "vector_words.json")
            np.save(folder / "vectors.npy", self.matrix)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote.

        Raises:
            DataError: something is missing or damaged.
        """
        self.vocabulary = Vocabulary.load(folder / "vocabulary.json")
        self.alphabet = Vocabulary.load(folder / "alphabet.json")
        with readable(folder, "features of an entities run"):
            learned = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
            self.labels = list(learned["labels"])
            # runs from before words were found by Unicode's boundaries say no version
            version: Version = "unicode" if learned.get("version") == "unicode" else "letters"
            self.tokeniser = Tokeniser(bool(learned["hyphens"]), bool(learned["clitics"]), version)
            self.counts = np.load(folder / "counts.npy", allow_pickle=False)
            if set(self.settings.vectors) - {"none"}:
                self.known = Vocabulary.load(folder / "vector_words.json")
                self.matrix = np.load(folder / "vectors.npy", allow_pickle=False)

    @property
    def tags(self) -> list[str]:
        """The tags that the model gives, O first."""
        return all_tags(self.labels, self.settings.tagging)

    @property
    def unknown_rates(self) -> np.ndarray:
        """How often training takes each word for the unknown one, float32 (V,): d / (d + n).

        Rare words more often than frequent ones (Kiperwasser and Goldberg 2016, section 4).
        """
        d = self.settings.word_dropout
        rates = d / np.maximum(d + self.counts, 1e-9)
        rates[: len(Vocabulary())] = 0.0
        return np.asarray(rates, dtype=np.float32)

    def loader(self, sentences: Sequence[Sequence[str]], batch_size: int) -> Loader:
        """Batches of sentences given as words, in their order, without targets."""
        return self._loader(sentences, None, batch_size, shuffle=False)

    def labelled_loader(self, examples: Sequence[Sentence], batch_size: int, shuffle: bool) -> Loader:
        """Batches of sentences with the numbers of their tags as targets.

        Raises:
            DataError: a label that training did not have.
        """
        tag_of = {tag: number for number, tag in enumerate(self.tags)}
        targets = []
        for sentence in examples:
            self.check_labels(sentence)
            tags = tags_of(sentence.spans, len(sentence.words), self.settings.tagging)
            targets.append(np.array([tag_of[tag] for tag in tags], dtype=np.int64))
        return self._loader([sentence.words for sentence in examples], targets, batch_size, shuffle)

    def check_labels(self, sentence: Sentence) -> None:
        """Raise a DataError if a sentence has an entity of a label that training did not have."""
        for span in sentence.spans:
            if span.label not in self.labels:
                shown = ", ".join(self.labels[:20]) + (", ..." if len(self.labels) > 20 else "")
                raise DataError(sentence.path, f"the label {span.label!r}", f"one of training: {shown}", sentence.line)

    def _loader(
        self,
        sentences: Sequence[Sequence[str]],
        targets: Sequence[np.ndarray] | None,
        batch_size: int,
        shuffle: bool,
    ) -> Loader:
        from throughtime.data.loaders import BucketLoader
        from throughtime.tasks.entities.corpora.spellings import SpelledLoader, Spellings

        forms: dict[str, int] = {}
        rows: list[dict[str, np.ndarray]] = []
        for number, words in enumerate(sentences):
            written = [self._form(word) for word in words]
            row = {"inputs": self.vocabulary.encode(written)}
            row["forms"] = np.array([forms.setdefault(word, len(forms)) for word in written], dtype=np.int64)
            if targets is not None:
                row["targets"] = targets[number]
            if self.known is not None:
                row["pretrained"] = np.array([self._known(word) for word in written], dtype=np.int64)
            rows.append(row)
        seed, workers = self.settings.seed, self.settings.workers if shuffle else 0
        batches = BucketLoader(rows, batch_size, seed=seed, shuffle=shuffle, padding={"forms": -1}, workers=workers)
        return SpelledLoader(batches, Spellings(list(forms), self.alphabet))

    def _form(self, word: str) -> str:
        if self.tokeniser.version == "unicode":
            word = composed(word)
        return re.sub(r"\d", "0", word) if self.settings.digits == "zero" else word

    def _known(self, word: str) -> int:
        """The number of a word among the pretrained vectors: as it is written, or else in small letters."""
        assert self.known is not None
        return self.known.index(word if word in self.known else word.lower())
