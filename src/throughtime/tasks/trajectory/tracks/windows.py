"""Windows of tracks: what has been observed, and what is asked; in order for judging, at random for learning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from throughtime.errors import ThroughtimeError
from throughtime.tasks.trajectory.tracks.track import Track

if TYPE_CHECKING:
    from throughtime.data.batch import Batch

_SLACK = 1e-9  # relative: sums of time stamps are rounded


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A piece of a track, cut at the last observed position.

    Args:
        track: the whole track.
        times: (N,) seconds, observed.
        positions: (N, D), observed.
        asked: (K,) seconds, later than the last observed one.
        targets: (K, D), where it was then; None where that is not known.
    """

    track: Track
    times: np.ndarray
    positions: np.ndarray
    asked: np.ndarray
    targets: np.ndarray | None


@dataclass(frozen=True)
class Protocol:
    """How much is observed, and how much is asked.

    Args:
        unit: whether the two are counted in points of the track or in seconds.
        observe: at most so much before the cut.
        predict: so much after it.
        asked: positions asked at most, spread evenly, where seconds are counted.
        stride: so much between two cuts when judging; None: 1 point, or a quarter of `predict` seconds.

    Example:
        >>> track = Track("a", np.arange(5.0), np.zeros((5, 2)))
        >>> Protocol("points", observe=2, predict=2).cuts(track)
        [1, 2]
    """

    unit: Literal["points", "seconds"]
    observe: float
    predict: float
    asked: int = 12
    stride: float | None = None

    def cuts(self, track: Track) -> list[int]:
        """Indices of the last observed point of all windows of full length."""
        if self.unit == "points":
            every = max(1, int(self.stride or 1))
            return list(range(int(self.observe) - 1, len(track) - int(self.predict), every))
        step = self.predict / 4 if self.stride is None else self.stride
        times, found, following = track.times, [], -np.inf
        for index, time in enumerate(times):
            full = time - times[0] >= self.observe * (1 - _SLACK) and times[-1] - time >= self.predict * (1 - _SLACK)
            if full and time >= following:
                found.append(index)
                following = time + step * (1 - _SLACK)
        return found

    def window(self, track: Track, cut: int, random: np.random.Generator | None = None) -> Window:
        """The window with that last observed point; `random` asks for other times, where seconds are counted."""
        after = self._asked(track, cut, random)
        return Window(track, *self._observed(track, cut), track.times[after], track.positions[after])

    def ahead(self, track: Track) -> Window:
        """The end of a track, and times after it at which nobody knows where it was."""
        cut = len(track) - 1
        observed = self._observed(track, cut)
        if self.unit == "points":
            steps = np.diff(track.times)
            step = float(np.median(steps)) if len(steps) else 0.0
            asked = step * np.arange(1, int(self.predict) + 1)
        else:
            asked = np.linspace(0.0, self.predict, self.asked + 1)[1:]
        return Window(track, *observed, track.times[cut] + asked, None)

    def __str__(self) -> str:
        return f"observe {self.observe:g} and predict {self.predict:g} {self.unit}"

    def _observed(self, track: Track, cut: int) -> tuple[np.ndarray, np.ndarray]:
        """Times and places of what is observed up to the cut; of what cannot be seen at all, the last point."""
        if self.unit == "points":
            first = max(0, cut + 1 - int(self.observe))
        else:
            first = int(np.searchsorted(track.times, track.times[cut] - self.observe * (1 + _SLACK)))
        times, places = (some[first : cut + 1] for some in (track.times, track.positions))
        if track.seen is None:
            return times, places
        seen = np.isfinite(track.seen[first : cut + 1]).all(axis=1)
        return (times[seen], track.seen[first : cut + 1][seen]) if seen.any() else (times[-1:], places[-1:])

    def _asked(self, track: Track, cut: int, random: np.random.Generator | None) -> np.ndarray:
        if self.unit == "points":
            return np.arange(cut + 1, min(len(track), cut + 1 + int(self.predict)))
        until = track.times[cut] + self.predict * (1 + _SLACK)
        after = np.arange(cut + 1, int(np.searchsorted(track.times, until, side="right")))
        if len(after) <= self.asked:
            return after
        if random is None:
            places = np.linspace(0, len(after) - 1, self.asked + 1).round().astype(int)[1:]
            return np.asarray(after[places])
        return np.sort(random.choice(after, self.asked, replace=False))


@dataclass(frozen=True)
class Chance:
    """How windows to learn from differ from those to be judged by.

    Args:
        partial: share of the windows of which fewer points are observed, log-uniformly from 1.
        drop: probability that an observed point (not the last) is missing.
        turn: turn the future of windows with one observed point at random, so that nothing can be learned from one
            position alone.
        stretch: a window's ways are made longer or shorter by a factor of up to e to this, as if it moved faster.
    """

    partial: float = 0.3
    drop: float = 0.1
    turn: bool = True
    stretch: float = 0.0

    def __call__(self, window: Window, random: np.random.Generator) -> Window:
        """Another, similar window."""
        seen = np.arange(len(window.times))
        chosen, share = random.random(2)
        if self.stretch and window.targets is not None:
            last, factor = window.positions[-1], np.exp(random.uniform(-self.stretch, self.stretch))
            seen_again, asked = (last + factor * (places - last) for places in (window.positions, window.targets))
            window = replace(window, positions=seen_again, targets=asked)
        if chosen < self.partial:
            seen = seen[-int(len(seen) ** share) :]
        seen = seen[(random.random(len(seen)) >= self.drop) | (seen == seen[-1])]
        changed = replace(window, times=window.times[seen], positions=window.positions[seen])
        if not self.turn or len(seen) > 1 or window.targets is None:
            return changed
        # an orthogonal matrix, uniform among all (Mezzadri 2007)
        q, r = np.linalg.qr(random.standard_normal((window.track.dimensions,) * 2))
        turned = changed.positions[-1] + (window.targets - changed.positions[-1]) @ (q * np.sign(np.diag(r)))
        return replace(changed, targets=turned)


Collate = Callable[[Sequence[Window], np.random.Generator | None], Mapping[str, np.ndarray]]


class WindowLoader:
    """Batches of windows: all of full length in order, or (with `chance`) others in each epoch.

    Args:
        tracks: to cut windows from.
        protocol: how.
        batch_size: windows in a batch.
        collate: what becomes of a batch of windows: named arrays, batch first; `lengths` among them.
        seed: decides, with the epoch's number, the random windows.
        chance: how windows to learn from vary; None: windows to be judged by.
        most: windows at most when judging.

    Raises:
        ThroughtimeError: no track is long enough.
    """

    def __init__(
        self,
        tracks: Sequence[Track],
        protocol: Protocol,
        batch_size: int,
        collate: Collate,
        *,
        seed: int = 0,
        chance: Chance | None = None,
        most: int | None = None,
    ) -> None:
        self.tracks, self.protocol, self.batch_size = tracks, protocol, batch_size
        self.collate, self.seed, self.chance = collate, seed, chance
        self.full = full_windows(tracks, protocol, most)
        # cuts that leave a point to ask for, each learned from as often as full windows are cut at every few points
        self.learnable = np.array([max(0, len(track) - 1) for track in tracks])

    def __len__(self) -> int:
        return -(-self._windows() // self.batch_size)

    def _windows(self) -> int:
        return len(self.full) if self.chance is None else max(1, int(self.learnable.sum()) // 8)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        import torch

        from throughtime.data.batch import Batch

        places = self._draw(epoch) if self.chance is not None else []
        for index in range(skip, len(self)):
            part = slice(index * self.batch_size, (index + 1) * self.batch_size)
            random = None
            windows = self.full[part]
            if self.chance is not None:
                random = np.random.default_rng((self.seed, epoch, index))
                cut = [self.protocol.window(self.tracks[track], at, random) for track, at in places[part]]
                windows = [self.chance(window, random) for window in cut]
            arrays = self.collate(windows, random)
            tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
            yield Batch(tensors, sequences=len(windows), tokens=int(tensors["lengths"].sum()))

    def _draw(self, epoch: int) -> list[tuple[int, int]]:
        """Random cuts: every point of every track, but each track's last, is as probable."""
        random = np.random.default_rng((self.seed, epoch))
        ends = np.cumsum(self.learnable)
        drawn = random.permutation(ends[-1])[: self._windows()]
        tracks = np.searchsorted(ends, drawn, side="right")
        return [
            (int(track), int(cut)) for track, cut in zip(tracks, drawn - (ends - self.learnable)[tracks], strict=True)
        ]


def full_windows(tracks: Sequence[Track], protocol: Protocol, most: int | None = None) -> list[Window]:
    """All windows of full length, in order; or so many of them, spread evenly.

    Raises:
        ThroughtimeError: no track is long enough.
    """
    places = [(track, cut) for track in tracks for cut in protocol.cuts(track)]
    if not places:
        raise ThroughtimeError(f"found no track that is long enough to {protocol}; {_longest(tracks)}")
    if most is not None and len(places) > most:
        places = [places[place] for place in np.linspace(0, len(places) - 1, most).astype(int)]
    return [protocol.window(track, cut) for track, cut in places]


def _longest(tracks: Sequence[Track]) -> str:
    longest = max(tracks, key=len, default=None)
    if longest is None or not len(longest):
        return "there is none"
    lasts = longest.times[-1] - longest.times[0]
    return f"the longest, {longest.name} of {longest.path}, has {len(longest)} points and lasts {lasts:.4g} seconds"
