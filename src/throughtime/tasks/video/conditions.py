"""How clips are disturbed: pictures by light, weather and the camera; vectors by their sensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data import disturbed_pixels
from throughtime.tasks.base.conditions import Condition, Conditions
from throughtime.tasks.video.clips.clip import Clip

Frames = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


class DisturbedClips(Conditions[Clip]):
    """Clips of pictures, or of vectors."""

    mean: np.ndarray | None

    def conditions(self, room: Path) -> Sequence[Condition[Clip]]:
        """Those of pictures, or those of vectors."""
        if self.mean is None:
            own = [(one.name, one.says, one.amounts, one.pixels) for one in disturbed_pixels.CHANGES]
            return [_condition(*one) for one in (*own, _DROPPED)]
        return [_condition(*one) for one in (_JITTER, _DROPPED, _DRIFT, _RATE)]

    def question(self, example: Clip) -> Any:
        """The clip itself."""
        return example

    def store(self, example: Clip, stem: Path) -> Path | None:
        """The frames that are looked at, side by side, as a PNG picture; vectors as they are in a CSV file."""
        if not example.has_pictures:
            path = stem.with_suffix(".csv")
            np.savetxt(path, example.frames, delimiter=",", fmt="%.6g")
            return path
        from throughtime.tasks.video.clips.picture import draw_strip

        path = stem.with_suffix(".png")
        draw_strip(example.frames, path)
        return path


def frozen(frames: np.ndarray, percent: float, random: np.random.Generator) -> np.ndarray:
    """With so much of the frames lost: the one before is seen again.

    Example:
        >>> frozen(np.arange(6), 50, np.random.default_rng(0)).tolist()
        [0, 0, 0, 0, 4, 5]
    """
    lost = random.random(len(frames)) < percent / 100
    lost[:1] = False
    return np.asarray(frames[np.maximum.accumulate(np.where(lost, 0, np.arange(len(frames))))])


def _jittered(frames: np.ndarray, percent: float, random: np.random.Generator) -> np.ndarray:
    return np.asarray(frames + percent / 100 * _spread(frames) * random.standard_normal(frames.shape))


def _drifting(frames: np.ndarray, percent: float, random: np.random.Generator) -> np.ndarray:
    way = np.linspace(0, percent / 100, len(frames))[:, None]
    return np.asarray(frames + way * _spread(frames) * random.choice([-1.0, 1.0], frames.shape[1]))


def _faster(frames: np.ndarray, percent: float, _: np.random.Generator) -> np.ndarray:
    places = np.linspace(0, len(frames) - 1, max(1, round(len(frames) * 100 / percent)))
    low = places.astype(int)
    part = (places - low)[:, None]
    return np.asarray((1 - part) * frames[low] + part * frames[(low + 1).clip(max=len(frames) - 1)])


def _spread(frames: np.ndarray) -> np.ndarray:
    """Of each feature within the clip, (F,); what is not known stays so."""
    return np.asarray(frames.astype(np.float64).std(axis=0))


_DROPPED = ("dropped frames", "{} % of the frames are lost, the one before is seen again", (10, 20, 40, 60, 80), frozen)
_JITTER = ("jitter", "normal noise is added, its deviation {} % of a value's spread in the clip", (5, 10, 20, 40, 80),
           _jittered)  # fmt: skip
_DRIFT = ("drift", "every value drifts away, by {} % of its spread at the end", (25, 50, 100, 150, 200), _drifting)
_RATE = ("other rate", "it goes {} % as fast", (110, 125, 150, 200, 300), _faster)


def _condition(name: str, says: str, amounts: tuple[float, ...], change: Frames) -> Condition[Clip]:
    def disturbed(clip: Clip, amount: float, random: np.random.Generator) -> Clip:
        return replace(clip, frames=change(clip.frames, amount, random).astype(clip.frames.dtype, copy=False))

    return Condition(name, says, amounts, disturbed)
