"""The entities task itself, from files to entities in raw text."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from throughtime.data.packed import suffix_of
from throughtime.data.words.pretrained import check_vectors
from throughtime.data.words.space import WordSpace
from throughtime.data.words.vectors import GLOVE
from throughtime.data.words.vocabulary import MARKS
from throughtime.errors import DataError
from throughtime.storage.report import Report, Table
from throughtime.storage.scores import MODEL
from throughtime.tasks.base import (
    Described,
    Embeds,
    Expresses,
    Metric,
    Paints,
    Prediction,
    Splits,
    Symbols,
    SymbolSequence,
    Task,
    existing,
)
from throughtime.tasks.base.embeds import space_of
from throughtime.tasks.entities.answers import EVALUATION_BATCH, LONGEST_PART, Answer, answer, joined, parts_of
from throughtime.tasks.entities.baselines.gazetteer import Gazetteer
from throughtime.tasks.entities.conditions import DisturbedSentences
from throughtime.tasks.entities.corpora.names import FAKER
from throughtime.tasks.entities.corpora.reading import SUFFIXES, read_sentences, read_to_answer
from throughtime.tasks.entities.corpora.schemes import rules, tags_of
from throughtime.tasks.entities.corpora.scoring import Score, score, scores_of
from throughtime.tasks.entities.corpora.sentence import Sentence, Span
from throughtime.tasks.entities.features import Features
from throughtime.tasks.entities.settings import EntitiesSettings

if TYPE_CHECKING:
    from rich.text import Text

    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.parts.characters import CharacterEncoder
    from throughtime.models.tagger import Tagger

_TOGETHER = 1_000  # texts that are waited for where they are there already: those of similar length go together
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


class Entities(Task[Sentence, EntitiesSettings], Expresses, Paints, Symbols, Embeds, DisturbedSentences):
    """A tagger of words: which of them are names, of what kind, and where each begins and ends."""

    name = "entities"
    summary = "finds names in sentences and says what each is, such as person, location or organisation"
    reads = (
        "CoNLL columns (a word a line with its tag: IO, IOB1, IOB2, IOBES, BILOU; an empty line after a sentence), "
        'JSON or Parquet such as {"text": ..., "spans": [[start, end, label], ...]} as doccano, Label Studio, Prodigy '
        'and spaCy write it, or {"tokens": [...], "ner_tags": [...]}; tables with a column Sentence #; WikiNER'
    )
    built_in = "10,000 sentences of news that our grammar composes of the names in PyPI Faker 40.54.0 (MIT)"
    carriers = (FAKER, GLOVE)
    unit = "words"
    metric = Metric("f1", "of whole entities, as conlleval counts", "max")
    Settings = EntitiesSettings
    forms = ("conll",)

    def __init__(self, settings: EntitiesSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        self.features = Features(settings)
        self.baseline = Gazetteer({}, {})

    def check_settings(self) -> None:
        """The pretrained vectors must be there."""
        check_vectors(self.settings.vectors)

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[Sentence]:
        """Composed news, see `throughtime.tasks.entities.corpora.news`."""
        from throughtime.tasks.entities.corpora.news import compose

        return Splits(**compose())

    def read(self, path: Path) -> list[Sentence]:
        """The sentences of a file, by what stands in it, whatever its name."""
        return read_sentences(path, self.settings, self.findings)

    def read_splits(self, path: Path) -> Splits[Sentence]:
        """One file, split 80/10/10 by documents if it names at least ten, else by groups of identical sentences."""
        examples = self.read(path)
        if not any(example.spans for example in examples):
            doubts = [one.what for one in self.findings if (one.level, one.subject) == ("suspicious", "columns")]
            raise DataError(path, "no entity in any sentence", "; ".join(["some to learn from", *doubts]))
        if len(examples) == 1:
            found = f"one sentence of {len(examples[0].words):,} words"
            raise DataError(path, found, "several, with an empty line after each (of JSON: several lines)")
        splits = self.split(examples)
        if not any(example.spans for example in splits.train):
            expected = "more of them, or --train, --valid and --test"
            raise DataError(path, "entities in too few sentences to be split", expected)
        return splits

    def group(self, example: Sentence, index: int) -> Hashable:
        """A document's sentences belong together; where a file has no documents, sentences of the same words."""
        return example.words if example.document is None else example.document

    def describe(self, example: Sentence) -> Described:
        """Its words and its tags; it counts for the label of each entity."""
        words, tags = "\n".join(example.words), " ".join(_tags(example))
        labels = tuple(span.label for span in example.spans)
        content = words.encode("utf-8", "replace")
        return Described(content, tags, len(example.words), labels, example.path, example.line)

    def show(self, example: Sentence) -> str:
        """Its words, those of an entity with their tags."""
        tagged = zip(example.words, _tags(example), strict=True)
        return " ".join(word if tag == "O" else f"{word}/{tag}" for word, tag in tagged)

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Sentence]) -> None:
        """Labels, words, letters, how text is split, pretrained vectors, and the baselines."""
        self.features.fit(train, self.cache)
        self.baseline = Gazetteer.fit(train)

    def save_features(self, folder: Path) -> None:
        """All of these."""
        self.features.save(folder)
        self.baseline.save(folder / "names.json")

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        self.features.load(folder)
        self.baseline = Gazetteer.load(folder / "names.json")

    def accept(self, examples: Sequence[Sentence]) -> None:
        """Entities of labels that training had not can only be missed, which is noted."""
        for sentence in examples:
            for label in {span.label for span in sentence.spans} - set(self.features.labels):
                what = f"entities of {label!r}, which training had not, count as missed"
                self.findings.suspicious("labels", what, sentence.path, sentence.line)

    # -- learning --------------------------------------------------------------------------------------------

    def model(self) -> Tagger:
        """Features of words, recurrent layers, CRF or softmax."""
        import torch

        from throughtime.decoding.crf import CRF
        from throughtime.models.tagger import Tagger, WordFeatures

        asked, learned = self.settings, self.features
        rates = torch.from_numpy(learned.unknown_rates)
        known = None if learned.matrix is None else torch.from_numpy(learned.matrix.astype(np.float32))
        words = WordFeatures(rates, asked.embedding_size, self._letters(), known)
        layers = asked.recurrent(words.size, batch_first=True, bidirectional=asked.bidirectional)
        tags = learned.tags
        crf = CRF(len(tags), *map(torch.from_numpy, rules(tags, asked.tagging))) if asked.output == "crf" else None
        return Tagger(words, layers, len(tags), crf, asked.dropout, asked.locked)

    def _letters(self) -> CharacterEncoder | None:
        from throughtime.models.parts.characters import CharacterCNN, CharacterLSTM

        many, size = len(self.features.alphabet), self.settings.character_size
        if self.settings.characters == "none":
            return None
        if self.settings.characters == "cnn":
            return CharacterCNN(many, size, 2 * size)
        return CharacterLSTM(many, size, size)

    def loader(self, examples: Sequence[Sentence], *, training: bool) -> Loader:
        """Padded batches of words, their letters, and tags."""
        batch_size = self.settings.batch_size if training else EVALUATION_BATCH
        return self.features.labelled_loader(examples, batch_size, shuffle=training)

    def validate(self, model: Model, examples: Sequence[Sentence]) -> float:
        """F1 of whole entities."""
        return score([sentence.spans for sentence in examples], self._found(model, examples))[0].f1

    def evaluate(self, model: Model, examples: Sequence[Sentence]) -> Report:
        """Precision, recall and F1, together and by label; beside lists of the words and the names of training."""
        self.accept(examples)
        actual = [sentence.spans for sentence in examples]
        found = self._found(model, examples)
        together, each = score(actual, found)
        rows: list[list[str | float | int]] = [
            [label, one.precision, one.recall, one.f1, one.actual, one.answered] for label, one in each.items()
        ]
        simple = {
            "each word's usual tag": [self.baseline.by_word(sentence.words) for sentence in examples],
            "names of training": [self.baseline.by_name(sentence.words) for sentence in examples],
        }
        new = [[s for s in sentence.spans if not self.baseline.has(sentence.words, s)] for sentence in examples]
        new_found = score(new, [set(a) & set(b) for a, b in zip(new, found, strict=True)])[0]
        return Report(
            _metrics(together) | {"recall_of_new_names": new_found.recall},
            {name: _metrics(score(actual, spans)[0]) for name, spans in simple.items()},
            [Table("by label", ["", "precision", "recall", "f1", "in the text", "answered"], rows)],
            scores_of(examples, {MODEL: found, **simple}),
        )

    def _found(self, model: Model, examples: Sequence[Sentence]) -> list[Sequence[Span]]:
        answers = answer(cast("Tagger", model), self.features, [sentence.words for sentence in examples])
        return [found.spans for found in answers]

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[Any]:
        """The sentences of a file of columns (as words), the texts of JSONL, the lines of another file, or the text."""
        looks_like_file = suffix_of(Path(argument)) in SUFFIXES and len(argument.split()) == 1
        if looks_like_file or existing(argument) is not None:
            yield from read_to_answer(Path(argument), self.settings, self.findings)
        else:
            yield argument

    def predict(self, model: Model, inputs: Iterable[str | Sequence[str]]) -> Iterator[Prediction]:
        """The entities of each text (or list of words): by characters of the text, and how probable each is."""
        tagger = cast("Tagger", model)
        waiting = iter(inputs)
        while group := list(islice(waiting, _TOGETHER if isinstance(inputs, Sequence) else 1)):
            texts = [given if isinstance(given, str) else " ".join(given) for given in group]
            places = [self._places(given) for given in group]
            words = [[text[start:end] for start, end in here] for text, here in zip(texts, places, strict=True)]
            parts = [part for some in words for part in parts_of(some)]
            answers = iter(answer(tagger, self.features, parts, probabilities=True))
            for text, here, some in zip(texts, places, words, strict=True):
                lengths = [len(part) for part in parts_of(some)]
                found = _prediction(text, here, joined(list(islice(answers, len(lengths))), lengths))
                if len(lengths) > 1:
                    what = f"more than {LONGEST_PART} words, answered in parts that end where sentences end"
                    self.findings.left_out("long texts", f"a text of {what}")
                    found["note"] = f"{len(lengths)} parts: the text has {what}"
                yield found

    def readings(self, model: Model, given: str | Sequence[str]) -> Iterator[SymbolSequence]:
        """A sentence; nothing of one without words."""
        from throughtime.tasks.entities.symbols import reading

        words = [given[start:end] for start, end in self._places(given)] if isinstance(given, str) else given
        if words:
            yield reading(cast("Tagger", model), self.features, words)

    def inputs_of(self, example: Sentence) -> Iterator[Sequence[str]]:
        """Its words."""
        yield example.words

    def word_spaces(self, model: Model) -> list[WordSpace]:
        """The vectors that were learned, and the pretrained ones beside them."""
        words: Any = cast("Tagger", model).features
        spaces = [space_of(words.embedding.weight, self.features.vocabulary.words, MARKS, "words")]
        if words.pretrained is not None and self.features.known is not None:
            spaces.append(space_of(words.pretrained.weight, self.features.known.words, MARKS, "pretrained words"))
        return spaces

    def _places(self, given: str | Sequence[str]) -> list[tuple[int, int]]:
        """Where the words of a text, or of given words with spaces between, begin and end."""
        if isinstance(given, str):
            return self.features.tokeniser.offsets(given)
        ends = np.cumsum([len(word) + 1 for word in given]) - 1
        return [(int(end) - len(word), int(end)) for word, end in zip(given, ends, strict=True)]

    def render(self, prediction: Prediction) -> str:
        """The text with its entities in brackets."""
        pieces = [f"[{piece} {label}]" if label else piece for piece, label in _pieces(prediction)]
        return " ".join("".join(pieces).split("\n"))

    def express(self, prediction: Prediction, form: str) -> str:
        """CoNLL columns: lines of a word and its IOB2 tag, and an empty one."""
        return "".join(f"{word}\t{tag}\n" for word, tag in zip(prediction["words"], prediction["tags"], strict=True))

    def paint(self, prediction: Prediction) -> Text:
        """The text with its entities in the colours of their labels."""
        from rich.text import Text

        painted = Text()
        for piece, label in _pieces(prediction):
            colour = _COLOURS[self.features.labels.index(label) % len(_COLOURS)] if label else ""
            painted.append(piece, style=f"bold {colour}" if label else "")
            painted.append(f" {label}" if label else "", style=f"dim {colour}".strip())
        return painted


def _tags(sentence: Sentence) -> list[str]:
    return tags_of(sentence.spans, len(sentence.words), "IOB2")


def _metrics(found: Score) -> dict[str, float]:
    return {"f1": found.f1, "precision": found.precision, "recall": found.recall}


def _prediction(text: str, places: Sequence[tuple[int, int]], found: Answer) -> Prediction:
    entities = []
    for span, probability in zip(found.spans, found.probabilities, strict=True):
        start, end = places[span.start][0], places[span.end - 1][1]
        entity = {"start": start, "end": end, "label": span.label, "text": text[start:end], "probability": probability}
        entities.append(entity)
    words = [text[start:end] for start, end in places]
    return {"text": text, "entities": entities, "words": words, "tags": tags_of(found.spans, len(words), "IOB2")}


def _pieces(prediction: Prediction) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with the label of the entity that it is ("" if it is none)."""
    text, done = str(prediction["text"]), 0
    for entity in prediction["entities"]:
        yield text[done : entity["start"]], ""
        yield text[entity["start"] : entity["end"]], entity["label"]
        done = entity["end"]
    yield text[done:], ""
