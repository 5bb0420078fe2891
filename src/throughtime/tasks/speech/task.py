"""The speech task itself, from recordings to text."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from throughtime.data.progress import counted
from throughtime.data.splits import read_named
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.report import Report
from throughtime.storage.scores import MODEL
from throughtime.tasks.base import (
    Attackable,
    Described,
    Draws,
    Expresses,
    Metric,
    Prediction,
    Splits,
    Streams,
    Symbols,
    SymbolSequence,
    Task,
)
from throughtime.tasks.base.attackable import Numbers
from throughtime.tasks.speech.answers import EVALUATION_BATCH, Decoder, describe, log_probabilities, parts_of, together
from throughtime.tasks.speech.audio import voices
from throughtime.tasks.speech.audio.corpora import Reading, read_corpus, read_part, sound_files
from throughtime.tasks.speech.audio.log_mel import FRAMES_A_SECOND
from throughtime.tasks.speech.audio.manifests import Columns, read_manifest
from throughtime.tasks.speech.audio.masking import Masking
from throughtime.tasks.speech.audio.recording import Excerpt, PulseCode, stream_recording
from throughtime.tasks.speech.audio.utterance import Utterance
from throughtime.tasks.speech.captions import subtitles
from throughtime.tasks.speech.conditions import DisturbedUtterances
from throughtime.tasks.speech.examining import examine
from throughtime.tasks.speech.features import Features
from throughtime.tasks.speech.live import LiveTranscriber, Sound
from throughtime.tasks.speech.scoring import error_rates, scores_of, table_of_errors
from throughtime.tasks.speech.settings import SpeechSettings
from throughtime.tasks.speech.splits import given_splits, listed_splits, speaker_or_index, without_few_speakers
from throughtime.tasks.speech.start import Start

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.transcriber import Transcriber

_MANIFESTS = (".csv", ".tsv", ".jsonl", ".json")
_WHOLE = (0.0, None)
_LIVE = "pcm:RATE (raw 16-bit samples, one channel, little-endian, on standard input) or stream:FILE"


class Speech(
    Task[Utterance, SpeechSettings], Draws, Expresses, Streams[Sound], Symbols, Attackable, DisturbedUtterances
):
    """A transcriber: log-mel features, convolutions, recurrent layers, CTC, prefix beam search."""

    name = "speech"
    summary = "writes down what is said in a recording, or while it is being said"
    reads = (
        "WAV, FLAC, MP3, OGG, M4A, WebM, ... of any rate, with a manifest (CSV, TSV, JSONL: path,text), as LJSpeech, "
        "Common Voice or LibriSpeech lay them out, or each with its text beside it (a.wav, a.txt)"
    )
    built_in = "4,300 commands, times, dates and numbers in the voices of eSpeak NG (PyPI espeakng-loader 0.2.4), noisy"
    carriers = voices.CARRIERS
    unit = "seconds"
    metric = Metric("wer", "word errors per word that was said", "min")
    Settings = SpeechSettings
    forms = ("srt", "vtt")

    def __init__(self, settings: SpeechSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        if settings.streaming and settings.by_utterance:
            raise ThroughtimeError(
                "found --normalise utterance with --streaming, expected training: a stream has no end to wait for"
            )
        self.features = Features(settings, cache)

    def check_settings(self) -> None:
        """The runs that it starts from and takes its language from must be there, and fit."""
        if self.settings.start is not None:
            Start(self.settings.start).check(self.settings)
        self.features.language.check()

    # -- data ------------------------------------------------------------------------------------------------

    @property
    def _reading(self) -> Reading:
        asked = self.settings
        columns = Columns(asked.audio_column, asked.text_column)
        spelling = self.features.spelling
        return Reading(columns, asked.encoding, asked.longest, spelling, asked.rate, asked.skip_broken)

    def built_in_data(self) -> Splits[Utterance]:
        """Composed sentences, spoken, see `throughtime.tasks.speech.audio.voices`."""
        return self.read_splits(voices.built_in_speech(self.cache))

    def read(self, path: Path) -> list[Utterance]:
        """The utterances of a manifest or folder."""
        return read_part(path, self._reading, self.findings)

    def read_splits(self, path: Path) -> Splits[Utterance]:
        """As a folder names them (Common Voice, or folders train, dev, test), else split 80/10/10."""
        if path.is_dir() and (named := given_splits(path, self.findings)) is not None:
            return read_named(named, self.read, self.hold_out, self.findings)
        examples = read_corpus(path, self._reading, self.findings)
        listed = listed_splits(path, examples, self.findings)
        return listed or self.split(without_few_speakers(examples, self.findings))

    def group(self, example: Utterance, index: int) -> Hashable:
        """All that one of many people says stays together."""
        return speaker_or_index(example, index)

    def hold_out(self, train: Sequence[Utterance]) -> tuple[Sequence[Utterance], Sequence[Utterance]]:
        """All but a tenth of the speakers, or where few are named of the recordings."""
        return super().hold_out(without_few_speakers(train, self.findings))

    def describe(self, example: Utterance) -> Described:
        """Its sound and what is said."""
        content = blake2b(example.audio.read_bytes(), digest_size=16)
        if example.part != _WHOLE:
            content.update(repr(example.part).encode())
        return Described(content.digest(), example.text, example.seconds, (), example.path, example.line)

    def show(self, example: Utterance) -> str:
        """How long it lasts, and what is said as it is learned."""
        return f"{example.audio.name}, {example.seconds:.2f} s: {self.features.text(example)}"

    def examine(self, splits: Splits[Utterance]) -> None:
        """Listen to all recordings, once: what this computes is kept, and learned from."""
        examine(splits, self.features, self.findings)

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Utterance]) -> None:
        """Symbols, usual loudness, the baselines."""
        self.features.fit(train)

    def save_features(self, folder: Path) -> None:
        """All of these."""
        self.features.save(folder)

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        self.features.load(folder)

    def accept(self, examples: Sequence[Utterance]) -> None:
        """All their sounds must be readable; what is made of them is kept for the evaluation."""
        self.features.mels(examples)

    # -- learning --------------------------------------------------------------------------------------------

    def model(self) -> Transcriber:
        """Convolutions, recurrent layers, a softmax at each step."""
        from throughtime.models.parts.front_end import ConvolutionFrontEnd
        from throughtime.models.transcriber import Transcriber

        asked = self.settings
        front = ConvolutionFrontEnd(asked.bins, asked.channels, asked.stride, causal=asked.streaming)
        layers = asked.recurrent(front.size, batch_first=True, bidirectional=not asked.streaming)
        return Transcriber(front, layers, len(self.features.symbols), asked.dropout, asked.lookahead_steps)

    def begin(self, model: Model) -> None:
        """The weights of the run that was asked for."""
        if self.settings.start is not None:
            Start(self.settings.start).put(cast("Transcriber", model), self.features.symbols)

    def loader(self, examples: Sequence[Utterance], *, training: bool) -> Loader:
        """Batches of features and symbols; masked, and at all speeds, where they are learned from."""
        from throughtime.tasks.speech.audio.batches import UtteranceLoader

        asked, learned = self.settings, self.features
        if not training:
            return UtteranceLoader(learned.varied(examples, learn=False), EVALUATION_BATCH, learned.normaliser)
        return UtteranceLoader(
            learned.varied(examples, asked.speeds, learn=True),
            asked.batch_size,
            learned.normaliser,
            Masking.of(asked),
            seed=asked.seed,
            shuffle=True,
            workers=asked.workers,
        )

    def validate(self, model: Model, examples: Sequence[Utterance]) -> float:
        """Word error rate of the most probable ways, without a search."""
        return error_rates(self._said(examples), self._greedy(self._steps(model, examples)))["wer"]

    def evaluate(self, model: Model, examples: Sequence[Utterance]) -> Report:
        """Word and character error rates, the most frequent mistakes; beside the nearest training recording."""
        said, steps = self._said(examples), self._steps(model, examples)
        decoder = self._decoder()
        heard = [self._text(decoder.best(log_probs)) for log_probs in counted(steps, "searching for what was said")]
        templates = self.features.templates
        mels = counted(self.features.mels(examples), "looking for the nearest recordings")
        nearest = [templates.answer(self.features.normaliser(mel)) for mel in mels]
        usual = self.features.usual
        simple = {
            f"nearest of {len(templates.texts)} training recordings": nearest,
            f"always {usual[:30]!r}": [usual] * len(said),
        }
        return Report(
            error_rates(said, heard) | {"wer_without_search": error_rates(said, self._greedy(steps))["wer"]},
            {name: error_rates(said, answers) for name, answers in simple.items()},
            [table_of_errors(said, heard)],
            scores_of([self.show(utterance) for utterance in examples], said, {MODEL: heard, **simple}),
        )

    def _said(self, examples: Sequence[Utterance]) -> list[str]:
        return [self.features.text(utterance) for utterance in examples]

    def _steps(self, model: Model, examples: Sequence[Utterance]) -> list[Any]:
        mels = self.features.mels(examples)
        if self.change is None:
            return log_probabilities(cast("Transcriber", model), self.features, mels)
        symbols = [one.symbols for one in self.features.varied(examples, learn=False)]  # what an attack works against
        return log_probabilities(cast("Transcriber", model), self.features, mels, symbols, self.judged)

    def _text(self, symbols: Any) -> str:
        return " ".join(self.features.symbols.decode(symbols).split())

    def _greedy(self, steps: Sequence[Any]) -> list[str]:
        import torch

        from throughtime.decoding.ctc import greedy

        found = [greedy(torch.from_numpy(one)[None], torch.tensor([len(one)]))[0] for one in steps]
        return [self._text(symbols) for symbols in found]

    def _decoder(self) -> Decoder:
        asked = self.settings
        return Decoder(asked.beam, self.features.language.model, asked.language_weight, asked.bonus)

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[Any]:
        """A sound file, or all those of a folder or manifest; a stream stays what it is."""
        path = Path(argument)
        if self.stream(argument) is not None:
            yield argument
        elif path.is_dir():
            files = sound_files(path, self.findings)
            if not files:
                raise DataError(path, "a folder without sound files", "WAV, FLAC, MP3, ...")
            yield from files
        elif path.suffix.lower() in _MANIFESTS and path.is_file():
            columns = self._reading.columns
            rows = read_manifest(path, columns, self.settings.encoding, texts=False, findings=self.findings)
            yield from (Excerpt(row.audio, *row.part) for row in rows)
        else:
            yield path

    def predict(self, model: Model, inputs: Iterable[Any]) -> Iterator[Prediction]:
        """What is said in each recording, when and how surely."""
        waiting = iter(inputs)
        while group := list(islice(waiting, EVALUATION_BATCH if isinstance(inputs, Sequence) else 1)):
            heard = [one for given in group for one in self._heard(given)]
            yield from self._recordings(cast("Transcriber", model), heard)

    def _heard(self, given: Any) -> Iterator[Excerpt]:
        """The recordings that an input stands for."""
        for one in self.read_inputs(given) if isinstance(given, str) else [given]:
            yield one if isinstance(one, Excerpt) else Excerpt(one)

    def readings(self, model: Model, given: Any) -> Iterator[SymbolSequence]:
        """The steps of each recording, or of the parts in which a long one is heard."""
        from throughtime.tasks.speech.symbols import reading

        hearing, longest = replace(self.features.hearing, longest=None), int(self.settings.longest * FRAMES_A_SECOND)
        for recording in self._heard(given):
            mel = hearing.features(recording)
            for start, end in parts_of(mel, longest):
                begin = recording.start + start / FRAMES_A_SECOND
                yield reading(cast("Transcriber", model), self.features, mel[start:end], begin)

    def surface(self) -> Numbers:
        """The log-mel features, in units of their spread."""
        return Numbers("standard deviations of its log-mel features", (0.01, 0.03, 0.1, 0.2, 0.4))

    def inputs_of(self, example: Utterance) -> Iterator[Excerpt]:
        """What is heard."""
        yield example.excerpt

    def stream(self, argument: Any) -> Sound | None:
        """Raw samples on standard input (pcm:RATE), or a sound file heard as if it came in (stream:FILE)."""
        if isinstance(argument, Sound):
            return argument
        kind, _, rest = argument.partition(":") if isinstance(argument, str) else ("", "", "")
        if kind == "pcm" and rest.isdecimal():
            return Sound(PulseCode(sys.stdin.buffer, int(rest)), int(rest), "standard input")
        if kind == "stream" and rest:
            return Sound(stream_recording(Excerpt(Path(rest)), self.settings.rate), self.settings.rate, rest)
        return None

    def listen(self, model: Model, stream: Sound) -> Iterator[Prediction]:
        """Partial texts at once, whole ones at each pause."""
        if not self.settings.streaming:
            raise ThroughtimeError(
                f"found {stream.name} as a stream, but this run hears both ways, expected sound files, or a run "
                f"trained with --streaming; that hears {_LIVE}"
            )
        yield from LiveTranscriber(cast("Transcriber", model), self.features, self._decoder(), stream)

    def _recordings(self, model: Transcriber, recordings: Sequence[Excerpt]) -> Iterator[Prediction]:
        hearing, decoder = replace(self.features.hearing, longest=None), self._decoder()
        whole = [hearing.features(recording) for recording in recordings]
        longest = int(self.settings.longest * FRAMES_A_SECOND)
        cuts = [list(parts_of(mel, longest)) for mel in whole]
        parts = [mel[start:end] for mel, some in zip(whole, cuts, strict=True) for start, end in some]
        steps = iter(log_probabilities(model, self.features, parts))
        for recording, mel, some in zip(recordings, whole, cuts, strict=True):
            described = []
            for start, _ in some:
                log_probs, begin = next(steps), recording.start + start / FRAMES_A_SECOND
                described.append(describe(self.features, log_probs, decoder.best(log_probs), begin))
            yield together(recording, len(mel) / FRAMES_A_SECOND, described)

    def render(self, prediction: Prediction) -> str:
        """The text, how sure it is, and where it was said; ... before what is not whole yet."""
        if not prediction["final"]:
            return f"... {prediction['text']}"
        return f"{prediction['text']}\t({prediction['confidence']:.0%})\t{prediction['file']}"

    def express(self, prediction: Prediction, form: str) -> str:
        """Captions of one recording as a file of subtitles; of a stream, those that have come."""
        if not prediction["final"]:
            return ""
        return subtitles(prediction["words"], "srt" if form == "srt" else "vtt", prediction["first_caption"])

    def draw(self, prediction: Prediction, path: Path) -> None:
        """Log-mel features, and how probable each symbol was when."""
        from throughtime.tasks.speech.audio.picture import draw_transcript

        if not prediction["final"]:
            return
        file = Path(prediction["file"])
        hearing = replace(self.features.hearing, longest=None)
        start = prediction.get("start", 0.0)
        drawn = Excerpt(file, start, prediction["seconds"] if start else None)
        draw_transcript(prediction, hearing.features(drawn) if file.is_file() else None, path)
