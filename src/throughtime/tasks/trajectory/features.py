"""From windows of tracks to what the forecaster reads: everything in units of what a Kalman filter expects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from throughtime.errors import ThroughtimeError
from throughtime.storage.written import readable
from throughtime.tasks.trajectory.baselines.kalman import Kalman
from throughtime.tasks.trajectory.simple import Expected, SimpleMethods
from throughtime.tasks.trajectory.tracks.stacked import padded, targets
from throughtime.tasks.trajectory.tracks.windows import Window

Frame = Literal["world", "height", "heading"]

_FIT_WINDOWS = 200
_CLIP = 6.0
_SUREST = 1e-9  # of the usual speed: nobody knows a velocity better
_SLOWEST = 0.01  # of the usual speed: slower is taken for this, and its direction for unknown


@dataclass(frozen=True)
class Scales:
    """The usual sizes of things in the training split.

    Args:
        place: (D,) mean position.
        size: standard deviation of positions.
        speed: root mean square speed over the asked time.
        step: median seconds between two points.
        span: median seconds to the last asked position.
        error: root mean square of the Kalman filter's expected error.
    """

    place: tuple[float, ...]
    size: float
    speed: float
    step: float
    span: float
    error: float


class Features:
    """Fitted on the training split; turns windows into arrays.

    Args:
        simple: the simple methods; the network sees all in units of what the better filter expects.
        scales: usual sizes.
        frame: which axes and places the network sees.
    """

    def __init__(self, simple: SimpleMethods, scales: Scales, frame: Frame) -> None:
        self.simple, self.scales, self.frame = simple, scales, frame
        self.dimensions = len(scales.place)

    @classmethod
    def fit(cls, windows: Sequence[Window], frame: Frame, seed: int) -> Features:
        """Learn from windows of full length.

        Args:
            windows: at least one, with targets.
            frame: what the network shall see.
            seed: decides which windows the filters are fitted to.

        Raises:
            ThroughtimeError: nothing moves in them.
        """
        random = np.random.default_rng(seed)
        chosen = [windows[index] for index in random.permutation(len(windows))[:_FIT_WINDOWS]]
        spans = np.array([window.asked[-1] - window.times[-1] for window in chosen])
        ways = np.array([np.linalg.norm(targets(w)[-1] - w.positions[-1]) for w in chosen])
        if not ways.any():
            raise ThroughtimeError(
                f"nothing moves in these tracks: found {len(chosen)} windows that end where they were last observed, "
                "expected some that go elsewhere"
            )
        positions = np.concatenate([window.positions for window in chosen])
        step = float(np.median(np.concatenate([np.diff(np.append(w.times, w.asked[0])) for w in chosen])))
        tiny = 1e-9 * max(1.0, float(np.abs(positions).max()))
        speed = max(float(np.sqrt(np.mean((ways / spans) ** 2))), tiny)
        size = max(float(np.sqrt(positions.var(axis=0).mean())), tiny)
        sizes = (speed, float(np.median(spans)), step)
        simple = SimpleMethods.fit(chosen, sizes, _known_acceleration(chosen, frame), random)
        error = float(np.sqrt(np.mean(np.square(simple.expect(chosen).deviation))))
        return cls(simple, Scales(tuple(positions.mean(axis=0)), size, speed, step, sizes[1], error), frame)

    # -- sizes of what `arrays` gives ------------------------------------------------------------------------

    @property
    def observed(self) -> int:
        """F: features of an observed step."""
        return 4 + 6 * self.dimensions

    @property
    def asked(self) -> int:
        """G: features of an asked time."""
        return 6 + 4 * self.dimensions

    @property
    def slowest(self) -> float:
        """Speed below which a direction is not known."""
        return _SLOWEST * self.scales.speed

    def arrays(self, windows: Sequence[Window], random: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """What `Forecaster` reads of a batch; with `random`, half of them are mirrored where no side is another."""
        expected = self.simple.expect(windows)
        turn = self._turn(expected, random)
        last = expected.positions[np.arange(len(windows)), expected.lengths - 1]
        arrays = {
            "inputs": self._observed(expected, last, turn),
            "lengths": expected.lengths,
            "asked": self._asked(expected, last, turn),
            "asked_lengths": expected.asked,
            "units": expected.deviation / self.scales.error,
        } | self._expected_velocity(expected, last, turn)
        arrays |= {"turn": turn, "centre": expected.centre - last[:, None], "deviation": expected.deviation}
        if random is None:  # in training nobody asks for them
            rivals = self.simple.paths(windows) - expected.centre[:, :, None]
            arrays["rivals"] = _turned(rivals, turn) / expected.deviation[..., None, None]
        if all(window.targets is not None for window in windows):
            actual = np.stack([padded(targets(window), expected.asked.max()) for window in windows])
            arrays["targets"] = _turned(actual - expected.centre, turn) / expected.deviation[..., None]
            arrays |= self._velocity(expected, actual[:, 0] - last, turn)
        return {name: np.asarray(a, dtype=np.float32 if a.dtype.kind == "f" else a.dtype) for name, a in arrays.items()}

    def _turn(self, expected: Expected, random: np.random.Generator | None) -> np.ndarray:
        """Orthogonal matrices (B, D, D) from the data's axes to those that the network sees."""
        D, rows = self.dimensions, len(expected.lengths)
        turn = np.broadcast_to(np.eye(D), (rows, D, D)).copy()
        if self.frame == "world":
            return turn
        velocity = expected.last[:, 1]
        if D == 2 and self.frame == "height":
            turn[:, 0, 0] = np.where(velocity[:, 0] < 0, -1.0, 1.0)
            return turn
        level = velocity[:, :2]
        length = np.linalg.norm(level, axis=1)
        moves = (expected.lengths > 1) & (length > 1e-6 * self.scales.speed)
        ahead = np.where(moves[:, None], level / np.maximum(length, 1e-300)[:, None], [1.0, 0.0])
        side = np.ones(rows) if random is None else random.choice([-1.0, 1.0], rows)
        turn[:, 0, :2] = ahead
        turn[:, 1, 0], turn[:, 1, 1] = -side * ahead[:, 1], side * ahead[:, 0]
        return turn

    def _observed(self, expected: Expected, last: np.ndarray, turn: np.ndarray) -> np.ndarray:
        """(B, T, F)"""
        scales, filtered = self.scales, expected.filtered
        gaps = np.diff(expected.times, axis=1, prepend=expected.times[:, :1])
        moves = np.diff(expected.positions, axis=1, prepend=expected.positions[:, :1])
        speeds = moves / np.where(gaps > 0, gaps, np.inf)[..., None]
        first = np.zeros_like(gaps)
        first[:, 0] = 1.0
        parts = [
            first[..., None],
            np.log1p(np.maximum(gaps, 0) / scales.step)[..., None],
            (expected.times / scales.span)[..., None],
            np.log(np.maximum(_deviation(filtered.covariances[..., 1, 1]) / scales.speed, _SUREST))[..., None],
            _turned(expected.positions - last[:, None], turn) / (scales.speed * scales.span),
            _clipped(_turned(speeds, turn) / scales.speed),
            _clipped(_turned(filtered.surprises, turn)),
            _clipped(_turned(filtered.means[..., 1, :], turn) / scales.speed),
            self._bend(filtered.means, turn),
            self._place(expected.positions, turn),
        ]
        return np.concatenate(parts, axis=-1)

    def _asked(self, expected: Expected, last: np.ndarray, turn: np.ndarray) -> np.ndarray:
        """(B, K, G)"""
        scales, ahead = self.scales, expected.ahead
        state, steps = expected.last, ahead.shape[1]
        gaps = np.diff(ahead, axis=1, prepend=0.0)
        seen = np.log(expected.lengths)[:, None].repeat(steps, axis=1)
        parts = [
            (ahead / scales.span)[..., None],
            np.log(np.maximum(ahead, 1e-3 * scales.step) / scales.span)[..., None],
            np.log1p(np.maximum(gaps, 0) / scales.step)[..., None],
            np.log(expected.deviation / scales.error)[..., None],
            seen[..., None],
            (seen == 0.0)[..., None].astype(float),
            _clipped(_turned(expected.centre - last[:, None], turn) / (scales.speed * scales.span)),
            self._place(expected.centre, turn),
            _clipped(_turned(state[:, None, 1], turn) / scales.speed).repeat(steps, axis=1),
            self._bend(state[:, None], turn).repeat(steps, axis=1),
        ]
        return np.concatenate(parts, axis=-1)

    def _bend(self, means: np.ndarray, turn: np.ndarray) -> np.ndarray:
        """Acceleration in units of one that doubles the usual speed in the usual time; 0 of a filter without."""
        if means.shape[-2] < 3:
            return np.zeros((*means.shape[:-2], means.shape[-1]))
        return _clipped(_turned(means[..., 2, :], turn) * self.scales.span / self.scales.speed)

    def _place(self, positions: np.ndarray, turn: np.ndarray) -> np.ndarray:
        """Where on the ground, or how high, as far as the frame lets the network know."""
        place = (positions - np.array(self.scales.place)) / self.scales.size
        if self.frame == "heading":
            return np.zeros_like(place)
        if self.frame == "height":
            place[..., :-1] = 0.0
        return _clipped(place)

    def _expected_velocity(self, expected: Expected, last: np.ndarray, turn: np.ndarray) -> dict[str, np.ndarray]:
        way = expected.centre[:, 0] - last
        length = np.linalg.norm(way, axis=1)
        speed = length / expected.ahead[:, 0] / self.scales.speed
        unit = _turned(way[:, None], turn)[:, 0] / np.maximum(length, 1e-300)[:, None]
        known = (expected.lengths > 1) & (speed > _SLOWEST)
        return {
            "towards": np.where(known[:, None], unit, 0.0),
            "expected": np.where(expected.lengths > 1, np.log(np.maximum(speed, _SLOWEST)), 0.0),
        }

    def _velocity(self, expected: Expected, way: np.ndarray, turn: np.ndarray) -> dict[str, np.ndarray]:
        length = np.linalg.norm(way, axis=1)
        speed = length / expected.ahead[:, 0] / self.scales.speed
        unit = _turned(way[:, None], turn)[:, 0] / np.maximum(length, 1e-300)[:, None]
        return {
            "direction": np.where((speed > _SLOWEST)[:, None], unit, 0.0),
            "speed": np.maximum(speed, _SLOWEST),
        }

    # -- files -----------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write `features.json`."""
        content = {
            "kalman": [asdict(kalman) for kalman in self.simple.kalman],
            "scales": asdict(self.scales),
            "frame": self.frame,
            "lines": self.simple.lines,
        }
        (folder / "features.json").write_text(json.dumps(content, indent=2), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Features:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or something else.
        """
        with readable(folder, "features of a trajectory run"):
            content = json.loads((folder / "features.json").read_text(encoding="utf-8"))
            filters = (Kalman(**{**values, "drift": tuple(values["drift"])}) for values in content["kalman"])
            simple = SimpleMethods(tuple(filters), (content["lines"][0], content["lines"][1]))
            scales = Scales(**{**content["scales"], "place": tuple(content["scales"]["place"])})
            return cls(simple, scales, content["frame"])


def _known_acceleration(windows: Sequence[Window], frame: Frame) -> tuple[float, ...]:
    """(D,) median acceleration (a bounce is none of the flight), along axes that are never turned alone."""
    known = np.median([_mean_acceleration(window) for window in windows], axis=0)
    if frame != "world":
        known[: 1 if frame == "height" and len(known) == 2 else 2] = 0.0
    return tuple(map(float, known))


def _mean_acceleration(window: Window) -> np.ndarray:
    """(D,) of the parabola through the observed and the asked positions."""
    times = np.concatenate([window.times, window.asked]) - window.times[-1]
    positions = np.concatenate([window.positions, targets(window)])
    if len(times) < 3:
        return np.zeros(positions.shape[1])
    scale = max(float(np.abs(times).max()), 1e-12)
    fitted = np.polynomial.polynomial.polyfit(times / scale, positions, 2)
    return np.asarray(2 * fitted[2] / scale**2)


def _turned(vectors: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Vectors (B, ..., D) on other axes."""
    turned: np.ndarray = np.einsum("b...d,bed->b...e", vectors, turn)
    return turned


def _deviation(variance: np.ndarray) -> np.ndarray:
    """Of things that follow a line exactly, rounding may leave less than nothing of a variance."""
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _clipped(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(values, -_CLIP, _CLIP))
