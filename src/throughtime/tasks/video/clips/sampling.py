"""Which frames of a clip are looked at: spread evenly for judging; for learning, at random places and speeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from throughtime.tasks.video.clips.clip import Clip

if TYPE_CHECKING:
    from throughtime.data.batch import Batch


@dataclass(frozen=True)
class Sampling:
    """How frames are chosen and, in training, varied.

    Args:
        frames: how many; None: all.
        crop: in training, at most so large a share of a clip is left out at each end.
        stretch: in training, vectors are played faster or slower by up to this share.
        noise: in training, standard deviation of what is added to vectors.
        shift: in training, pictures are moved by up to so many pixels either way.

    Example:
        >>> clip = Clip(np.arange(10, dtype=np.float32)[:, None], "a")
        >>> Sampling(frames=4).choose(clip)[:, 0].tolist()
        [1.0, 3.0, 6.0, 8.0]
    """

    frames: int | None = None
    crop: float = 0.0
    stretch: float = 0.0
    noise: float = 0.0
    shift: int = 0

    def choose(self, clip: Clip, random: np.random.Generator | None = None) -> np.ndarray:
        """The frames looked at; with `random`, as training sees them."""
        steps = len(clip.frames)
        begin, end = 0.0, float(steps)
        if random is not None:
            left, right = random.uniform(0, self.crop, 2) * steps
            begin, end = left, max(steps - right, left + 1)
        if clip.has_pictures or random is None:
            return self._pictures(clip.frames, begin, end, random)
        return self._vectors(clip.frames, begin, end, random)

    def _pictures(self, frames: np.ndarray, begin: float, end: float, random: np.random.Generator | None) -> np.ndarray:
        count = len(frames) if self.frames is None else self.frames
        if self.frames is not None or random is not None:
            # one from each of `count` equal parts: its middle, or any place of it (Wang et al. 2016)
            within = 0.5 if random is None else random.random(count)
            places = (begin + (np.arange(count) + within) / count * (end - begin)).astype(int)
            frames = frames[places.clip(0, len(frames) - 1)]
        if random is None or not self.shift or frames.ndim < 4:
            return frames
        across, down = random.integers(-self.shift, self.shift + 1, 2)
        height, width = frames.shape[1:3]
        rows = (np.arange(height) + down).clip(0, height - 1)
        columns = (np.arange(width) + across).clip(0, width - 1)
        moved: np.ndarray = frames[:, rows][:, :, columns]
        return moved

    def _vectors(self, frames: np.ndarray, begin: float, end: float, random: np.random.Generator) -> np.ndarray:
        speed = random.uniform(1 - self.stretch, 1 + self.stretch)
        count = self.frames or max(1, round((end - begin) * speed))
        places = np.linspace(begin, max(end - 1, begin), count)
        low = places.astype(int).clip(0, len(frames) - 1)
        part = (places - low)[:, None]
        between = (1 - part) * frames[low] + part * frames[(low + 1).clip(max=len(frames) - 1)]
        return np.asarray(between + self.noise * random.standard_normal(between.shape), dtype=np.float32)


def usual_values(clips: Sequence[Clip]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread (F,) of vectors; 0 and 1 of a feature that no clip knows, spread 1 of one that never changes."""
    values = np.concatenate([clip.frames for clip in clips])
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0, dtype=np.float64) / count
    spread = np.sqrt(np.square(np.where(known, values - mean, 0.0)).sum(axis=0) / count)
    return mean.astype(np.float32), np.where(spread > 1e-6 * np.abs(mean), spread + 1e-6, 1.0).astype(np.float32)


class ClipLoader:
    """Padded batches of clips, varied anew in each epoch where they are learned from.

    Args:
        clips: vectors normalised.
        classes: the class number of each.
        batch_size: clips in a batch.
        sampling: which frames are looked at.
        seed: decides, with the epoch's number, order and variation.
        training: whether to vary and shuffle.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        classes: Sequence[int],
        batch_size: int,
        sampling: Sampling,
        *,
        seed: int,
        training: bool,
    ) -> None:
        self.clips, self.classes, self.batch_size = clips, classes, batch_size
        self.sampling, self.seed, self.training = sampling, seed, training

    def __len__(self) -> int:
        return -(-len(self.clips) // self.batch_size)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        from throughtime.data.loaders import BucketLoader

        order = np.arange(len(self.clips))
        if self.training:
            np.random.default_rng((self.seed, epoch)).shuffle(order)
        for index in range(skip, len(self)):
            chosen = order[index * self.batch_size : (index + 1) * self.batch_size]
            random = np.random.default_rng((self.seed, epoch, index)) if self.training else None
            rows = [
                {"inputs": self.sampling.choose(self.clips[clip], random), "targets": self.classes[clip]}
                for clip in chosen
            ]
            yield from BucketLoader(rows, len(rows), seed=0, shuffle=False).epoch(0)
