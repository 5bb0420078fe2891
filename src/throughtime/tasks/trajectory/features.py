"""From windows of tracks to what the forecaster reads: everything in units of what a Kalman filter expects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from throughtime.data.tracks.windows import Chance, Window
from throughtime.errors import DataError
from throughtime.models.extrapolation import extrapolate
from throughtime.models.kalman import Filtered, Kalman, fit_kalman, gaussian_nll

Frame = Literal["world", "height", "heading"]

_SPANS = (2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48)
_FIT_WINDOWS = 200
_CLIP = 6.0
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


class Stacked(NamedTuple):
    """A batch of windows: see `Expected`."""

    times: np.ndarray
    positions: np.ndarray
    lengths: np.ndarray
    ahead: np.ndarray
    asked: np.ndarray


@dataclass(frozen=True)
class Expected:
    """What the Kalman filter says of a batch of windows.

    Args:
        times, positions: observed (B, T), (B, T, D), padded; `lengths` (B,) are real.
        ahead: (B, K) seconds from the last observed to the asked times, padded; `asked` (B,) are real.
        filtered: its states.
        centre: (B, K, D), expected positions.
        deviation: (B, K), expected errors of a coordinate.
    """

    times: np.ndarray
    positions: np.ndarray
    lengths: np.ndarray
    ahead: np.ndarray
    asked: np.ndarray
    filtered: Filtered
    centre: np.ndarray
    deviation: np.ndarray

    @property
    def last(self) -> np.ndarray:
        """(B, S, D): the last state."""
        means: np.ndarray = self.filtered.means[:, -1]
        return means


class Features:
    """Fitted on the training split; turns windows into arrays.

    Args:
        kalman: filters of both orders, the better one first.
        scales: usual sizes.
        frame: which axes and places the network sees.
        lines: points of the last that a line and a parabola are fitted to.
    """

    def __init__(self, kalman: Sequence[Kalman], scales: Scales, frame: Frame, lines: tuple[int, int]) -> None:
        self.kalman, self.scales, self.frame, self.lines = list(kalman), scales, frame, lines
        self.dimensions = len(scales.place)

    @classmethod
    def fit(cls, windows: Sequence[Window], frame: Frame, seed: int) -> Features:
        """Learn from windows of full length.

        Args:
            windows: at least one, with targets.
            frame: what the network shall see.
            seed: decides which windows the filters are fitted to.
        """
        random = np.random.default_rng(seed)
        chosen = [windows[index] for index in random.permutation(len(windows))[:_FIT_WINDOWS]]
        targets = [_targets(window) for window in chosen]
        spans = np.array([window.asked[-1] - window.times[-1] for window in chosen])
        ways = np.array([np.linalg.norm(t[-1] - w.positions[-1]) for w, t in zip(chosen, targets, strict=True)])
        positions = np.concatenate([window.positions for window in chosen])
        step = float(np.median(np.concatenate([np.diff(np.append(w.times, w.asked[0])) for w in chosen])))
        tiny = 1e-9 * max(1.0, float(np.abs(positions).max()))
        speed = max(float(np.sqrt(np.mean((ways / spans) ** 2))), tiny)
        size = max(float(np.sqrt(positions.var(axis=0).mean())), tiny)
        sizes = (speed, float(np.median(spans)), step)
        kalman = _fit_filters(chosen, sizes, _known_acceleration(chosen, frame), random)
        scales = Scales(tuple(positions.mean(axis=0)), size, speed, step, float(np.median(spans)), 1.0)
        first = cls(kalman, scales, frame, (2, 3))
        error = float(np.sqrt(np.mean(np.square(first.expect(chosen).deviation))))
        spans_of = tuple(_best_points(chosen, degree) for degree in (1, 2))
        return cls(kalman, Scales(**{**asdict(scales), "error": error}), frame, (spans_of[0], spans_of[1]))

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

    def expect(self, windows: Sequence[Window], order: int = 0) -> Expected:
        """Filter a batch and predict; `order` 0 is the better filter, 1 the other."""
        kalman = self.kalman[order]
        seen = _stacked(windows)
        filtered = kalman.filter(seen.times, seen.positions, seen.lengths)
        centre, deviation = kalman.predict(filtered.means[:, -1], filtered.covariances[:, -1], seen.ahead)
        return Expected(*seen, filtered, centre, deviation)

    def arrays(self, windows: Sequence[Window], random: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """What `Forecaster` reads of a batch; with `random`, half of them are mirrored where no side is another."""
        expected = self.expect(windows)
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
            rivals = self._rivals(windows) - expected.centre[:, :, None]
            arrays["rivals"] = _turned(rivals, turn) / expected.deviation[..., None, None]
        if all(window.targets is not None for window in windows):
            targets = np.stack([_padded(_targets(window), expected.asked.max()) for window in windows])
            arrays["targets"] = _turned(targets - expected.centre, turn) / expected.deviation[..., None]
            arrays |= self._velocity(expected, targets[:, 0] - last, turn)
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
            np.log(np.sqrt(filtered.covariances[..., 1, 1]) / scales.speed)[..., None],
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

    # -- baselines -------------------------------------------------------------------------------------------

    @property
    def rivals(self) -> list[str]:
        """Names of the simple methods: two polynomials, two filters."""
        kinds = ("constant velocity", "constant acceleration")
        lines = [f"{kind} (last {points} points)" for kind, points in zip(kinds, self.lines, strict=True)]
        return lines + [f"Kalman filter, {kinds[kalman.order - 1]}" for kalman in self.kalman]

    def polynomials(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Where constant velocity and constant acceleration lead: twice (K, D)."""
        line, parabola = (
            extrapolate(window.times, window.positions, window.asked, degree=degree, points=points)
            for degree, points in zip((1, 2), self.lines, strict=True)
        )
        return line, parabola

    def _rivals(self, windows: Sequence[Window]) -> np.ndarray:
        """(B, K, R, D): where all the simple methods lead."""
        steps = max(len(window.asked) for window in windows)
        lines = [[_padded(path, steps) for path in self.polynomials(window)] for window in windows]
        filters = [self.expect(windows, which).centre for which in range(len(self.kalman))]
        return np.concatenate([np.array(lines).swapaxes(1, 2), np.stack(filters, axis=2)], axis=2)

    # -- files -----------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write `features.json`."""
        content = {
            "kalman": [asdict(kalman) for kalman in self.kalman],
            "scales": asdict(self.scales),
            "frame": self.frame,
            "lines": self.lines,
        }
        (folder / "features.json").write_text(json.dumps(content, indent=2), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Features:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or something else.
        """
        try:
            content = json.loads((folder / "features.json").read_text(encoding="utf-8"))
            kalman = [Kalman(**{**values, "drift": tuple(values["drift"])}) for values in content["kalman"]]
            scales = Scales(**{**content["scales"], "place": tuple(content["scales"]["place"])})
            return cls(kalman, scales, content["frame"], (content["lines"][0], content["lines"][1]))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise DataError(
                folder, f"no features of a trajectory run ({error})", "what training wrote there"
            ) from error


def _fit_filters(
    windows: Sequence[Window], sizes: tuple[float, float, float], drift: tuple[float, ...], random: np.random.Generator
) -> list[Kalman]:
    """Filters of both orders by the likelihood of what they are asked, the better one first."""
    # some with few points, so that the first velocity's spread is fitted too
    fewer = Chance(partial=0.3, drop=0.0, turn=False)
    cost = _Cost([fewer(window, random) for window in windows])
    speed, span, step = sizes
    still = (0.0,) * len(drift)
    noise, drive = 0.03 * speed * min(span, 10 * step), 0.3 * speed / np.sqrt(span)
    found: dict[int, tuple[Kalman, float]] = {}
    for order in (1, 2):
        starts = [
            Kalman(order, noise * less, drive / span ** (order - 1), speed, speed / span, drift=known)
            for known in dict.fromkeys((still, drift))
            for less in (1.0, 0.1)
        ]
        # the search finds the nearest valley: from the best of some starts
        if order == 2:  # the first order's noise may be a better beginning
            starts.append(replace(starts[-1], noise=found[1][0].noise))
        found[order] = fit_kalman(min(starts, key=cost), cost)
    return [kalman for kalman, _ in sorted(found.values(), key=lambda pair: pair[1])]


class _Cost:
    """Mean negative log-likelihood of the asked positions of windows, for one Kalman filter or another."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.seen = _stacked(windows)
        self.targets = np.stack([_padded(_targets(window), self.seen.ahead.shape[1]) for window in windows])
        self.real = np.arange(self.targets.shape[1]) < self.seen.asked[:, None]

    def __call__(self, kalman: Kalman) -> float:
        seen = self.seen
        filtered = kalman.filter(seen.times, seen.positions, seen.lengths)
        centre, deviation = kalman.predict(filtered.means[:, -1], filtered.covariances[:, -1], seen.ahead)
        return float(gaussian_nll(centre, deviation, self.targets)[self.real].mean())


def _known_acceleration(windows: Sequence[Window], frame: Frame) -> tuple[float, ...]:
    """(D,) median acceleration (a bounce is none of the flight), along axes that are never turned alone."""
    known = np.median([_mean_acceleration(window) for window in windows], axis=0)
    if frame != "world":
        known[: 1 if frame == "height" and len(known) == 2 else 2] = 0.0
    return tuple(map(float, known))


def _mean_acceleration(window: Window) -> np.ndarray:
    """(D,) of the parabola through the observed and the asked positions."""
    times = np.concatenate([window.times, window.asked]) - window.times[-1]
    positions = np.concatenate([window.positions, _targets(window)])
    if len(times) < 3:
        return np.zeros(positions.shape[1])
    scale = max(float(np.abs(times).max()), 1e-12)
    fitted = np.polynomial.polynomial.polyfit(times / scale, positions, 2)
    return np.asarray(2 * fitted[2] / scale**2)


def _best_points(windows: Sequence[Window], degree: int) -> int:
    """How many of the last points give the smallest mean error of a polynomial."""
    most = max(len(window.times) for window in windows)
    errors = {
        points: np.mean([_error(window, degree, points) for window in windows])
        for points in _SPANS
        if degree < points <= max(most, degree + 1)
    }
    return min(errors, key=lambda points: errors[points])


def _error(window: Window, degree: int, points: int) -> float:
    led = extrapolate(window.times, window.positions, window.asked, degree=degree, points=points)
    return float(np.linalg.norm(led - _targets(window), axis=1).mean())


def _targets(window: Window) -> np.ndarray:
    assert window.targets is not None
    return window.targets


def _stacked(windows: Sequence[Window]) -> Stacked:
    lengths = np.array([len(window.times) for window in windows])
    asked = np.array([len(window.asked) for window in windows])
    return Stacked(
        np.stack([_padded(window.times - window.times[-1], lengths.max()) for window in windows]),
        np.stack([_padded(window.positions, lengths.max()) for window in windows]),
        lengths,
        np.stack([_padded(window.asked - window.times[-1], asked.max()) for window in windows]),
        asked,
    )


def _padded(values: np.ndarray, steps: int) -> np.ndarray:
    """Filled up with its last element: a padded step is one of no duration."""
    filled: np.ndarray = np.concatenate([values, np.repeat(values[-1:], steps - len(values), axis=0)])
    return filled


def _turned(vectors: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Vectors (B, ..., D) on other axes."""
    turned: np.ndarray = np.einsum("b...d,bed->b...e", vectors, turn)
    return turned


def _clipped(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(values, -_CLIP, _CLIP))
