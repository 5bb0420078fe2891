"""Our own clips: a shape on a patterned ground, whose way of moving is the class and which alone tells it.

All else has the same distribution in each class, in each single frame: the world is a torus on which a shape begins
anywhere, so that it is anywhere at any time; shapes that keep their size have one that growing ones have at some time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from throughtime.data.progress import counted
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.video import write_video

FRAMES = 24
GROWTH = 2.5
"""By how much a shape that comes near grows in a clip."""

Motion = Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]


def render(label: str, size: int, random: np.random.Generator) -> Clip:
    """One clip of that class.

    Args:
        label: one of `MOTIONS`.
        size: S of the pictures.
        random: decides shape, colours, ground, start and speed.

    Returns:
        24 frames of S x S.
    """
    time = np.linspace(0, 1, FRAMES)
    way, growth = MOTIONS[label](time, random)
    centre = (random.random(2) + way) % 1.0
    radius = 0.06 * random.uniform(1, 1.5) * growth
    ground, ink = _ground(size, random), random.uniform(0, 255, 3)
    while np.abs(ink - ground.mean(axis=(0, 1))).max() < 90:  # it must be seen
        ink = random.uniform(0, 255, 3)
    outline, angle = _SHAPES[random.integers(len(_SHAPES))], random.uniform(0, 2 * np.pi)
    frames = np.stack([_paint(ground, ink, outline, angle, *place) for place in zip(centre, radius, strict=True)])
    noisy = frames + 6 * random.standard_normal(frames.shape)
    return Clip(noisy.clip(0, 255).astype(np.uint8), label)


def render_many(count: int, size: int, seed: int) -> list[Clip]:
    """So many clips of each class."""
    random = np.random.default_rng(seed)
    return [render(label, size, random) for _ in counted(range(count), "rendering clips") for label in MOTIONS]


def write_clips(folder: Path, count: int, size: int, seed: int, suffix: str = ".mp4") -> None:
    """Encode so many clips of each class into folders named after the classes."""
    for index, clip in enumerate(render_many(count, size, seed)):
        place = folder / str(clip.label)
        place.mkdir(parents=True, exist_ok=True)
        write_video(place / f"{index:05}{suffix}", clip.frames)


def _steady(random: np.random.Generator) -> np.ndarray:
    """A size that stays, drawn from those that a growing shape has."""
    return np.full(FRAMES, GROWTH ** random.random())


def _straight(across: float, down: float) -> Motion:
    def move(time: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        slant = random.uniform(-0.15, 0.15)
        direction = np.array([across - slant * down, down + slant * across])
        return random.uniform(0.4, 0.9) * time[:, None] * direction, _steady(random)

    return move


def _round(sense: float) -> Motion:
    def move(time: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        angle = random.uniform(0, 2 * np.pi) + sense * 2 * np.pi * random.uniform(0.7, 1.4) * time
        return random.uniform(0.12, 0.22) * np.stack([np.cos(angle), np.sin(angle)], axis=1), _steady(random)

    return move


def _growing(sense: float) -> Motion:
    def move(time: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        drift = random.uniform(-0.1, 0.1, 2) * time[:, None]
        return drift, GROWTH ** (time if sense > 0 else 1 - time)

    return move


def _to_and_fro(time: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    angle = random.uniform(0, 2 * np.pi) + 2 * np.pi * random.uniform(1.2, 2.2) * time
    return random.uniform(0.15, 0.25) * np.stack([np.sin(angle), 0 * angle], axis=1), _steady(random)


MOTIONS: dict[str, Motion] = {
    "left": _straight(-1, 0),
    "right": _straight(1, 0),
    "up": _straight(0, -1),
    "down": _straight(0, 1),
    "clockwise": _round(1),  # as seen: the second coordinate points down
    "counter-clockwise": _round(-1),
    "approaching": _growing(1),
    "receding": _growing(-1),
    "to and fro": _to_and_fro,
}


def _ground(size: int, random: np.random.Generator) -> np.ndarray:
    """(S, S, 3): a few waves of two colours, whose periods fit the torus."""
    place = np.arange(size) / size
    waves = np.zeros((size, size))
    for _ in range(3):
        across, down = random.integers(-3, 4, 2)
        waves += np.sin(2 * np.pi * (across * place[None] + down * place[:, None]) + random.uniform(0, 6.3))
    first, second = random.uniform(0, 255, (2, 3))
    mix = (0.5 + waves / 8).clip(0, 1)[..., None]
    return np.asarray(first + 0.5 * mix * (second - first))


# radius of the outline at an angle, 1 at most
_SHAPES: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    lambda angle: np.ones_like(angle),
    lambda angle: np.cos(np.pi / 4) / np.cos((angle % (np.pi / 2)) - np.pi / 4),
    lambda angle: np.cos(np.pi / 3) / np.cos((angle % (2 * np.pi / 3)) - np.pi / 3),
    lambda angle: 0.7 + 0.3 * np.cos(5 * angle),
)


def _paint(
    ground: np.ndarray, ink: np.ndarray, outline: Callable[[np.ndarray], np.ndarray], angle: float, centre: np.ndarray,
    radius: float,
) -> np.ndarray:  # fmt: skip
    size = len(ground)
    place = (np.arange(size) + 0.5) / size
    x = (place[None, :] - centre[0] + 0.5) % 1 - 0.5
    y = (place[:, None] - centre[1] + 0.5) % 1 - 0.5
    edge = radius * outline(np.arctan2(y, x) + angle)
    # soft by a pixel
    inside = ((edge - np.hypot(x, y)) * size + 0.5).clip(0, 1)[..., None]
    return np.asarray(ground + inside * (ink - ground))
