"""Which axis of an array is time, and whether a row is a step or a joint: by the numbers, as told, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import throughtime
from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.settings import Settings
from throughtime.tasks.video.clips.axes import turned
from throughtime.tasks.video.settings import VideoSettings

SMALL = {"hidden_size": 4, "features": 4, "epochs": 1, "minutes": None, "quiet": True}


def wave(steps: int, features: int, random: np.random.Generator) -> np.ndarray:
    """(T, F): smooth along time, of another phase and height in each feature."""
    time = np.linspace(0, 6, steps)[:, None]
    values = np.sin(time + random.uniform(0, 6, features)) + 3 * random.standard_normal(features)
    return np.asarray(values + 0.01 * random.standard_normal((steps, features)), dtype=np.float32)


def save(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)
    return path


def test_channels_before_steps_are_turned_in_training_and_in_answers(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = np.stack([wave(40, 5, random) for _ in range(40)])
    for name, part in (("train", values[:30]), ("test", values[30:])):
        save(tmp_path / f"X_{name}.npy", part.swapaxes(1, 2))
        save(tmp_path / f"y_{name}.npy", np.arange(len(part)) % 2)
    checked = throughtime.check("video", tmp_path)
    assert all(clip.frames.shape == (40, 5) for _, clips in checked.splits.items() for clip in clips)
    said = [str(finding) for finding in checked.task.findings if finding.subject == "axes"]
    assert said[0].startswith("axes: an array (sequences, features, steps), as it is ")
    run = throughtime.train("video", tmp_path, out=tmp_path / "run", **SMALL)
    one_way = save(tmp_path / "a.npy", values[:1].swapaxes(1, 2)), save(tmp_path / "b.npy", values[0].T)
    answers = [answer for path in one_way for answer in throughtime.predict(run, [str(path)])]
    (other,) = throughtime.predict(run, [str(save(tmp_path / "c.npy", values[0]))])
    for answer in answers:
        assert (answer["frames"], answer["probability"]) == (40, pytest.approx(other["probability"]))


@pytest.mark.parametrize("shape", [(30, 6, 100), (30, 40, 50), (30, 49, 50)])
def test_where_all_is_noise_the_second_axis_may_not_be_the_longer(shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(0).standard_normal(shape)
    with pytest.raises(DataError, match=r"whose axis of steps the numbers do not tell, expected --axes ntc .* or nct"):
        turned(Path("X.npy"), noise, "auto", None, Findings())
    assert not turned(Path("X.npy"), noise.swapaxes(1, 2), "auto", None, Findings())
    assert turned(Path("X.npy"), noise, "nct", None, Findings())
    assert not turned(Path("X.npy"), noise, "ntc", None, Findings())


def test_channels_that_are_alike_do_not_pass_for_steps() -> None:
    """Neighbouring electrodes hear the same, more alike than what each hears from sample to sample."""
    random = np.random.default_rng(0)
    brain = random.standard_normal((20, 1, 400)) + 0.3 * random.standard_normal((20, 32, 400)).cumsum(axis=1)
    with pytest.raises(DataError, match="32 x 400 numbers"):
        turned(Path("X.npy"), brain, "auto", None, Findings())
    assert not turned(Path("X.npy"), brain.swapaxes(1, 2), "auto", None, Findings())


def test_many_features_of_few_smooth_steps_are_features() -> None:
    random = np.random.default_rng(0)
    hands = np.stack([wave(30, 126, random) for _ in range(9)])
    assert not turned(Path("X.npy"), hands, "auto", None, Findings())


def test_what_was_told_is_heeded_and_doubted() -> None:
    findings, random = Findings(), np.random.default_rng(0)
    values = np.stack([wave(60, 5, random) for _ in range(9)]).swapaxes(1, 2)
    assert not turned(Path("X.npy"), values, "ntc", None, findings)
    assert "5 steps of 60 numbers; likelier it is the other way round (--axes nct)" in str(next(iter(findings)))


@pytest.mark.parametrize("lengths", [(20,), (20, 25, 31)])
def test_clips_in_files_of_their_own_are_turned_alike(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    for number in range(12):
        values = (
            wave(lengths[number % len(lengths)], 3, random)
            if len(lengths) == 1
            else random.standard_normal((lengths[number % len(lengths)], 3))
        )
        save(tmp_path / "ab"[number % 2] / f"{number}.npy", values.T)
    checked = throughtime.check("video", tmp_path)
    assert {clip.frames.shape for clip in checked.splits.train} <= {(length, 3) for length in lengths}
    assert "axes: arrays (features, steps)" in " ".join(map(str, checked.task.findings))


def test_runs_of_before_are_read_as_they_were_told() -> None:
    assert VideoSettings(transposed=True).axes == "nct"
    assert VideoSettings(transposed=False).axes == "ntc"
    assert isinstance(VideoSettings(axes="auto"), Settings)


def _skeletons(folder: Path, body: np.ndarray, steps: int = 6) -> None:
    """Two classes: a joint a line, about where `body` has it."""
    random = np.random.default_rng(1)
    for number in range(16):
        way = np.linspace(0, 0.5, steps)[:, None, None] * random.standard_normal((1, len(body), 3))
        rows = (body + way + 0.01 * random.standard_normal((steps, len(body), 3))).reshape(-1, 3)
        path = folder / "ab"[number % 2] / f"{number}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savetxt(path, rows, delimiter=",")


def test_a_joint_a_line_is_known_by_itself_and_by_those_who_ask(tmp_path: Path) -> None:
    body = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    _skeletons(tmp_path / "clips", body)
    checked = throughtime.check("video", tmp_path / "clips")
    assert {clip.frames.shape for _, clips in checked.splits.items() for clip in clips} == {(6, 60)}
    assert "20 lines are one step, a joint a line: every 20th row is alike" in " ".join(map(str, checked.task.findings))
    run = throughtime.train("video", tmp_path / "clips", out=tmp_path / "run", **SMALL)
    (answer,) = throughtime.predict(throughtime.Run(run.folder.path), [str(tmp_path / "clips" / "a" / "0.csv")])
    assert answer["frames"] == 6
    assert main(["evaluate", str(tmp_path / "run"), str(tmp_path / "clips")]) == 0


def test_a_curve_that_comes_round_is_no_skeleton(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(16):
        turns = 2 * np.pi * (np.arange(100) / 20)[:, None] + np.array([0.0, 1.0, 2.0])
        save(tmp_path / "ab"[number % 2] / f"{number}.npy", np.sin(turns) + 0.001 * random.standard_normal((100, 3)))
    checked = throughtime.check("video", tmp_path)
    assert {clip.frames.shape for clip in checked.splits.train} == {(100, 3)}


def test_arrays_of_joints_a_frame_are_the_frames_of_one_clip(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    body = random.uniform(-1, 1, (21, 3))
    for clip in range(8):
        for frame in range(10):
            place = tmp_path / "ab"[clip % 2] / str(clip) / f"{frame}.npy"
            save(place, body + 0.02 * frame + 0.005 * random.standard_normal((21, 3)))
    checked = throughtime.check("video", tmp_path)
    assert sum(len(clips) for _, clips in checked.splits.items()) == 8
    assert {clip.frames.shape for clip in checked.splits.train} == {(10, 63)}
