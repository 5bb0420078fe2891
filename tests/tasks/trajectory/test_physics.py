"""Our own balls against closed forms of mechanics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from throughtime.tasks.trajectory.tracks.physics import GRAVITY, SCENES, Ball, acceleration, bounce, fly, simulate

VACUUM = Ball(radius=0.02, mass=0.0027, shell=2 / 3, drag=0.0, lift=0.0, restitution=0.9, friction=0.25)
EMPTY = replace(SCENES["basketball"], ball=VACUUM)
STILL = np.zeros((1, 3))


def test_without_air_it_is_a_parabola() -> None:
    start, velocity = np.array([[1.0, 2.0, 5.0]]), np.array([[3.0, -1.0, 2.0]])
    path = fly(EMPTY, start, velocity, STILL, 0.8)[0]
    times = np.arange(len(path))[:, None] * 1e-3
    expected = start + velocity * times - 0.5 * GRAVITY * times**2 * [0, 0, 1]
    np.testing.assert_allclose(path, expected, atol=1e-9)


def test_a_dropped_ball_rises_to_the_square_of_its_restitution() -> None:
    height = 1.0
    path = fly(EMPTY, np.array([[0.0, 0.0, height + VACUUM.radius]]), STILL, STILL, 2.2)[0]
    falls = np.sqrt(2 * height / GRAVITY)
    first = path[int(1000 * falls) + 5 : int(1000 * falls * 2.8), 2].max() - VACUUM.radius
    second = path[int(1000 * falls * (1 + 2 * 0.9)) + 5 :, 2].max() - VACUUM.radius
    assert first == pytest.approx(0.9**2 * height, rel=0.01)
    assert second == pytest.approx(0.9**4 * height, rel=0.02)
    assert path[:, 2].min() >= VACUUM.radius


def test_air_stops_a_fall_at_the_terminal_speed() -> None:
    ball = SCENES["table tennis"].ball
    terminal = np.sqrt(GRAVITY / (ball.air * ball.drag))
    assert 8 < terminal < 10  # a table tennis ball's
    still = acceleration(ball, np.array([[0.0, 0.0, -terminal]]), STILL)
    np.testing.assert_allclose(still, 0, atol=1e-12)


def test_topspin_dips_and_backspin_floats() -> None:
    ball, ahead = SCENES["table tennis"].ball, np.array([[0.0, 8.0, 0.0]])
    top, back = (acceleration(ball, ahead, np.array([[spin, 0.0, 0.0]]))[0, 2] for spin in (-200.0, 200.0))
    assert top < acceleration(ball, ahead, STILL)[0, 2] < back
    # all the lift where the surface is as fast as the flight: ρ A / 2m C v²
    full = acceleration(ball, ahead, np.array([[8.0 / ball.radius, 0.0, 0.0]]))[0, 2] + GRAVITY
    assert full == pytest.approx(ball.air * ball.lift * 64)


@pytest.mark.parametrize("shell", [2 / 3, 2 / 5])
def test_a_rough_ground_makes_the_ball_roll(shell: float) -> None:
    ball = replace(VACUUM, shell=shell, friction=10.0)
    velocity, spin = bounce(ball, np.array([[3.0, 4.0, -2.0]]), np.zeros((1, 3)))
    np.testing.assert_allclose(velocity, [[3 / (1 + shell), 4 / (1 + shell), 1.8]])
    # rolling: the point of contact rests, v = r ω x up
    np.testing.assert_allclose(velocity[0, :2], ball.radius * np.cross(spin[0], [0, 0, 1])[:2])


def test_a_smooth_ground_takes_no_more_than_its_friction() -> None:
    ball = replace(VACUUM, friction=0.1)
    velocity, _ = bounce(ball, np.array([[30.0, 0.0, -2.0]]), np.zeros((1, 3)))
    assert velocity[0, 0] == pytest.approx(30 - 0.1 * 1.9 * 2)


def test_a_bounce_never_gives_energy() -> None:
    random = np.random.default_rng(0)
    velocity, spin = random.normal(0, 5, (500, 3)), random.normal(0, 100, (500, 3))
    velocity[:, 2] = -np.abs(velocity[:, 2])
    for scene in SCENES.values():
        ball = scene.ball

        def energy(v: np.ndarray, w: np.ndarray, ball: Ball = ball) -> np.ndarray:
            return np.asarray((v**2).sum(axis=1) + ball.shell * ball.radius**2 * (w**2).sum(axis=1))

        assert (energy(*bounce(ball, velocity, spin)) <= energy(velocity, spin) + 1e-9).all()


@pytest.mark.parametrize("name", SCENES)
def test_scenes_are_seen_by_an_imperfect_camera(name: str) -> None:
    scene = SCENES[name]
    tracks = simulate(scene, 40, 7, name)
    again = simulate(scene, 40, 7, name)
    other = simulate(scene, 40, 8, name)
    for one, same, different in zip(tracks, again, other, strict=True):
        assert (np.diff(one.times) > 0).all()
        np.testing.assert_array_equal(one.positions, same.positions)
        assert len(one.positions) != len(different.positions) or (one.positions != different.positions).any()
    frames = int(scene.seconds * scene.rate)
    missed = 1 - np.mean([len(track) for track in tracks]) / frames
    assert 0.04 < missed < 0.12
    gaps = np.concatenate([np.diff(track.times) for track in tracks])
    assert gaps.max() > 2.5 / scene.rate
    lowest = min(track.positions[:, 2].min() for track in tracks)
    assert lowest > -scene.floor - 5 * scene.noise
    bounced = [(np.diff(np.sign(np.diff(track.positions[:, 2]))) > 0).any() for track in tracks]
    assert np.mean(bounced) > 0.5


def test_a_table_ends_at_its_edges() -> None:
    scene = replace(SCENES["table tennis"], ball=replace(VACUUM, friction=0.0))
    over, beside = np.array([[0.0, 0.0, 0.3]]), np.array([[0.0, 2.0, 0.3]])
    paths = [fly(scene, start, np.zeros((1, 3)), STILL, 1.0)[0, :, 2].min() for start in (over, beside)]
    assert paths[0] == pytest.approx(0.02, abs=0.01)
    assert paths[1] == pytest.approx(0.02 - scene.floor, abs=0.01)
