"""Our own clips, and how clips are sampled in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.files import Reading, read_labelled
from throughtime.tasks.video.clips.render import FRAMES, MOTIONS, render, render_many, write_clips
from throughtime.tasks.video.clips.sampling import ClipLoader, Sampling

# -- our own clips -----------------------------------------------------------------------------------------------


def place_of(clip: Clip) -> np.ndarray:
    """Centre (T, 2) and area (T,) of what differs from the ground, on the torus."""
    frames = clip.frames.astype(float)
    apart = np.abs(frames - np.median(frames, axis=0)).sum(axis=-1) > 110
    size = frames.shape[1]
    turn = np.exp(2j * np.pi * (np.arange(size) + 0.5) / size)
    x, y = (np.angle((apart.sum(axis=axis) * turn).sum(axis=-1)) / (2 * np.pi) for axis in (1, 2))
    return np.stack([np.unwrap(x, period=1.0), np.unwrap(y, period=1.0), apart.sum(axis=(1, 2)) / size**2], axis=1)


def test_shapes_move_as_their_class_says() -> None:
    random = np.random.default_rng(0)
    signs = {"left": (0, -1), "right": (0, 1), "up": (1, -1), "down": (1, 1)}
    for label, (axis, sign) in signs.items():
        ways = [np.diff(place_of(render(label, 64, random))[:, axis]).sum() for _ in range(12)]
        assert np.median(ways) * sign > 0.3
    for label, sign in (("clockwise", 1), ("counter-clockwise", -1)):
        turned = []
        for _ in range(12):
            steps = np.diff(place_of(render(label, 64, random))[:, :2], axis=0)
            turned.append(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))[-1] - np.arctan2(steps[0, 1], steps[0, 0]))
        assert np.median(turned) * sign > 3  # the second coordinate points down


def test_single_frames_are_alike_in_all_classes() -> None:
    """Place and size of the shape have one distribution: its motions are drawn, not its frames."""
    random = np.random.default_rng(1)
    time = np.linspace(0, 1, FRAMES)
    sizes, places = {}, {}
    for label, motion in MOTIONS.items():
        drawn = [motion(time, random) for _ in range(4000)]
        sizes[label] = np.concatenate([np.log(growth) for _, growth in drawn])
        places[label] = np.concatenate([(random.random(2) + way) % 1 for way, _ in drawn])
    for label in MOTIONS:
        np.testing.assert_allclose(
            np.quantile(sizes[label], [0.1, 0.5, 0.9]), np.log(2.5) * np.array([0.1, 0.5, 0.9]), atol=0.06
        )
        np.testing.assert_allclose(
            np.quantile(places[label], [0.25, 0.5, 0.75], axis=0).T, [[0.25, 0.5, 0.75]] * 2, atol=0.035
        )


def test_clips_depend_on_the_seed_and_can_be_written(tmp_path: Path) -> None:
    one, same, other = (render_many(1, 16, seed) for seed in (1, 1, 2))
    assert [clip.label for clip in one] == list(MOTIONS)
    assert all((a.frames == b.frames).all() for a, b in zip(one, same, strict=True))
    assert not any((a.frames == b.frames).all() for a, b in zip(one, other, strict=True))
    write_clips(tmp_path, 1, 32, seed=1)
    clips = read_labelled(tmp_path, Reading(size=16))
    assert sorted(str(clip.label) for clip in clips) == sorted(MOTIONS)
    assert all(len(clip.frames) == FRAMES for clip in clips)


# -- sampling ----------------------------------------------------------------------------------------------------


def test_frames_for_judging_are_the_middles_of_equal_parts() -> None:
    clip = Clip(np.arange(24, dtype=np.float32)[:, None], "a")
    assert Sampling(frames=8).choose(clip)[:, 0].tolist() == [1, 4, 7, 10, 13, 16, 19, 22]
    assert Sampling(frames=3).choose(Clip(clip.frames[:2], "a"))[:, 0].tolist() == [0, 1, 1]
    assert Sampling().choose(clip) is clip.frames


def ramp(frames: int, size: int) -> np.ndarray:
    """Grey pictures, each a little brighter."""
    levels = np.linspace(20, 230, frames).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (frames, size, size, 3)).copy()


def test_training_varies_time_but_never_its_order() -> None:
    random = np.random.default_rng(0)
    pictures = Clip(ramp(40, 8), "a")
    sampling = Sampling(frames=10, crop=0.2, shift=2)
    seen = {tuple(sampling.choose(pictures, random)[:, 4, 4, 0].tolist()) for _ in range(30)}
    assert len(seen) > 25
    assert all(list(one) == sorted(one) for one in seen)
    vectors = Clip(np.linspace(0, 1, 50, dtype=np.float32)[:, None], "a")
    lengths = set()
    for _ in range(50):
        chosen = Sampling(crop=0.1, stretch=0.2).choose(vectors, random)
        assert (np.diff(chosen[:, 0]) > 0).all()
        assert chosen.min() >= 0
        assert chosen.max() <= 1
        lengths.add(len(chosen))
    assert len(lengths) > 10
    noisy = Sampling(noise=0.5).choose(Clip(np.zeros((4000, 1), dtype=np.float32), "a"), random)
    assert noisy.std() == pytest.approx(0.5, rel=0.05)


def test_loader_depends_on_seed_and_epoch_and_can_skip() -> None:
    clips = [Clip(np.full((4 + n, 1), n, dtype=np.float32), "a") for n in range(10)]

    def values(seed: int, epoch: int, skip: int = 0) -> list[list[float]]:
        loader = ClipLoader(clips, list(range(10)), 4, Sampling(noise=0.1, crop=0.1), seed=seed, training=True)
        return [batch["targets"].tolist() + batch["inputs"].flatten().tolist() for batch in loader.epoch(epoch, skip)]

    assert values(0, 0) == values(0, 0)
    assert values(0, 0)[1:] == values(0, 0, skip=1)
    assert values(0, 0) != values(0, 1)
    assert values(0, 0) != values(1, 0)
    judged = list(ClipLoader(clips, list(range(10)), 4, Sampling(), seed=0, training=False).epoch(0))
    assert [n for batch in judged for n in batch["targets"].tolist()] == list(range(10))
    assert judged[0]["lengths"].tolist() == [4, 5, 6, 7]
