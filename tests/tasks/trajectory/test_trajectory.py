from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import throughtime
from helpers.moving_things import SMALL, task, turning, write
from throughtime.cli.main import main
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.trajectory.tracks.track import Track


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


@pytest.mark.slow
def test_bounces_of_our_own_balls_are_learned(tmp_path: Path) -> None:
    run = throughtime.train("trajectory", out=tmp_path / "run", quiet=True, steps=1500, minutes=None)
    report = run.folder.read_report()
    best = min(scores["ade"] for scores in report.baselines.values())
    assert report.metrics["ade"] < 0.85 * best
    assert 0.85 < report.metrics["coverage"] < 0.95
    assert float(dict(report.tables[1].rows)["direction called unknown"].rstrip("%")) > 95


def test_trust_and_rival_are_taken_as_asked(tmp_path: Path, unseen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, small = write(tmp_path / "things.csv", turning(30, seed=0)), SMALL | {"observe": 6, "predict": 8, "steps": 2}
    reports = {}
    for rival in ("line", "parabola", "kalman"):
        asked = small | {"trust": 0.0, "rival": rival}
        reports[rival] = throughtime.train("trajectory", data, out=tmp_path / rival, quiet=True, **asked)
    for rival, name in (("line", "constant velocity (last"), ("parabola", "constant acceleration (last")):
        report = throughtime.evaluate(reports[rival], unseen)
        (expected,) = (scores for method, scores in report.baselines.items() if method.startswith(name))
        assert report.metrics["ade"] == pytest.approx(expected["ade"], rel=1e-4)
        assert report.metrics["fde"] == pytest.approx(expected["fde"], rel=1e-4)
        assert report.tables[2].rows[0][1].startswith("0.00 (as asked), added to " + name)
    filters = [scores for name, scores in report.baselines.items() if name.startswith("Kalman")]
    ade = throughtime.evaluate(reports["kalman"], unseen).metrics["ade"]
    assert ade in (pytest.approx(filters[0]["ade"], rel=1e-4), pytest.approx(filters[1]["ade"], rel=1e-4))
    run = ["train", "trajectory", str(data), "--out", str(tmp_path / "run"), "--trust", "1.5"]
    assert main(run) == 2
    assert capsys.readouterr().err == "throughtime: setting trust: found 1.5, expected: less than or equal to 1\n"


def test_regions_are_wider_than_the_validation_split_asks_for_by_what_is_asked(tmp_path: Path) -> None:
    data, small = write(tmp_path / "things.csv", turning(30, seed=0)), SMALL | {"observe": 6, "predict": 8, "steps": 2}
    runs = [
        throughtime.train("trajectory", data, out=tmp_path / str(widen), quiet=True, **small, widen=widen)
        for widen in (1.0, 1.5)
    ]
    plain, wide = (dict(run.folder.read_report().tables[2].rows)["regions were widened by"] for run in runs)
    assert wide.endswith(", of that 1.5 as asked")
    assert float(wide.partition(",")[0]) == pytest.approx(1.5 * float(plain), rel=1e-3)
    track = "0,0,0 1,1,0.1 2,2,0.4 3,3,0.9"
    narrow, broad = (next(iter(throughtime.predict(run, [track])))["positions"][-1] for run in runs)
    assert np.array(broad["deviation"]) == pytest.approx(1.5 * np.array(narrow["deviation"]), rel=1e-4)
    assert broad["mean"] == pytest.approx(narrow["mean"], rel=1e-6)


def test_the_network_is_trusted_as_far_as_held_out_data_shows(tmp_path: Path) -> None:
    tracks = turning(20, 0)
    learner = task(tmp_path, observe=6, predict=8, dropout=0.0)
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
    assert (model.trust.item(), model.beside.item()) == (0, 2)
    (seen,) = Loader().epoch(0)
    with torch.no_grad():
        alone = model.train()(seen).positions.mean
        model.eval().trust.fill_(0.25)
        both = model(seen).positions.mean
    assert alone.abs().max() > 0.01
    torch.testing.assert_close(both, seen["targets"] + 0.25 * alone, atol=1e-5, rtol=1e-5)
    model.trust.fill_(0.0)
    torch.testing.assert_close(model(seen).positions.mean, seen["targets"], atol=1e-5, rtol=1e-5)
    distance = model.calibrate(learner.loader(tracks[:2], training=False))
    assert distance <= min(
        (torch.linalg.vector_norm(batch["rivals"][:, :, rival] - batch["targets"], dim=-1) * batch["units"]).mean()
        for rival in range(4)
    )
