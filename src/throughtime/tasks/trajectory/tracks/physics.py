"""Our own balls: gravity, drag, spin (Magnus), bounces with friction, seen by a noisy camera that misses points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from throughtime.tasks.trajectory.tracks.track import Track

GRAVITY = 9.81
_AIR = 1.204  # kg/m³ at 20 °C
_STEP = 1e-3  # seconds of the integration


@dataclass(frozen=True)
class Ball:
    """What flies.

    Args:
        radius: metres.
        mass: kilograms.
        shell: moment of inertia in units of m r²: 2/3 of a hollow ball, 2/5 of a solid one.
        drag: coefficient of drag.
        lift: coefficient of lift at a spin whose surface is as fast as the flight.
        restitution: share of the vertical speed that a bounce leaves.
        friction: of sliding on the ground.
    """

    radius: float
    mass: float
    shell: float
    drag: float
    lift: float
    restitution: float
    friction: float

    @property
    def air(self) -> float:
        """ρ A / 2m, per metre."""
        return 0.5 * _AIR * np.pi * self.radius**2 / self.mass


@dataclass(frozen=True)
class Scene:
    """Where and how a ball is thrown, and what sees it; lengths in metres, ranges as (low, high).

    Args:
        ball: what is thrown.
        start: three ranges of the first position.
        speed: range of the first speed.
        climb: range of the angle above the horizontal, in degrees.
        spin: standard deviation of each component of the spin, in rad/s.
        rate: pictures a second.
        noise: standard deviation of a measured coordinate.
        seconds: how long it is watched.
        table: half width and half length of a table at height 0, below which the floor lies `floor` metres deeper;
            None: the floor is at height 0.
        floor: depth of the floor below the table.
    """

    ball: Ball
    start: tuple[tuple[float, float], ...]
    speed: tuple[float, float]
    climb: tuple[float, float]
    spin: float
    rate: float
    noise: float
    seconds: float
    table: tuple[float, float] | None = None
    floor: float = 0.0


SCENES = {
    "table tennis": Scene(
        Ball(0.02, 0.0027, 2 / 3, 0.45, 0.6, 0.90, 0.25),
        ((-0.6, 0.6), (-1.6, -1.0), (0.15, 0.5)), (3.0, 8.0), (-12.0, 20.0), 60.0, 60.0, 0.004, 1.2,
        (0.7625, 1.37), 0.76,
    ),
    "tennis": Scene(
        Ball(0.033, 0.057, 0.5, 0.55, 0.5, 0.75, 0.6),
        ((-4.0, 4.0), (-12.0, -8.0), (0.3, 2.5)), (12.0, 30.0), (-6.0, 15.0), 80.0, 60.0, 0.02, 1.5,
    ),
    "basketball": Scene(
        Ball(0.12, 0.62, 2 / 3, 0.5, 0.3, 0.80, 0.8),
        ((-5.0, 5.0), (-5.0, 5.0), (0.5, 2.2)), (2.0, 10.0), (-60.0, 65.0), 8.0, 30.0, 0.015, 2.0,
    ),
    "rubber ball": Scene(
        Ball(0.015, 0.016, 2 / 5, 0.47, 0.2, 0.88, 0.9),
        ((-2.0, 2.0), (-2.0, 2.0), (0.1, 1.8)), (0.5, 5.0), (-80.0, 60.0), 15.0, 60.0, 0.004, 1.6,
    ),
}  # fmt: skip


def simulate(scene: Scene, count: int, seed: int, name: str = "ball") -> list[Track]:
    """Throw balls and watch them.

    Args:
        scene: where and how.
        count: balls.
        seed: decides the throws, the noise and what is missed.
        name: of the tracks, numbered.

    Returns:
        Tracks at irregular times (missed points and trembling of the clock), in metres and seconds.
    """
    random = np.random.default_rng((seed, *name.encode()))
    position = np.stack([random.uniform(*span, count) for span in scene.start], axis=1)
    position[:, 2] += scene.ball.radius
    speed, climb = random.uniform(*scene.speed, count), np.deg2rad(random.uniform(*scene.climb, count))
    # onto a table from one end; elsewhere in all directions
    around = random.uniform(-0.35, 0.35, count) if scene.table else random.uniform(-np.pi, np.pi, count)
    level = np.stack([np.sin(around), np.cos(around)], axis=1) * np.cos(climb)[:, None]
    velocity = speed[:, None] * np.concatenate([level, np.sin(climb)[:, None]], axis=1)
    spin = scene.spin * random.standard_normal((count, 3))
    if scene.table:  # both ends serve
        end = random.choice([-1.0, 1.0], (count, 1))
        position[:, :2], velocity[:, :2] = end * position[:, :2], end * velocity[:, :2]
    frames = np.arange(0, int(scene.seconds * scene.rate))
    # the clock trembles by a twentieth of a frame
    times = (frames + random.uniform(-0.05, 0.05, (count, len(frames)))) / scene.rate + 0.1 / scene.rate
    paths = fly(scene, position, velocity, spin, float(times.max()) + _STEP)
    grid = np.arange(paths.shape[1]) * _STEP
    tracks = []
    for index in range(count):
        seen = _seen(len(frames), random)
        moments = times[index, seen]
        exact = np.stack([np.interp(moments, grid, paths[index, :, axis]) for axis in range(3)], axis=1)
        noisy = exact + scene.noise * random.standard_normal(exact.shape)
        tracks.append(Track(f"{name} {index}", moments, noisy))
    return tracks


def _seen(frames: int, random: np.random.Generator) -> np.ndarray:
    """Which pictures show the ball: a twentieth is missed, and in a third of the throws a few in a row."""
    seen = random.random(frames) >= 0.05
    if random.random() < 1 / 3:
        start = random.integers(0, frames)
        seen[start : start + random.integers(2, 6)] = False
    return np.asarray(np.nonzero(seen)[0])


def fly(scene: Scene, position: np.ndarray, velocity: np.ndarray, spin: np.ndarray, seconds: float) -> np.ndarray:
    """The exact paths of balls, (B, T, 3), one millisecond after the other.

    Args:
        scene: ball and ground.
        position: (B, 3) metres.
        velocity: (B, 3) metres a second.
        spin: (B, 3) rad/s; a bounce changes it.
        seconds: how long.
    """
    position, velocity, spin = position.copy(), velocity.copy(), spin.copy()
    steps = int(np.ceil(seconds / _STEP)) + 1
    path = np.empty((len(position), steps, 3))
    for step in range(steps):
        path[:, step] = position
        # second order: half a step of the forces, the way, the other half
        velocity += 0.5 * _STEP * acceleration(scene.ball, velocity, spin)
        position += _STEP * velocity
        velocity += 0.5 * _STEP * acceleration(scene.ball, velocity, spin)
        ground = _ground(scene, position) + scene.ball.radius
        hit = (position[:, 2] < ground) & (velocity[:, 2] < 0) & (path[:, step, 2] >= ground - 1e-3)
        if hit.any():
            position[hit, 2] = 2 * ground[hit] - position[hit, 2]
            velocity[hit], spin[hit] = bounce(scene.ball, velocity[hit], spin[hit])
    return path


def acceleration(ball: Ball, velocity: np.ndarray, spin: np.ndarray) -> np.ndarray:
    """Gravity, drag against the velocity, lift across velocity and spin: (B, 3), (B, 3) -> (B, 3) m/s²."""
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    down = np.array([0.0, 0.0, -GRAVITY])
    # C_L grows with the spin: lift = ρ A/2m C (r ω x v), equal to C |v|² where r ω = |v|
    lift = ball.air * ball.lift * ball.radius * np.cross(spin, velocity)
    return np.asarray(down - ball.air * ball.drag * speed * velocity + lift)


def bounce(ball: Ball, velocity: np.ndarray, spin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Velocity and spin after the ground was hit: the friction stops the sliding, as far as its force reaches.

    Args:
        ball: its restitution, friction and inertia.
        velocity: (B, 3), falling.
        spin: (B, 3).
    """
    up = np.array([0.0, 0.0, 1.0])
    sliding = velocity * [1, 1, 0] + ball.radius * np.cross(up, spin) * [1, 1, 0]
    slide = np.linalg.norm(sliding, axis=1, keepdims=True)
    # the push that ends the sliding, and the largest that friction gives (Garwin 1969)
    needed = ball.shell / (1 + ball.shell) * slide
    largest = ball.friction * (1 + ball.restitution) * -velocity[:, 2:]
    push = -np.minimum(needed, largest) * sliding / np.maximum(slide, 1e-12)
    after = velocity + push
    after[:, 2] = -ball.restitution * velocity[:, 2]
    return after, spin - np.cross(up, push) / (ball.shell * ball.radius)


def _ground(scene: Scene, position: np.ndarray) -> np.ndarray:
    if scene.table is None:
        return np.zeros(len(position))
    over = (np.abs(position[:, :2]) <= scene.table).all(axis=1)
    return np.where(over, 0.0, -scene.floor)
