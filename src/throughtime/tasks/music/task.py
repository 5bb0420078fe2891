"""The music task itself, from pieces to p(next frame | frames before), or of performance events, and to new ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.data.damaged import Damaged
from throughtime.data.progress import counted
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.report import Report
from throughtime.storage.written import read_arrays, readable
from throughtime.tasks.base import (
    Described,
    Generates,
    GenerateSettings,
    Metric,
    Prediction,
    Splits,
    Symbols,
    SymbolSequence,
    Task,
)
from throughtime.tasks.base.bounds import chosen, judge, nelbo
from throughtime.tasks.music import scoring
from throughtime.tasks.music.conditions import DisturbedPieces
from throughtime.tasks.music.noting import note_form, note_lost
from throughtime.tasks.music.scores import representation as forms
from throughtime.tasks.music.scores.chorales import chorales, melody
from throughtime.tasks.music.scores.files import ENDINGS, music_files, read_score
from throughtime.tasks.music.scores.key import semitones_to_c
from throughtime.tasks.music.scores.manner import Manner, manner_of, usual_manner
from throughtime.tasks.music.scores.matlab import read_matlab
from throughtime.tasks.music.scores.representation import Examples, Piece, Representation
from throughtime.tasks.music.scores.score import Score, UnpitchedError
from throughtime.tasks.music.scores.statistics import Statistics
from throughtime.tasks.music.segments import note_segments, segments
from throughtime.tasks.music.settings import MusicGeneration, MusicSettings
from throughtime.tasks.music.words import moment, render

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.codes import Judged
    from throughtime.models.generator import Generator
    from throughtime.models.sequence_vae import SequenceVAE

_WINDOW = 1000  # elements at a time when nothing is learned: bounds the memory that long pieces take
_SURPRISES = 3


class Music(Task[Piece, MusicSettings], Generates, Symbols, DisturbedPieces):
    """Polyphonic music, as frames of 88 keys or as performance events."""

    name = "music"
    summary = "composes: learns polyphonic music, frame by frame, and writes MIDI, WAV and a picture"
    reads = (
        f"a music file or a folder of them ({ENDINGS}); a .mat file of piano-rolls with traindata, validdata and "
        "testdata (Boulanger-Lewandowski et al. 2012) brings its own splits, and stands for its testdata elsewhere"
    )
    built_in = "409 scores of Bach's chorales (corpus of PyPI music21 10.5.1), split by hymn tune"
    unit = "frames"
    metric = Metric("nll", "nats per frame", "min")
    Settings = MusicSettings
    Generation = MusicGeneration
    ending = ".mid"

    def __init__(self, settings: MusicSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        self.form: Representation
        if settings.representation == "events":
            self.form = forms.Performance()
            # what is counted depends on the form
            self.unit, self.metric = "events", Metric("nll", "nats per event", "min")  # type: ignore[misc]
        else:
            self.form = forms.Frames(settings.resolution)
        if settings.latent:
            unit = f"{self.metric.unit}, the negative evidence lower bound"
            self.metric = Metric("nelbo", unit, "min")  # type: ignore[misc]
        self.statistics: Statistics = {}
        self.manner = Manner()

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[Piece]:
        """Bach's chorales; those on one hymn tune stay on one side."""
        pieces = [replace(self._piece(score), manner=None) for score in chorales()]  # print says nothing of it
        note_form(self.settings, self.findings)
        return self.split(pieces, valid=0.1, test=0.15)

    def read(self, path: Path) -> list[Piece]:
        """Pieces of a file or folder; those of drums alone are left out of a folder."""
        if path.suffix.lower() == ".mat" and path.is_file():
            self.findings.taken("splits", "the testdata of the file", path)
            return self._rolls(path).test  # type: ignore[return-value]
        files, pieces, damaged = music_files(path, self.findings), [], Damaged(path)
        drums: list[UnpitchedError] = []
        for file in counted(files, "reading music"):
            with damaged.kept():
                try:
                    pieces.append(self._piece(read_score(file, self.findings)))
                except UnpitchedError as error:
                    drums.append(error)
                    self.findings.left_out("drums", "a piece of drums alone", file)
        damaged.settle(self.settings.skip_broken and bool(pieces), self.findings)
        if not pieces:
            raise drums[0]
        note_form(self.settings, self.findings)
        return pieces

    def read_splits(self, path: Path) -> Splits[Piece]:
        """As the file gives them (.mat), or by tune."""
        if path.suffix.lower() == ".mat" and path.is_file():
            self.findings.taken("splits", "those of the file: traindata, validdata, testdata", path)
            return self._rolls(path)
        pieces = self.read(path)
        tunes = len({piece.tune for piece in pieces})
        what = f"pieces on one tune stay on one side: {len(pieces):,} pieces, {tunes:,} beginnings of the highest part"
        self.findings.taken("tunes", what)
        return self.split(pieces)

    def group(self, example: Piece, index: int) -> Hashable:
        """Pieces on one tune stay together: else the test would ask for what was learned by heart."""
        return example.tune or index

    def describe(self, example: Piece) -> Described:
        """Its elements, and how many they are."""
        return Described(example.elements.tobytes(), "", len(example.elements), path=Path(example.name))

    def show(self, example: Piece) -> str:
        """Its name and its first elements."""
        return f"{example.name}: {self.form.shown(example.elements)}"

    def examine(self, splits: Splits[Piece]) -> None:
        """Look for tunes of training among those of the other splits, where these are given."""
        if self.settings.latent:
            note_segments(splits, self.settings.segment_length, self.form.unit, self.findings)
        learned = {piece.tune for piece in splits.train if piece.tune}
        for name, pieces in splits.items()[1:]:
            for piece in pieces:
                if piece.tune in learned:
                    what = f"a piece of the {name} split that begins as one of training does"
                    self.findings.suspicious("tunes", what, Path(piece.name))

    def _piece(self, score: Score) -> Piece:
        shift = semitones_to_c(score.notes) if self.settings.transpose == "common" else 0
        moved = score.transposed(shift)
        elements, lost = self.form.encode(moved)
        piece = Piece(score.name, elements, shift, melody(score), lost, manner_of(moved))
        note_lost(piece, self.settings, self.findings)
        return piece

    def _rolls(self, path: Path) -> Splits[Piece]:
        """The rolls of a .mat file; they have been moved to a common key already."""
        if self.settings.representation == "events":
            raise DataError(path, "piano-rolls", "MIDI or MusicXML, for events need to know when each note begins")
        try:
            splits = read_matlab(path)
        except OSError as error:
            raise DataError(path, f"a file that cannot be read ({error.strerror})", "a readable .mat file") from error
        named = ([Piece(f"{path.name} {n}", roll) for n, roll in enumerate(rolls, 1)] for rolls in splits.values())
        return Splits(*named)

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Piece]) -> None:
        """Count for the baselines, and see how the pieces are played."""
        self.statistics = self.form.fit(train)
        self.manner = usual_manner([piece.manner for piece in train if piece.manner is not None])

    def save_features(self, folder: Path) -> None:
        """Write the counts, and how the pieces are played."""
        self.manner.save(folder / "manner.json")
        arrays: dict[str, Any] = dict(self.statistics)
        np.savez(folder / "statistics.npz", **arrays)

    def load_features(self, folder: Path) -> None:
        """Read what `save_features` wrote; runs of before have no manner, and keep the usual one."""
        self.manner = Manner.load(folder / "manner.json")
        path = folder / "statistics.npz"
        with readable(path, "usable counts"):
            arrays = read_arrays(path)
            self.statistics = {name: arrays[name] for name in ("frequency", "after")}

    # -- learning --------------------------------------------------------------------------------------------

    def model(self) -> Generator | SequenceVAE:
        """Recurrent layers with the output layer that was asked for; with a latent space, an encoder before them."""
        from throughtime.tasks.music.network import network

        return network(self.settings)

    def loader(self, examples: Sequence[Piece], *, training: bool) -> Loader:
        """Pieces of similar length side by side; for training in all keys, if asked for."""
        from throughtime.data.loaders import BucketLoader

        settings = self.settings
        window: int | None = _WINDOW
        if training:
            window = settings.window or (500 if settings.representation == "events" else None)
            if settings.transpose == "all":
                examples = [moved for piece in examples for moved in self.form.in_all_keys(piece)]
        if settings.latent:
            examples, window = segments(examples, settings.segment_length, training=training), None
        return BucketLoader(
            Examples(examples, self.form),
            settings.batch_size,
            seed=settings.seed,
            shuffle=training,
            window=window,
            workers=settings.workers if training else 0,
        )

    def validate(self, model: Model, examples: Sequence[Piece]) -> float:
        """Negative log-likelihood per frame, or its bound."""
        if self.settings.latent:
            return nelbo(model, self.watched(examples), self.settings.seed)
        return model.mean_loss(self.watched(examples))

    def evaluate(self, model: Model, examples: Sequence[Piece]) -> Report:
        """NLL per frame and accuracy, beside two simple methods; the first frame of each piece counts too."""
        if self.settings.latent:
            cut = segments(examples, self.settings.segment_length)
            some = [cut[index] for index in chosen(len(cut), self.settings.judged)]
            found = self.judged(model, some)
            return scoring.latent_report(self.form, self.statistics, some, found, len(cut), self.settings)
        heard = ((float(nll.sum()), guesses) for nll, guesses in self.listen(model, examples))
        return scoring.report(self.form, self.statistics, examples, heard, self.metric.unit)

    def listen(self, model: Model, pieces: Sequence[Piece]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """For each piece -log p of its elements (T,) and the model's likeliest guess of each."""
        from throughtime.models.listen import listen

        yield from listen(self._generator(model), self.loader(pieces, training=False))

    def judged(self, model: Model, pieces: Sequence[Piece]) -> list[Judged]:
        """What a model with a latent space says of each segment of some pieces."""
        return judge(model, self.loader(pieces, training=False), self.settings)

    @staticmethod
    def _generator(model: Model) -> Generator:
        from throughtime.models.generator import Generator

        if not isinstance(model, Generator):
            raise ThroughtimeError(f"found a {type(model).__name__}, expected a Generator as this task makes it")
        return model

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[Path]:
        """The music files that an argument stands for."""
        yield from music_files(Path(argument))

    def predict(self, model: Model, inputs: Iterable[Any]) -> Iterator[Prediction]:
        """How surprising each piece is to the model, and where most."""
        for given in inputs:
            for file in music_files(Path(given)):
                piece = self._piece(read_score(file, self.findings))
                mean, nll, guesses = self._heard(model, piece)
                most = np.argsort(-nll)[:_SURPRISES]
                unit, asked = self.form.unit, self.settings
                moments = [moment(piece, nll, guesses, int(at), unit, asked) for at in most]
                yield {
                    "file": str(file),
                    "nll": mean,
                    f"{unit}s": len(nll),
                    "notes_left_out": piece.lost.outside,
                    "surprises": moments,
                }

    def _heard(self, model: Model, piece: Piece) -> tuple[float, np.ndarray, np.ndarray]:
        """-log p of an element in the mean, of each (with a latent space: given the code too), and guesses of each."""
        if not self.settings.latent:
            ((nll, guesses),) = self.listen(model, [piece])
            return float(nll.mean()), nll, guesses
        found = self.judged(model, [piece])
        terms, guesses = (np.concatenate(parts) for parts in zip(*((o.terms, o.guesses) for o in found), strict=True))
        return sum(one.nll for one in found) / len(terms), terms, guesses

    def render(self, prediction: Prediction) -> str:
        """One line: the file, its NLL and the most surprising moments."""
        return render(prediction, self.form.unit)

    def readings(self, model: Model, given: Any) -> Iterator[SymbolSequence]:
        """The pieces of a file or folder, or one that was read already; with a latent space, their segments."""
        from throughtime.tasks.music import symbols

        files = [] if isinstance(given, Piece) else music_files(Path(given))
        pieces = (self._piece(read_score(file, self.findings)) for file in files)
        for piece in [given] if isinstance(given, Piece) else pieces:
            yield from symbols.readings(model, self.form, self.settings, piece)

    def inputs_of(self, example: Piece) -> Iterator[Piece]:
        """The piece itself."""
        yield example

    def check_output(self, out: Path, options: GenerateSettings) -> None:
        """Any name will do, for several files are called alike; what is gone on from must be there."""
        from throughtime.tasks.music import codes, composing

        asked = MusicGeneration(**options.model_dump())
        asked.check(self.settings.latent)
        check = codes.check_output if self.settings.latent else composing.check_output
        check(out, asked)

    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Compose: writes OUT.mid, OUT.wav and OUT.png."""
        from throughtime.tasks.music.composing import compose, manner_asked

        asked = MusicGeneration(**options.model_dump())
        manner = manner_asked(self.manner, asked)
        if self.settings.latent:
            from throughtime.tasks.music.codes import compose_from_codes

            return compose_from_codes(self.form, self.settings, model, out, asked, manner, self.findings)
        return compose(self.form, self.settings, self._generator(model), out, asked, manner, self.findings)
