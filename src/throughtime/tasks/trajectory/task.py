"""The trajectory task itself, from past positions to direction, speed and the next ones, with uncertainty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.data.splits import note_merged_splits, read_named
from throughtime.errors import DataError, ThroughtimeError
from throughtime.storage.report import Report
from throughtime.tasks.base import Described, Draws, Metric, Prediction, Splits, Symbols, SymbolSequence, Task, existing
from throughtime.tasks.trajectory.conditions import DisturbedTracks
from throughtime.tasks.trajectory.features import Features, Frame
from throughtime.tasks.trajectory.report import scores, table_of_one, table_of_times, table_of_validation
from throughtime.tasks.trajectory.scoring import LEVEL, baselines, scores_of_tracks
from throughtime.tasks.trajectory.settings import TrajectorySettings
from throughtime.tasks.trajectory.simple import RIVALS
from throughtime.tasks.trajectory.tracks import physics
from throughtime.tasks.trajectory.tracks.doubts import look_at, too_few
from throughtime.tasks.trajectory.tracks.read import SUFFIXES, given_splits, read_points, read_tracks
from throughtime.tasks.trajectory.tracks.track import Track
from throughtime.tasks.trajectory.tracks.windows import Chance, Protocol, Window, WindowLoader, full_windows

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.forecaster import Forecaster

_BUILT_IN = {"train": 500, "valid": 60, "test": 60}
_EVALUATION_BATCH = 256
_FITTED = 20_000  # windows that scales and baselines are fitted to
_WATCHED = 1000  # windows that training is watched on
_PROMISED = 0.8  # of 90 %: regions that hold less are not what they promise
_SHOWN = 3  # points of a track that people are shown
_ALONE = 500  # windows of one observed position in a report


class Trajectory(Task[Track, TrajectorySettings], Draws, Symbols, DisturbedTracks):
    """A forecaster of things that move: balls, people, whatever has been seen at known times.

    An example is a whole track; windows are cut from it.
    """

    name = "trajectory"
    summary = "says from past positions where something goes, how fast, and where it will be, with uncertainty"
    reads = (
        f"tables of tracks ({', '.join(SUFFIXES)}; or a folder of them): columns track, t, x, y and perhaps z, with a "
        "head line or told by --columns; without a track column a file is one track; 2-D or 3-D, any time stamps"
    )
    built_in = (
        "balls by our own physics (table tennis, tennis, basketball, rubber): drag, spin, bounces, a noisy camera"
    )
    unit = "points"
    metric = Metric("ade", "mean distance of predicted from real positions, in the data's unit", "min")
    Settings = TrajectorySettings

    def __init__(self, settings: TrajectorySettings, cache: Path) -> None:
        super().__init__(settings, cache)
        if settings.unit == "points" and not (settings.observe.is_integer() and settings.predict.is_integer()):
            raise ThroughtimeError(
                f"found observe {settings.observe:g} and predict {settings.predict:g} points, expected whole numbers "
                "(or --unit seconds)"
            )
        self.protocol = Protocol(settings.unit, settings.observe, settings.predict, settings.asked, settings.stride)
        self.features: Features

    # -- data ------------------------------------------------------------------------------------------------

    def built_in_data(self) -> Splits[Track]:
        """Balls of all scenes, thrown anew by other seeds for each split."""
        splits: dict[str, list[Track]] = {}
        for seed, (split, count) in enumerate(_BUILT_IN.items()):
            splits[split] = [
                track for name, scene in physics.SCENES.items() for track in physics.simulate(scene, count, seed, name)
            ]
        return Splits(**splits)

    def read(self, path: Path) -> list[Track]:
        """The tracks of a file or folder; those of the test part where a folder names its splits."""
        if (named := given_splits(path, self.findings)) is not None:
            path = named.get("test", named.get("valid", path))
            self.findings.taken("splits", f"{path.name} alone, of the splits that its folder brings", path)
        return self._tracks(path)

    def read_splits(self, path: Path) -> Splits[Track]:
        """As a folder names them (train, val, test: folders or tables), or drawn by track."""
        if (named := given_splits(path, self.findings)) is None:
            tracks = self._tracks(path)
            if path.is_dir():
                note_merged_splits(path, list(dict.fromkeys(track.path for track in tracks)), self.findings)
            return self.split(tracks)
        return read_named(named, self._tracks, self.hold_out, self.findings)

    def _tracks(self, path: Path) -> list[Track]:
        asked = self.settings
        return read_tracks(
            path,
            columns=asked.columns,
            time_unit=asked.time_unit,
            encoding=asked.encoding,
            gap=asked.gap,
            skip_broken=asked.skip_broken,
            findings=self.findings,
        )

    def examine(self, splits: Splits[Track]) -> None:
        """Steps and gaps, tracks too short for a window, and whether anything moves."""
        look_at(splits, self.protocol, self.findings)

    def describe(self, example: Track) -> Described:
        """Its times and places."""
        places = example.positions if example.seen is None else example.seen
        content = np.concatenate([example.times[:, None], places], axis=1).tobytes()
        return Described(content, "", len(example), (), example.path, example.line)

    def show(self, example: Track) -> str:
        """Its name, how long it lasts, and its first points."""
        places = example.positions if example.seen is None else example.seen
        points = zip(example.times[:_SHOWN], places[:_SHOWN], strict=True)
        words = " ".join(",".join(f"{number:.12g}" for number in (time, *place)) for time, place in points)
        return f"{example.name}: {len(example)} points in {np.ptp(example.times):.4g} s: {words} ..."

    # -- features --------------------------------------------------------------------------------------------

    def fit(self, train: Sequence[Track]) -> None:
        """Usual sizes, Kalman filters and the other baselines."""
        windows = full_windows(train, self.protocol, _FITTED)
        frame: Frame
        if self.settings.frame == "auto":
            frame = "height" if train[0].dimensions == 3 else "heading"
        else:
            frame = self.settings.frame
        self.features = Features.fit(windows, frame, self.settings.seed)

    def save_features(self, folder: Path) -> None:
        """Scales and filters."""
        self.features.save(folder)

    def load_features(self, folder: Path) -> None:
        """What `save_features` wrote."""
        self.features = Features.load(folder)

    def accept(self, examples: Sequence[Track]) -> None:
        """They must have the dimensions of training, and one at least must be long enough."""
        self._check_dimensions(examples)
        full_windows(examples, self.protocol, most=1)

    # -- learning --------------------------------------------------------------------------------------------

    def model(self) -> Forecaster:
        """Encoder, decoder, mixture density."""
        from throughtime.models.forecaster import Forecaster

        asked, features = self.settings, self.features
        return Forecaster(
            features.observed,
            features.asked,
            features.dimensions,
            cell=asked.cell,
            hidden_size=asked.hidden_size,
            layers=asked.layers,
            components=asked.components,
            dropout=asked.dropout,
            distance=asked.distance,
        )

    def loader(self, examples: Sequence[Track], *, training: bool) -> Loader:
        """Batches of windows: random ones to learn from, all of full length to be judged by."""
        asked = self.settings
        self._check_dimensions(examples)
        if not training:
            return self._judged(examples)
        chance = Chance(asked.partial, asked.drop, asked.one_position == "unknown", asked.stretch)
        arrays = self.features.arrays
        return WindowLoader(examples, self.protocol, asked.batch_size, arrays, seed=asked.seed, chance=chance)

    def _judged(self, examples: Sequence[Track], most: int | None = None) -> WindowLoader:
        return WindowLoader(examples, self.protocol, _EVALUATION_BATCH, self._arrays, most=most)

    def _arrays(self, windows: Sequence[Window], random: np.random.Generator | None) -> dict[str, np.ndarray]:
        return self.features.arrays(windows)

    def _check_dimensions(self, tracks: Sequence[Track]) -> None:
        known = self.features.dimensions
        odd = next((track for track in tracks if track.dimensions != known), None)
        if odd is not None:
            raise DataError(odd.path, f"a track in {odd.dimensions} dimensions", f"{known} as in training", odd.line)

    def validate(self, model: Model, examples: Sequence[Track]) -> float:
        """Mean distance on some of the windows; the regions of uncertainty are calibrated on them too."""
        from throughtime.data.batch import Kept

        loader = self.watched(examples, lambda tracks: Kept(self._judged(tracks, _WATCHED)))
        forecaster, asked = _forecaster(model), self.settings
        rival = None if asked.rival is None else RIVALS.index(asked.rival)
        distance = forecaster.calibrate(loader, LEVEL, trust=asked.trust, rival=rival, widen=asked.widen)
        if too_few(examples, self.protocol):
            forecaster.calibration.clamp_(min=asked.widen)
        return distance * self.features.scales.error

    def evaluate(self, model: Model, examples: Sequence[Track]) -> Report:
        """Distances, direction, speed, likelihood and coverage, beside constant velocity, acceleration and Kalman."""
        self._check_dimensions(examples)
        windows = full_windows(examples, self.protocol)
        answers = list(self._answers(_forecaster(model), windows))
        alone = [replace(w, times=w.times[-1:], positions=w.positions[-1:]) for w in _spread_out(windows, _ALONE)]
        tables = [
            table_of_times(windows, answers),
            table_of_one(list(self._answers(_forecaster(model), alone)), self.features),
            table_of_validation(_forecaster(model), self.features, self.settings),
        ]
        shares = scores_of_tracks(windows, [answer["path"] for answer in answers], self.features, self.show)
        found = scores(windows, answers, self.features)
        if found["coverage"] < _PROMISED:
            what = f"they hold {found['coverage']:.1%} of the judged positions, and promise {LEVEL:.0%}"
            self.findings.suspicious("regions", what)
        return Report(found, baselines(windows, self.features), tables, shares)

    def _answers(self, model: Forecaster, windows: Sequence[Window]) -> Iterator[dict[str, Any]]:
        """For each window, in the data's axes and units, all there is to say."""
        from throughtime.tasks.trajectory.answers import answers

        for start in range(0, len(windows), _EVALUATION_BATCH):
            yield from answers(model, self.features, windows[start : start + _EVALUATION_BATCH], LEVEL)

    # -- use -------------------------------------------------------------------------------------------------

    def read_inputs(self, argument: str) -> Iterator[Track]:
        """The tracks of a file or folder, or points written out: `t,x,y t,x,y ...`."""
        path = Path(argument)
        looks_like_file = path.suffix.lower() in SUFFIXES
        if looks_like_file or existing(argument) is not None:
            yield from self._tracks(path)
        else:
            yield read_points(argument)

    def predict(self, model: Model, inputs: Iterable[Any]) -> Iterator[Prediction]:
        """What follows the end of each track (or `t,x,y t,x,y ...`, or path)."""
        for given in inputs:
            for window in self._ends(given):
                (answer,) = self._answers(_forecaster(model), [window])
                yield self._prediction(window.track, window, answer)

    def _ends(self, given: Any) -> Iterator[Window]:
        """The ends of the tracks that are given, and what is asked after them."""
        tracks = [given] if isinstance(given, Track) else list(self.read_inputs(str(given)))
        self._check_dimensions(tracks)
        for track in tracks:
            window = self.protocol.ahead(track)
            if window.asked[-1] <= window.times[-1]:  # one point says nothing of the time between two
                steps = self.features.scales.step * np.arange(1, len(window.asked) + 1)
                window = replace(window, asked=window.times[-1] + steps)
            yield window

    def readings(self, model: Model, given: Any) -> Iterator[SymbolSequence]:
        """The observed points of each track."""
        from throughtime.tasks.trajectory.symbols import reading

        for window in self._ends(given):
            yield reading(_forecaster(model), self.features, window)

    def inputs_of(self, example: Track) -> Iterator[Track]:
        """The track itself."""
        yield example

    def _prediction(self, track: Track, window: Window, answer: dict[str, Any]) -> Prediction:
        line, parabola = self.features.simple.polynomials(window)
        expected = self.features.simple.expect([window])
        return {
            "track": track.name,
            "observed": np.concatenate([window.times[:, None], window.positions], axis=1).tolist(),
            "direction": {
                "unknown": bool(answer["unknown"]),
                "vector": answer["direction"].tolist(),
                "concentration": float(answer["concentration"]),
                "within_degrees": float(answer["spread"]),
            },
            "speed": dict(zip(("median", "low", "high"), map(float, answer["speed"]), strict=True)),
            "positions": [
                {
                    "t": float(time),
                    "mean": mean.tolist(),
                    "deviation": np.sqrt(np.diag(spread)).tolist(),
                    "mixture": {"weights": w.tolist(), "means": m.tolist(), "covariances": c.tolist()},
                }
                for time, mean, spread, w, m, c in zip(
                    window.asked, answer["path"], answer["spreads"], answer["weights"], answer["means"],
                    answer["covariances"], strict=True,
                )
            ],
            "baselines": {
                "constant velocity": line.tolist(),
                "constant acceleration": parabola.tolist(),
                "Kalman filter": expected.centre[0].tolist(),
            },
        }  # fmt: skip

    def render(self, prediction: Prediction) -> str:
        """Direction, speed and where it will be."""
        from throughtime.tasks.trajectory.words import render

        return render(prediction)

    def draw(self, prediction: Prediction, path: Path) -> None:
        """The fan of the predicted positions."""
        from throughtime.tasks.trajectory.tracks.picture import draw_fan
        from throughtime.tasks.trajectory.words import headline

        draw_fan(prediction, path, headline(prediction))


def _forecaster(model: Model) -> Forecaster:
    from throughtime.models.forecaster import Forecaster

    if not isinstance(model, Forecaster):
        raise ThroughtimeError(f"found a {type(model).__name__}, expected a Forecaster as this task makes it")
    return model


def _spread_out(windows: Sequence[Window], most: int) -> list[Window]:
    places = np.linspace(0, len(windows) - 1, min(most, len(windows))).astype(int)
    return [windows[place] for place in places]
