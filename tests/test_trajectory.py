from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import throughtime
from throughtime.cli.main import main
from throughtime.data.tracks.track import Track
from throughtime.data.tracks.windows import Protocol, Window, full_windows
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.trajectory import Trajectory
from throughtime.tasks.trajectory.answers import answers
from throughtime.tasks.trajectory.scoring import baselines, path_scores, targets, velocity_scores
from throughtime.tasks.trajectory.settings import TrajectorySettings

SMALL: dict[str, Any] = {"hidden_size": 24, "components": 2, "batch_size": 32, "minutes": None, "schedule": "constant"}


def turning(count: int, seed: int, rate: float = 0.6, noise: float = 0.002) -> list[Track]:
    """Things that go round left curves of one radius for each speed, from anywhere in any direction."""
    random = np.random.default_rng(seed)
    tracks = []
    for index in range(count):
        times = np.cumsum(random.uniform(0.05, 0.15, 30))
        speed, start = random.uniform(0.5, 2.0), random.uniform(0, 2 * np.pi)
        angle = start + rate * times
        path = speed / rate * np.stack([np.sin(angle), -np.cos(angle)], axis=1) + random.uniform(-5, 5, 2)
        tracks.append(Track(f"thing {index}", times, path + noise * random.standard_normal(path.shape)))
    return tracks


def write(path: Path, tracks: Sequence[Track]) -> Path:
    rows = ["track,t,x,y,z"[: None if tracks[0].dimensions == 3 else -2]]
    for track in tracks:
        for time, place in zip(track.times, track.positions, strict=True):
            rows.append(",".join([track.name, *(f"{number:.9g}" for number in (time, *place))]))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def task(tmp_path: Path, **settings: Any) -> Trajectory:
    return Trajectory(TrajectorySettings(**(SMALL | settings)), tmp_path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    folder = tmp_path_factory.mktemp("trajectory")
    data = write(folder / "things.csv", turning(160, seed=0))
    asked = SMALL | {"observe": 6, "predict": 8, "steps": 300, "learning_rate": 5e-3, "evaluate_every": 100}
    return throughtime.train("trajectory", data, out=folder / "run", quiet=True, dropout=0.0, **asked)


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("unseen") / "new.csv", turning(40, seed=1))


def test_learns_the_curve_that_the_baselines_do_not_know(run: throughtime.Run, unseen: Path) -> None:
    report = throughtime.evaluate(run, unseen)
    best = min(scores["ade"] for scores in report.baselines.values())
    assert report.metrics["ade"] < 0.7 * best
    assert report.metrics["nll"] < min(scores["nll"] for scores in report.baselines.values() if "nll" in scores)
    assert 0.8 < report.metrics["coverage"] < 0.97
    assert report.metrics["direction"] < 5
    assert {name.split(" (")[0] for name in report.baselines} == {
        "constant velocity",
        "constant acceleration",
        "Kalman filter, constant velocity",
        "Kalman filter, constant acceleration",
    }


def test_one_position_says_nothing_of_the_direction(
    run: throughtime.Run, unseen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = throughtime.evaluate(run, unseen)
    rows = dict(report.tables[1].rows)
    assert rows["direction called unknown"] == "100.0%"
    assert main(["predict", str(run.folder.path), "3,1.5,-2", "--json", "--pictures", str(tmp_path / "p")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["direction"]["unknown"]
    assert answer["direction"]["within_degrees"] > 140  # 162 were flat
    assert len(answer["positions"]) == 8
    assert (tmp_path / "p" / "0001.png").read_bytes().startswith(b"\x89PNG")
    # the mean stays about where it was seen, the region lies around it
    last = answer["positions"][-1]
    deviation = np.array(last["deviation"])
    assert np.abs(np.array(last["mean"]) - [1.5, -2]).max() < 0.35 * deviation.min()
    assert deviation.max() < 2 * deviation.min()
    assert main(["predict", str(run.folder.path), "3,1.5,-2"]) == 0
    assert "direction unknown (seen at 1 position)" in capsys.readouterr().out


def test_two_positions_tell_the_direction(run: throughtime.Run) -> None:
    for angle in (0.3, 2.0, -2.5):
        track = Track(
            "a", np.array([0.0, 0.1]), np.array([[1.0, 1.0], [1 + 0.1 * math.cos(angle), 1 + 0.1 * math.sin(angle)]])
        )
        (answer,) = throughtime.predict(run, [track])
        assert not answer["direction"]["unknown"]
        vector = answer["direction"]["vector"]
        assert math.cos(math.atan2(vector[1], vector[0]) - angle) > math.cos(math.radians(12))
        assert 0.7 < answer["speed"]["median"] < 1.3


def test_predictions_of_a_file_as_json_and_in_words(
    run: throughtime.Run, unseen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(run.folder.path), str(unseen), "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    tracks = turning(40, seed=1)
    assert [answer["track"] for answer in found] == [track.name for track in tracks]
    for answer, track in zip(found, tracks, strict=True):
        np.testing.assert_allclose(answer["observed"][-1][1:], track.positions[-1], rtol=1e-6)
        assert len(answer["observed"]) == 6
        times = [position["t"] for position in answer["positions"]]
        np.testing.assert_allclose(np.diff(times), np.median(np.diff(track.times)), rtol=1e-5)
        assert times[0] > track.times[-1]
        for position in answer["positions"]:
            mixture = position["mixture"]
            assert sum(mixture["weights"]) == pytest.approx(1, abs=1e-6)
            mean = np.array(mixture["weights"]) @ np.array(mixture["means"])
            np.testing.assert_allclose(position["mean"], mean, atol=1e-6)
            assert np.linalg.eigvalsh(mixture["covariances"]).min() > 0
    one = write(tmp_path / "one.csv", tracks[:1])
    assert main(["predict", str(run.folder.path), str(one), "--pictures", str(tmp_path / "pictures")]) == 0
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["0001.png"]
    assert capsys.readouterr().out.splitlines()[0].startswith("thing 0: direction ")


def test_a_run_folder_is_all_that_is_needed(run: throughtime.Run) -> None:
    again = throughtime.Run(run.folder.path)
    assert again.model.calibration.item() == run.model.calibration.item() != 1
    first, second = (next(iter(throughtime.predict(one, ["0,0,0 0.1,0.1,0"]))) for one in (run, again))
    assert first == second


def test_broken_features_are_named(run: throughtime.Run, tmp_path: Path) -> None:
    (tmp_path / "features.json").write_text("{}")
    with pytest.raises(DataError, match="no features of a trajectory run"):
        task(tmp_path).load_features(tmp_path)


MISTAKES = [
    (["3,1,2,5"], "3 dimensions"),
    (["0,1"], "expected a file, or points"),
    (["nowhere.csv"], "nowhere.csv"),
    (["0,1,2 0,1,2"], "times that do not rise"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[words[0] for words, _ in MISTAKES])
def test_mistakes_of_predict_are_one_sentence(
    run: throughtime.Run, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(run.folder.path), *words]) == 2
    error = capsys.readouterr().err.replace("\n", " ")
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"observe": 2.5}, "expected whole numbers"),
        ({"observe": 20, "predict": 30}, "no track that is long enough to observe 20 and predict 30 points"),
        ({"unit": "seconds", "observe": 5.0, "predict": 5.0}, "long enough to observe 5 and predict 5 seconds"),
    ],
)
def test_what_cannot_be_learned_leaves_no_run(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    data = write(tmp_path / "data.csv", turning(10, seed=0))
    with pytest.raises(ThroughtimeError, match=says):
        throughtime.train("trajectory", data, out=tmp_path / "run", quiet=True, **(SMALL | {"steps": 1} | settings))
    assert not (tmp_path / "run").exists()


def test_splits_of_other_dimensions_are_refused(tmp_path: Path) -> None:
    flat = turning(5, seed=0)
    solid = [replace(track, positions=np.pad(track.positions, ((0, 0), (0, 1)))) for track in flat]
    paths = {"train": write(tmp_path / "a.csv", flat), "valid": write(tmp_path / "b.csv", solid)}
    with pytest.raises(DataError, match=r"b\.csv, line 2: found a track in 3 dimensions, expected 2"):
        throughtime.train("trajectory", **paths, test=paths["train"], out=tmp_path / "run", steps=1, quiet=True)
    assert not (tmp_path / "run").exists()


# -- what the network sees ---------------------------------------------------------------------------------------


def flights(count: int, seed: int) -> list[Track]:
    random = np.random.default_rng(seed)
    tracks = []
    for index in range(count):
        times = np.cumsum(random.uniform(0.01, 0.03, 25))
        start, velocity = random.uniform([-1, -1, 2], [1, 1, 4]), random.uniform(-3, 3, 3)
        path = start + velocity * times[:, None] - 4.9 * times[:, None] ** 2 * [0, 0, 1]
        tracks.append(Track(f"{index}", times, path + 1e-3 * random.standard_normal(path.shape)))
    return tracks


def moved(window: Window, turn: np.ndarray, shift: np.ndarray, later: float = 0.0) -> Window:
    return replace(
        window,
        times=window.times + later,
        asked=window.asked + later,
        positions=window.positions @ turn.T + shift,
        targets=targets(window) @ turn.T + shift,
    )


@pytest.mark.parametrize(("frame", "dimensions"), [("heading", 2), ("heading", 3), ("height", 3)])
def test_seen_from_elsewhere_the_forecast_is_the_same(tmp_path: Path, frame: str, dimensions: int) -> None:
    tracks = turning(20, 0) if dimensions == 2 else flights(20, 0)
    learner = task(tmp_path, frame=frame, observe=5, predict=4)
    learner.fit(tracks)
    torch.manual_seed(0)
    model = learner.model().eval()
    windows = full_windows(tracks, Protocol("points", 5, 4), 30)
    turn, shift = np.eye(dimensions), np.array([7.0, -4.0, 0.0 if frame == "height" else 2.0][:dimensions])
    turn[:2, :2] = [[math.cos(2), -math.sin(2)], [math.sin(2), math.cos(2)]]
    others = [moved(window, turn, shift, later=100.0) for window in windows]
    for one, other in zip(*(answers(model, learner.features, w, 0.9) for w in (windows, others)), strict=True):
        np.testing.assert_allclose(other["path"], one["path"] @ turn.T + shift, atol=1e-4)
        np.testing.assert_allclose(other["direction"], turn @ one["direction"], atol=1e-4)
        np.testing.assert_allclose(other["covariances"], turn @ one["covariances"] @ turn.T, atol=1e-4)
        np.testing.assert_allclose(other["speed"], one["speed"], rtol=1e-4)
        np.testing.assert_allclose(other["nll"], one["nll"], atol=1e-3)


def test_height_counts_where_it_may_and_place_where_it_may(tmp_path: Path) -> None:
    tracks = flights(20, 0)
    (window,) = full_windows(tracks, Protocol("points", 5, 4), 1)
    shifts = {"up": np.array([0, 0, 1.0]), "aside": np.array([1.0, 0, 0])}
    seen = {}
    for frame in ("world", "height", "heading"):
        learner = task(tmp_path, frame=frame, observe=5, predict=4)
        learner.fit(tracks)
        here = learner.features.arrays([window])["asked"]
        for name, shift in shifts.items():
            there = learner.features.arrays([moved(window, np.eye(3), shift)])["asked"]
            seen[frame, name] = bool(np.abs(here - there).max() > 1e-3)
    assert seen == {
        ("world", "up"): True, ("world", "aside"): True, ("height", "up"): True,
        ("height", "aside"): False, ("heading", "up"): False, ("heading", "aside"): False,
    }  # fmt: skip


def test_a_batch_is_as_its_rows_alone(tmp_path: Path) -> None:
    tracks = turning(20, 0)
    learner = task(tmp_path, observe=6, predict=8)
    learner.fit(tracks)
    torch.manual_seed(1)
    model = learner.model().eval()
    windows = full_windows(tracks, Protocol("points", 6, 8), 6)
    windows[1] = replace(windows[1], times=windows[1].times[-1:], positions=windows[1].positions[-1:])
    windows[3] = replace(windows[3], times=windows[3].times[-3:], positions=windows[3].positions[-3:])
    windows[4] = replace(windows[4], asked=windows[4].asked[:2], targets=targets(windows[4])[:2])
    together = answers(model, learner.features, windows, 0.9)
    for window, one in zip(windows, together, strict=True):
        (alone,) = answers(model, learner.features, [window], 0.9)
        for name in ("path", "covariances", "direction", "speed", "nll"):
            np.testing.assert_allclose(one[name], alone[name], rtol=1e-4, atol=1e-5)


def test_an_untrained_forecast_is_near_the_kalman_filters(tmp_path: Path) -> None:
    tracks = turning(30, 0)
    learner = task(tmp_path, observe=6, predict=8)
    learner.fit(tracks)
    torch.manual_seed(0)
    report = learner.evaluate(learner.model().eval(), tracks)
    kalman = min(scores["ade"] for name, scores in report.baselines.items() if name.startswith("Kalman"))
    assert report.metrics["ade"] == pytest.approx(kalman, rel=0.3)


# -- scores ------------------------------------------------------------------------------------------------------


def test_scores_by_hand() -> None:
    track = Track("a", np.arange(4.0), np.array([[0.0, 0], [1, 0], [1, 2], [1, 3]]))
    window = Protocol("points", 2, 2).window(track, 1)
    path = np.array([[4.0, 0.0], [1.0, 4.0]])
    scores = path_scores([window], [path], slowest=0.1)
    assert scores["ade"] == pytest.approx((math.hypot(3, 2) + 1) / 2)
    assert scores["fde"] == 1
    assert scores["direction"] == pytest.approx(90)  # along x in place of along y
    assert scores["speed"] == pytest.approx(1)  # 3 in place of 2
    still = velocity_scores([window], np.zeros((1, 2)), np.array([2.0]), slowest=0.1)
    assert still == {"direction": pytest.approx(90), "speed": 0}
    assert math.isnan(velocity_scores([window], np.ones((1, 2)), np.ones(1), slowest=5.0)["direction"])


def test_kalman_baseline_covers_what_it_should_on_its_own_model(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    tracks = []
    for index in range(1700):
        times = np.arange(20) * 0.1
        speed = random.standard_normal(2) + np.cumsum(0.3 * random.standard_normal((20, 2)), axis=0)
        path = np.cumsum(speed * 0.1, axis=0) + 0.01 * random.standard_normal((20, 2))
        tracks.append(Track(f"{index}", times, path))
    learner = task(tmp_path, observe=8, predict=12)
    learner.fit(tracks[:200])
    scores = baselines(full_windows(tracks[200:], learner.protocol), learner.features)
    assert scores["Kalman filter, constant velocity"]["coverage"] == pytest.approx(0.9, abs=0.03)
    assert scores["Kalman filter, constant velocity"]["ade"] < scores["constant acceleration (last 8 points)"]["ade"]


def test_naming_the_task_does_not_load_heavy_packages() -> None:
    heavy = "{'torch', 'matplotlib', 'scipy'} & set(sys.modules)"
    code = f"import sys, throughtime.tasks.trajectory; sys.exit(str({heavy} or '') or 0)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_bounces_of_our_own_balls_are_learned(tmp_path: Path) -> None:
    run = throughtime.train("trajectory", out=tmp_path / "run", quiet=True, minutes=1.5)
    report = run.folder.read_report()
    best = min(scores["ade"] for scores in report.baselines.values())
    assert report.metrics["ade"] < 0.85 * best
    assert 0.85 < report.metrics["coverage"] < 0.95
    assert float(dict(report.tables[1].rows)["direction called unknown"].rstrip("%")) > 95


def test_the_network_is_trusted_as_far_as_held_out_data_shows(tmp_path: Path) -> None:
    tracks = turning(20, 0)
    learner = task(tmp_path, observe=6, predict=8)
    learner.fit(tracks)
    torch.manual_seed(0)
    model = learner.model()
    (batch,) = learner.loader(tracks[:2], training=False).epoch(0)

    class Loader:
        """The one batch, in which the third simple method knows everything, and the network nothing."""

        def __len__(self) -> int:
            return 1

        def epoch(self, epoch: int, skip: int = 0) -> Any:
            tensors = dict(batch.tensors)
            tensors["rivals"] = tensors["rivals"].clone()
            tensors["rivals"][:, :, 2] = tensors["targets"]
            yield replace(batch, tensors=tensors)

    assert model.calibrate(Loader()) == pytest.approx(0, abs=1e-6)
    assert (model.trust.item(), model.rival.item()) == (0, 2)
    (seen,) = Loader().epoch(0)
    torch.testing.assert_close(model(seen).positions.mean, seen["targets"], atol=1e-5, rtol=1e-5)
    distance = model.calibrate(learner.loader(tracks[:2], training=False))
    assert distance <= min(
        (torch.linalg.vector_norm(batch["rivals"][:, :, rival] - batch["targets"], dim=-1) * batch["units"]).mean()
        for rival in range(4)
    )
