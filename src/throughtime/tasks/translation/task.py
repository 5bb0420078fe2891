"""The translation task itself, from pairs of sentences to the translation of a new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.data.delimiters import Marks
from throughtime.data.progress import counted
from throughtime.data.splits import read_named
from throughtime.data.words.space import WordSpace
from throughtime.data.words.splitting import split_sentence
from throughtime.data.words.vocabulary import MARKS
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.report import Report, Table
from throughtime.storage.scores import MODEL
from throughtime.tasks.base import (
    Alignment,
    Attends,
    Described,
    Draws,
    Embeds,
    Metric,
    Prediction,
    Splits,
    Symbols,
    SymbolSequence,
    Task,
    existing,
)
from throughtime.tasks.base.embeds import space_of
from throughtime.tasks.translation.answers import Answers
from throughtime.tasks.translation.baselines.translation_memory import TranslationMemory
from throughtime.tasks.translation.baselines.word_dictionary import WordDictionary
from throughtime.tasks.translation.conditions import DisturbedPairs
from throughtime.tasks.translation.corpora import danish
from throughtime.tasks.translation.corpora.pair import Pair, Sides
from throughtime.tasks.translation.corpora.parallel import find_splits, read_pairs, sources_of
from throughtime.tasks.translation.corpora.scoring import pooled_bleu, scores_of, signatures, translation_scores
from throughtime.tasks.translation.corpora.sentences import (
    PieceCode,
    SentenceCode,
    WordCode,
    join_words,
    load_code,
    save_splitting,
    stored_splitting,
)
from throughtime.tasks.translation.corpora.splits import split_pairs
from throughtime.tasks.translation.doubts import has_too_many_words, note_doubts, note_long
from throughtime.tasks.translation.settings import TranslationSettings

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.translator import Translator

_SHARES = {"valid": 0.05, "test": 0.1}
_VALIDATION_SENTENCES = 500
_POOL = 2_500
_EXAMPLES = 5
_COPY, _WORDS, _NEAREST = "the source as it is", "word by word (IBM Model 1)", "the most similar sentence of training"


class Translation(Task[Pair, TranslationSettings], Draws, Symbols, Attends, Embeds, DisturbedPairs):
    """An encoder-decoder with attention.

    An example is a sentence and its translation; no sentence stands in two parts of a split, on either side.
    """

    name = "translation"
    summary = "says a sentence in another language"
    reads = (
        "tables (TSV, CSV, JSON lines, Parquet; columns told by --source and --target, else the first two of "
        "sentences); .tmx, .xliff, .po and .mo; two aligned text files, told by what their names have in common: "
        "`corpus --source da --target en` for corpus.da and corpus.en; "
        "or a folder of such, called train, valid and test if they are split already"
    )
    built_in = "3,000 messages of programs, Danish to English (PyPI plone.app.locales 7.0.4, GPL; Django 5.2.19, BSD)"
    carriers = danish.CARRIERS
    unit = "words"
    metric = Metric("bleu", "BLEU, n-grams in common with the reference, of 100", "max")
    Settings = TranslationSettings

    def __init__(self, settings: TranslationSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        self.sides = Sides(settings.source, settings.target, Marks(settings.delimiter, settings.quote))
        self.source: SentenceCode
        self.target: SentenceCode
        self.dictionary: WordDictionary
        self.memory: TranslationMemory

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[Pair]:
        """Messages of programs, and sentences of our own to learn from."""
        return Splits(*danish.splits(self.sides))

    def read(self, path: Path) -> list[Pair]:
        """The pairs that a path stands for."""
        return read_pairs(path, self.sides, self.settings.encoding, findings=self.findings)

    def read_splits(self, path: Path) -> Splits[Pair]:
        """As the names in a folder say, else 85/5/10 in groups of pairs that share no sentence.

        Of named ones, valid or test may be missing: it is cut from train.
        """
        if path.is_dir() and (named := find_splits(path, self.sides, self.findings)) is not None:
            wanted = {split: share for split, share in _SHARES.items() if split not in named}
            return read_named(named, self.read, lambda train: self._hold_out(path, train, wanted), self.findings)
        return Splits(*self._cut(path, self.read(path), _SHARES))

    def hold_out(self, train: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
        """All but as many pairs as a validation split has, and these."""
        return self._hold_out(train[0].path, train, {"valid": _SHARES["valid"]})

    def _hold_out(
        self, path: Path, pairs: Sequence[Pair], wanted: Mapping[str, float]
    ) -> tuple[list[Pair], list[Pair]]:
        train, valid, test = self._cut(path, pairs, wanted)
        return train, [*valid, *test]  # one of them was asked for

    def _cut(
        self, path: Path, pairs: Sequence[Pair], wanted: Mapping[str, float]
    ) -> tuple[list[Pair], list[Pair], list[Pair]]:
        """The shares that are wanted, cut from some pairs, and the rest of them in front."""
        wanted = {split: wanted.get(split, 0.0) for split in _SHARES}
        parts = split_pairs(pairs, self.settings.seed, **wanted)
        if not all(part for part, share in zip(parts, (1.0, *wanted.values()), strict=True) if share):
            found = f"{len(pairs)} pairs in fewer than 3 groups without a common sentence"
            raise DataError(path, found, "more, to split into train, valid and test")
        shown = ", ".join(f"{share:.0%} {split}" for split, share in wanted.items() if share)
        what = f"drawn by the seed {self.settings.seed} in groups of pairs that share no sentence: {shown}"
        self.findings.taken("splits", what, path)
        return parts

    def describe(self, example: Pair) -> Described:
        """Its source and its target."""
        source = example.source.encode("utf-8", "replace")
        return Described(source, example.target, len(example.source.split()), (), example.path, example.line)

    def show(self, example: Pair) -> str:
        """What is read and what is to be said."""
        return f"{example.source} -> {example.target}"

    def examine(self, splits: Splits[Pair]) -> None:
        """Look for pairs that are no translations of each other, and for those too long to be learned from."""
        note_doubts(splits, self.settings.max_length, self.findings)

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Pair]) -> None:
        """The pieces or words of both languages, and the baselines."""
        sources, targets = [pair.source for pair in train], [pair.target for pair in train]
        self.source, self.target = self._fit_code(sources), self._fit_code(targets)
        words = [(split_sentence(one), split_sentence(other)) for one, other in zip(sources, targets, strict=True)]
        self.dictionary, self.memory = WordDictionary.fit(words), TranslationMemory(sources, targets)
        learned, most = [self._is_learned(row) for row in self._rows(train)], self.settings.max_length
        for pair, is_learned in zip(train, learned, strict=True):
            if not (is_learned or has_too_many_words(pair, most)):  # those have been noted
                note_long(pair, most, "pieces", self.findings)
        if not any(learned):
            raise ThroughtimeError(
                f"found {len(train)} pairs of more than {most} pieces, expected shorter ones: give --max-length"
            )
        self.model()  # sizes that do not fit together are said before anything is written

    def _fit_code(self, texts: Sequence[str]) -> SentenceCode:
        asked = self.settings
        if asked.level == "bpe":
            return PieceCode.fit(texts, asked.vocabulary_size)
        return WordCode.fit(texts, asked.vocabulary_size, asked.minimum_count)

    def save_features(self, folder: Path) -> None:
        """Both codes, the dictionary and the translation memory, as JSON, and how words are found."""
        save_splitting(folder / "facts.json", self.source.splitting)
        self.source.save(folder / "source.json")
        self.target.save(folder / "target.json")
        self.dictionary.save(folder / "dictionary.json")
        self.memory.save(folder / "memory.json")

    def load_features(self, folder: Path) -> None:
        """Read them again."""
        level, splitting = self.settings.level, stored_splitting(folder / "facts.json")
        codes = (load_code(folder / f"{side}.json", level, splitting) for side in ("source", "target"))
        self.source, self.target = codes
        self.dictionary = WordDictionary.load(folder / "dictionary.json")
        self.memory = TranslationMemory.load(folder / "memory.json", splitting)

    @property
    def answers(self) -> Answers:
        """From texts to sentences, with the codes as they are."""
        return Answers(self.source, self.target, self.dictionary, self.settings)

    # -- learning --------------------------------------------------------------------------------------------

    def model(self) -> Translator:
        """Vectors, a bidirectional encoder, an attentive decoder, softmax."""
        from throughtime.tasks.translation.network import network

        return network(self.settings, len(self.source), len(self.target), self.target.begin)

    def loader(self, examples: Sequence[Pair], *, training: bool) -> Loader:
        """Padded batches of pairs of similar lengths."""
        from throughtime.data.loaders import BucketLoader

        asked, rows = self.settings, self._rows(examples)
        if training:
            rows = [row for row in rows if self._is_learned(row)]
        return BucketLoader(
            rows,
            asked.batch_size,
            seed=asked.seed,
            shuffle=training,
            length_of="targets",
            alike=("inputs",),
            workers=asked.workers if training else 0,
        )

    def _rows(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
        rows = []
        for pair in pairs:
            inputs = self.answers.read(pair.source)
            targets = np.append(self.target.encode(pair.target), self.target.end)
            rows.append({"inputs": inputs, "input_lengths": len(inputs), "targets": targets})
        return rows

    def _is_learned(self, row: dict[str, Any]) -> bool:
        return max(len(row["inputs"]), len(row["targets"])) <= self.settings.max_length + 1

    def validate(self, model: Model, examples: Sequence[Pair]) -> float:
        """BLEU of the greedy translations of the first 500 sentences."""
        some = examples[:_VALIDATION_SENTENCES]
        answers = self.answers.translations(model, [pair.source for pair in some], 1)
        return translation_scores(answers, [pair.target for pair in some])["bleu"]

    def evaluate(self, model: Model, examples: Sequence[Pair]) -> Report:
        """BLEU and chrF by sacrebleu; beside the source itself, word by word, and the most similar known sentence."""
        sources, references = [pair.source for pair in examples], [pair.target for pair in examples]
        answers = self.answers.translations(model, sources, self.settings.beams)
        words = [join_words(self.dictionary.translate(split_sentence(text, self.source.splitting))) for text in sources]
        nearest = [self.memory.nearest(text) for text in counted(sources, "looking for similar sentences")]
        rows: list[tuple[str, str | int | float]] = [
            ("sentences", len(examples)),
            ("source vocabulary", len(self.source)),
            ("target vocabulary", len(self.target)),
            *signatures(references).items(),
        ]
        shown = list(zip(sources, answers, references, strict=True))[:_EXAMPLES]
        simple = {_NEAREST: nearest, _WORDS: words, _COPY: sources}
        return Report(
            translation_scores(answers, references),
            {name: translation_scores(said, references) for name, said in simple.items()},
            [
                Table("how it was measured", ("", ""), rows),
                Table("some of them", ("source", "answer", "reference"), shown),
            ],
            scores_of(sources, references, {MODEL: answers, **simple}),
        )

    @staticmethod
    def pooled(counts: np.ndarray) -> float:
        """BLEU of sentences together."""
        return pooled_bleu(counts)

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[str]:
        """The source column of a table, the lines of another text file, or the argument itself."""
        path, there = Path(argument), existing(argument)
        if (there is not None and there.is_file()) or (path.suffix == ".txt" and len(argument.split()) == 1):
            yield from sources_of(path, self.sides, self.settings.encoding, self.findings)
        else:
            yield argument

    def predict(self, model: Model, inputs: Iterable[str]) -> Iterator[Prediction]:
        """The translations of each sentence, the best first, with the attention of each; blank stays blank.

        A text of more than `max_length` pieces is translated in parts, which the answer says.
        """
        together = _POOL if isinstance(inputs, Sequence) else 1
        texts = iter(inputs)
        while some := list(islice(texts, together)):
            long = [self.answers.is_long(text) for text in some]
            short = [text for text, is_long in zip(some, long, strict=True) if not is_long]
            found = self.answers.search(model, short, self.settings.beams)
            for text, is_long in zip(some, long, strict=True):
                if is_long:
                    yield self._in_parts(model, text)
                    continue
                hypotheses = [self.answers.explain(hypothesis, text) for hypothesis in next(found)[0]]
                best = hypotheses[0] if hypotheses else {"translation": "", "score": None, "attention": None}
                yield {"source": text, **best, "others": hypotheses[1:]}

    def _in_parts(self, model: Model, text: str) -> Prediction:
        """The translation of a long text, and what was translated to what."""
        parts = self.answers.in_parts(model, text, self.settings.beams)
        what = f"more than {self.settings.max_length} pieces, translated in parts that end where sentences end"
        self.findings.left_out("long texts", f"a text of {what}")
        return {
            "source": text,
            "translation": " ".join(said for _, said in parts),
            "score": None,
            "attention": None,
            "others": [],
            "note": f"{len(parts)} parts: the text has {what}",
            "parts": [{"source": source, "translation": said} for source, said in parts],
        }

    def readings(self, model: Model, given: str) -> Iterator[SymbolSequence]:
        """A sentence as the encoder reads it, of a long text its parts; nothing of a blank one."""
        from throughtime.tasks.translation.symbols import reading

        for text in self.answers.parts(given) if self.answers.is_long(given) else [given]:
            if text.strip():
                yield reading(model, self.answers, text)

    def alignments(self, model: Model, given: str) -> Iterator[Alignment]:
        """Which words of the source each word of the best translation looked at."""
        texts = self.answers.parts(given) if self.answers.is_long(given) else [given]
        for hypotheses, text in self.answers.search(model, texts, self.settings.beams):
            if hypotheses:
                yield self.answers.alignment(hypotheses[0], text)

    def word_spaces(self, model: Model) -> list[WordSpace]:
        """Those of the source, which the encoder reads, and of the target, which the decoder says."""
        translator: Any = model
        sides = {"source": (self.source, translator.source), "target": (self.target, translator.target)}
        unit = "pieces of words" if self.settings.level == "bpe" else "words"
        return [
            space_of(vectors.weight, code.elements(), MARKS, f"{unit} of the {side}")
            for side, (code, vectors) in sides.items()
        ]

    def inputs_of(self, example: Pair) -> Iterator[str]:
        """Its source."""
        yield example.source

    def render(self, prediction: Prediction) -> str:
        """The translation."""
        return str(prediction["translation"])

    def draw(self, prediction: Prediction, path: Path) -> None:
        """Draw which words of the source each word of the translation looked at."""
        from throughtime.tasks.alignment_picture import draw_alignment

        attention = prediction["attention"]
        if attention is not None and attention["target"]:
            draw_alignment(attention["source"], attention["target"], np.array(attention["weights"]), path)
