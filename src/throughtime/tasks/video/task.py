"""The video task itself, from clips to the activity that a new one shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.data.labels import SHOWN, Labels
from throughtime.data.splits import read_named
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.report import Report
from throughtime.storage.scores import MODEL, Scores, Shown, of_values
from throughtime.storage.written import readable
from throughtime.tasks.base import (
    Alignment,
    Attackable,
    Attends,
    Classifies,
    Described,
    Draws,
    Metric,
    Prediction,
    Splits,
    Symbols,
    SymbolSequence,
    Task,
)
from throughtime.tasks.base.attackable import Numbers
from throughtime.tasks.base.attends import check_pooling
from throughtime.tasks.confusion import accuracy_and_f1, confusion_matrix, confusion_table, surprises
from throughtime.tasks.video.baselines.single_frames import SingleFrames, frame_features
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.doubts import look_at_features, look_at_lengths
from throughtime.tasks.video.clips.files import Reading, read_inputs, read_labelled
from throughtime.tasks.video.clips.groups import in_groups, look_for_both_sides
from throughtime.tasks.video.clips.render import render_many
from throughtime.tasks.video.clips.sampling import ClipLoader, Sampling, usual_values
from throughtime.tasks.video.clips.skeletons import gathered, joints_a_line
from throughtime.tasks.video.clips.splits import HELD_OUT, given_splits, hold_out
from throughtime.tasks.video.conditions import DisturbedClips
from throughtime.tasks.video.settings import VideoSettings

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.classifier import Classifier

_BUILT_IN = {"train": 100, "valid": 12, "test": 30}  # clips of each class
_EVALUATION_BATCH = 64
_PICTURES = 16


class Video(Task[Clip, VideoSettings], Draws, Classifies, Symbols, Attends, Attackable, DisturbedClips):
    """A classifier of clips: pictures from video files, or vectors from poses and sensors."""

    name = "video"
    summary = "says which activity a clip shows, or a sequence of poses or sensor values"
    reads = (
        "a folder for each class with its clips (mp4, mkv, ..., folders of pictures) or sequences (NPY, CSV: a row a "
        "step), lists of clips (path,label; UCF-101, Kinetics), .ts, .arff and .tsv of the UEA and UCR archives, long "
        "tables (id,time,values,label), X.npy with y.npy, .npz; names with _TRAIN and _TEST, or folders, are splits"
    )
    built_in = "clips by our own renderer: nine ways in which a shape moves, which no single frame tells"
    unit = "frames"
    metric = Metric("nll", "nats, the mean negative log-probability of the right class", "min")
    Settings = VideoSettings

    def __init__(self, settings: VideoSettings, cache: Path) -> None:
        super().__init__(settings, cache)
        if settings.origin is not None and settings.joints is None:
            raise ThroughtimeError("found --origin without --joints, expected both: how many joints, and which of them")
        self.labels = Labels([], "")
        self.mean: np.ndarray | None = None
        """(F,) of vectors; None for pictures."""
        self.deviation: np.ndarray | None = None
        self.joints: int | None = None
        """Of a skeleton, where nobody said it and files have a joint a line; None: they have not."""
        self.baselines: dict[str, SingleFrames] = {}

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[Clip]:
        """Rendered anew by another seed for each split."""
        size = self.settings.size
        parts = {split: render_many(count, size, seed) for seed, (split, count) in enumerate(_BUILT_IN.items())}
        return Splits(**parts)

    def read(self, path: Path) -> list[Clip]:
        """The labelled clips of a folder, list, table, array or archive's file; the test part where it brings such."""
        if (named := given_splits(path)) is not None:
            path = named.get("test", named.get("valid", path))
            self.findings.taken("splits", f"{path.name} alone, of the splits that its folder brings", path)
        clips = read_labelled(path, self._reading(), self.findings)
        return in_groups(clips, self.settings.group, self.findings)

    def read_splits(self, path: Path) -> Splits[Clip]:
        """As the files give them, what is not given drawn from the training part; or drawn from each class."""
        splits = self._read_splits(path)
        if self.settings.joints is not None or splits.train[0].has_pictures:
            return splits
        self.joints = joints_a_line(splits.train, self.findings)
        if self.joints is None:
            return splits
        return Splits(*([self._posed(clip) for clip in clips] for _, clips in splits.items()))

    def _posed(self, clip: Clip) -> Clip:
        assert self.joints is not None
        return replace(clip, frames=gathered(clip.path, clip.frames, self.joints, self.findings))

    def _read_splits(self, path: Path) -> Splits[Clip]:
        if (named := given_splits(path, self.findings)) is not None:
            return read_named(named, self.read, self.hold_out, self.findings)
        rest, valid = self.hold_out(self.read(path))
        train, test = self.hold_out(rest)
        whole = "from each class" if train[0].group is None else "in whole groups"
        what = f"drawn {whole} by the seed {self.settings.seed}: {HELD_OUT:.0%} valid, then {HELD_OUT:.0%} test"
        self.findings.taken("splits", what)
        return Splits(train, valid, test)

    def hold_out(self, train: Sequence[Clip]) -> tuple[Sequence[Clip], Sequence[Clip]]:
        """All but a share of the groups, or of each class, and that share."""
        return hold_out(train, self.settings.seed)

    def _reading(self) -> Reading:
        asked = self.settings
        return Reading(
            asked.size,
            axes=asked.axes,
            width=None if self.mean is None else len(self.mean),
            joints=asked.joints or self.joints,
            origin=asked.origin,
            skip_broken=asked.skip_broken,
        )

    def examine(self, splits: Splits[Clip]) -> None:
        """Clips of one frame; groups on both sides; how many frames are looked at; features that tell nothing."""
        look_for_both_sides(splits, self.findings)
        for clips in (splits.train, splits.valid, splits.test):
            look_at_lengths(clips, self.findings)
        if not splits.train[0].has_pictures:
            look_at_features(splits.train, self.findings)
        elif self.settings.frames is None:
            self.findings.taken("frames", f"{_PICTURES} of each clip are looked at, spread evenly (--frames)")

    def describe(self, example: Clip) -> Described:
        """Its frames and its label."""
        label, frames = str(example.label), example.frames
        return Described(frames.tobytes(), label, len(frames), (label,), example.path, example.line)

    def show(self, example: Clip) -> str:
        """Its label, and how many frames of what it has."""
        return f"{example.label}: {len(example.frames)} frames of {example.kind} ({example.path.name})"

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Clip]) -> None:
        """Classes, usual values, and the baselines that know no time."""
        self.labels = Labels.fit(train)
        if not train[0].has_pictures:
            self.mean, self.deviation = usual_values(train)
        clips = [self._frames(clip) for clip in self._prepared(train)]
        classes = [self.labels.number(clip) for clip in train]
        self.baselines = {
            "single frames": SingleFrames.fit(clips, classes, self.settings.seed),
            "mean and spread": SingleFrames.fit([_summary(clip) for clip in clips], classes, self.settings.seed),
        }

    def save_features(self, folder: Path) -> None:
        """Classes, usual values and the baselines."""
        learned: dict[str, Any] = {"labels": self.labels.names, "majority": self.labels.majority, "joints": self.joints}
        if self.mean is not None and self.deviation is not None:
            learned |= {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}
        (folder / "learned.json").write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")
        for name, baseline in self.baselines.items():
            baseline.save(folder / f"{name.replace(' ', '_')}.npz")

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        with readable(folder, "features of a video run"):
            learned = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
            self.labels = Labels(list(learned["labels"]), str(learned["majority"]))
            self.joints = learned.get("joints")
            if "mean" in learned:
                self.mean = np.array(learned["mean"], dtype=np.float32)
                self.deviation = np.array(learned["deviation"], dtype=np.float32)
        for name in ("single frames", "mean and spread"):
            self.baselines[name] = SingleFrames.load(folder / f"{name.replace(' ', '_')}.npz")

    def accept(self, examples: Sequence[Clip]) -> None:
        """They must be of the kind and the classes of training."""
        self._check_kinds(examples)
        for clip in examples:
            self.labels.number(clip)

    # -- learning --------------------------------------------------------------------------------------------

    def model(self) -> Classifier:
        """A network for each frame, recurrent layers over time, pooling, softmax."""
        from torch import nn

        from throughtime.models.classifier import Classifier
        from throughtime.models.parts.frames import PictureEncoder, VectorEncoder

        asked = self.settings
        encoder: nn.Module
        if self.mean is None:
            encoder = PictureEncoder(asked.size, asked.width, asked.features)
        else:
            encoder = VectorEncoder(len(self.mean), asked.features)
        layers = asked.recurrent(asked.features, batch_first=True, bidirectional=asked.bidirectional)
        return Classifier(encoder, layers, len(self.labels), asked.pooling, asked.dropout)

    def loader(self, examples: Sequence[Clip], *, training: bool) -> Loader:
        """Batches of frames and class numbers; varied in time where they are learned from."""
        asked = self.settings
        loader = ClipLoader(
            self._prepared(examples),
            [self.labels.number(clip) for clip in examples],
            asked.batch_size if training else _EVALUATION_BATCH,
            self._sampling(),
            seed=asked.seed,
            training=training,
        )
        return loader if training else self.judged(loader)

    def _sampling(self) -> Sampling:
        asked = self.settings
        frames = _PICTURES if asked.frames is None and self.mean is None else asked.frames
        return Sampling(frames, asked.crop, asked.stretch, asked.noise, asked.shift)

    def _frames(self, clip: Clip) -> np.ndarray:
        return self._sampling().choose(clip)

    def _prepared(self, clips: Sequence[Clip]) -> list[Clip]:
        """Vectors in units of their usual spread, 0 (the mean) for what is not known; pictures as they are."""
        self._check_kinds(clips)
        if self.mean is None or self.deviation is None:
            return list(clips)
        units = [(clip.frames - self.mean) / self.deviation for clip in clips]
        return [replace(clip, frames=np.nan_to_num(frames)) for clip, frames in zip(clips, units, strict=True)]

    def _check_kinds(self, clips: Sequence[Clip]) -> None:
        """Raise a DataError if a clip is of another kind than those of training."""
        expected = "pictures" if self.mean is None else f"vectors of {len(self.mean)} numbers"
        odd = next((clip for clip in clips if clip.kind != expected), None)
        if odd is not None:
            raise DataError(odd.path, odd.kind, f"{expected} as in training", odd.line)

    def validate(self, model: Model, examples: Sequence[Clip]) -> float:
        """Mean negative log-probability of the right class."""
        return model.mean_loss(self.watched(examples))

    def evaluate(self, model: Model, examples: Sequence[Clip]) -> Report:
        """Accuracy, macro F1 and the confusion matrix, beside answers that know no time."""
        classes, names = len(self.labels), self.labels.names
        raw, actual = self.class_probabilities(model, examples)
        probabilities = self.tempered(raw)
        confusion = confusion_matrix(actual, probabilities.argmax(axis=1), classes)
        frames = [self._frames(clip) for clip in self._prepared(examples)]
        single, summary = self.baselines["single frames"], self.baselines["mean and spread"]
        blind = {
            "single frames, logistic regression": [single.log_probabilities(clip) for clip in frames],
            "mean and spread of the frames, logistic regression": [
                summary.log_probabilities(_summary(clip)) for clip in frames
            ],
        }
        always = np.full(len(frames), names.index(self.labels.majority))
        answers = (names[answer] for answer in probabilities.argmax(axis=1))
        shown = [Shown(self.show(c), names[a], said) for c, a, said in zip(examples, actual, answers, strict=True)]
        nats = surprises(probabilities, actual)
        return Report(
            {**accuracy_and_f1(confusion), "nll": float(nats.mean())},
            {name: _scores(actual, np.stack(logs)) for name, logs in blind.items()}
            | {f"always {self.labels.majority}": accuracy_and_f1(confusion_matrix(actual, always, classes))},
            [confusion_table(confusion, names)] if classes <= SHOWN else [],
            Scores("nll", "min", {MODEL: of_values(nats)}, shown, nats),
        )

    def class_probabilities(self, model: Model, examples: Sequence[Clip]) -> tuple[np.ndarray, np.ndarray]:
        """As the network gives them."""
        from throughtime.tasks.video.answers import probabilities_of

        actual = np.array([self.labels.number(clip) for clip in examples])
        return probabilities_of(model, self.loader(examples, training=False)), actual

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[Clip]:
        """The clips of a file or folder."""
        yield from read_inputs(Path(argument), self._reading(), self.findings)

    def predict(self, model: Model, inputs: Iterable[Any]) -> Iterator[Prediction]:
        """The class of each clip (or of each in a file), its probability and those of all classes."""
        for given in inputs:
            for clip in [given] if isinstance(given, Clip) else self.read_inputs(str(given)):
                after, scores = self._so_far(model, clip)
                so_far = dict(zip(self.labels.names, scores.T.tolist(), strict=True))
                probabilities = {name: values[-1] for name, values in so_far.items()}
                label = max(probabilities, key=lambda name: probabilities[name])
                yield {
                    "file": str(clip.path),
                    "line": clip.line,
                    "frames": len(clip.frames),
                    "label": label,
                    "probability": probabilities[label],
                    "probabilities": probabilities,
                    "so_far": {"after": after, "probabilities": so_far},
                }

    def _so_far(self, model: Model, clip: Clip) -> tuple[list[float], np.ndarray]:
        """Shares of a clip, up to all of it, and the classes' probabilities (N, C) after each."""
        from throughtime.tasks.video.answers import so_far

        (prepared,) = self._prepared([clip])
        after, scores = so_far(model, self._frames(prepared))
        return after, self.tempered(scores)

    def readings(self, model: Model, given: Any) -> Iterator[SymbolSequence]:
        """The frames of a clip (or of each in a file) that are looked at."""
        from throughtime.tasks.video.symbols import reading

        for clip in self._prepared([given] if isinstance(given, Clip) else list(self.read_inputs(str(given)))):
            yield reading(model, self._frames(clip), self.labels.names)

    def check_attends(self) -> None:
        """Only a classifier that pools by attention does."""
        check_pooling(self.settings.pooling)

    def alignments(self, model: Model, given: Any) -> Iterator[Alignment]:
        """How much each frame of a clip (or of each in a file) counted for its class."""
        from throughtime.tasks.video.answers import alignment

        for clip in self._prepared([given] if isinstance(given, Clip) else list(self.read_inputs(str(given)))):
            yield alignment(model, self._frames(clip), self.labels.names)

    def surface(self) -> Numbers:
        """Its pixels, or its values in units of their spread in training."""
        if self.mean is None:
            return Numbers("grey levels of 255", (1, 2, 4, 8, 16), 0, 255)
        return Numbers("standard deviations of its values in training", (0.01, 0.03, 0.1, 0.2, 0.4))

    def inputs_of(self, example: Clip) -> Iterator[Clip]:
        """The clip itself."""
        yield example

    def render(self, prediction: Prediction) -> str:
        """The class, how sure it is, the next class, and the file."""
        order = sorted(prediction["probabilities"].items(), key=lambda pair: -pair[1])
        place = prediction["file"] + (f", line {prediction['line']}" if prediction["line"] is not None else "")
        return (
            f"{prediction['label']}\t{prediction['probability']:.1%}\t(then {order[1][0]} {order[1][1]:.1%})\t{place}"
        )

    def draw(self, prediction: Prediction, path: Path) -> None:
        """The frames or sensor lines of a clip, read once more, and the probabilities as they developed."""
        from throughtime.tasks.video.clips.picture import draw_development

        file, line, so_far = Path(prediction["file"]), prediction["line"], prediction["so_far"]
        if not file.exists():
            raise ThroughtimeError(f"{file}: found no such file, expected the clip that was answered, to draw it")
        clip = next(clip for clip in self.read_inputs(str(file)) if clip.line == line)
        if self.mean is not None:  # vectors as they are in the file, with their own units
            clip = replace(clip, frames=np.where(np.isnan(clip.frames), self.mean, clip.frames))
        draw_development(self._frames(clip), so_far["after"], so_far["probabilities"], path, self.render(prediction))


def _scores(actual: np.ndarray, log_probabilities: np.ndarray) -> dict[str, float]:
    """Accuracy, F1, and the mean negative log-probability of the right class: of (N,) and (N, C)."""
    confusion = confusion_matrix(actual, log_probabilities.argmax(axis=1), log_probabilities.shape[1])
    nll = -log_probabilities[np.arange(len(actual)), actual].mean()
    return {**accuracy_and_f1(confusion), "nll": float(nll)}


def _summary(frames: np.ndarray) -> np.ndarray:
    """Mean and spread of each feature over all frames, as a clip of one frame (1, 2 F)."""
    features = frame_features(frames)
    return np.concatenate([features.mean(axis=0), features.std(axis=0)])[None]
