"""Generated pictures as a user sees them measured: in Python, and by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from throughtime.cli.main import main
from throughtime.errors import ThroughtimeError
from throughtime.tasks.pictures.measures.classifier import Classifier
from throughtime.tasks.pictures.measures.judge import Judge
from throughtime.tasks.pictures.picture import PictureSet


def blobs(count: int, seed: int, middles: tuple[int, ...] = (2, 5)) -> PictureSet:
    """Soft spots, of which the middle lies in some rows."""
    random = np.random.default_rng(seed)
    rows = np.arange(8.0)
    down, across = random.choice(middles, count), random.uniform(1, 6, count)
    width = random.uniform(1, 2, (count, 1, 1))
    square = (rows[:, None] - down[:, None, None]) ** 2 + (rows - across[:, None, None]) ** 2
    pixels = (255 * np.exp(-square / width**2)).round().astype(np.uint8)[..., None]
    return PictureSet(pixels, [str(row) for row in down], [(Path("blobs"), row) for row in range(1, count + 1)])


TRAIN, TEST = blobs(400, 0), blobs(300, 1)


@pytest.fixture(scope="module")
def judge() -> Judge[Classifier]:
    return Judge(Classifier.fit(TRAIN, steps=60))


def test_others_of_the_kind_are_as_near_as_training_pictures(judge: Judge[Classifier]) -> None:
    report = judge.measure(blobs(300, 2).array(), TRAIN, TEST)
    floor, noise = report.baselines["training pictures"], report.baselines["uniform noise"]
    assert report.metrics["frechet"] < 2 * floor["frechet"] < 0.05 * noise["frechet"]
    assert abs(report.metrics["kid"]) < 0.01 * noise["kid"]
    assert min(report.metrics["precision"], report.metrics["recall"], floor["precision"], floor["recall"]) > 0.8
    assert max(noise["precision"], noise["recall"]) < 0.05


def test_half_of_the_kind_is_precise_and_recalls_half(judge: Judge[Classifier]) -> None:
    half = judge.measure(blobs(300, 2, middles=(2,)).array(), TRAIN, TEST)
    assert half.metrics["precision"] > 0.8
    assert half.metrics["recall"] == pytest.approx(0.5, abs=0.1)
    floor = half.baselines["training pictures"]
    assert all(half.metrics[name] > 100 * abs(floor[name]) for name in ("frechet", "kid"))


def test_the_floor_is_training_pictures_measured_as_if_they_were_generated(judge: Judge[Classifier]) -> None:
    report = judge.measure(TRAIN.array(np.linspace(0, 399, 300).astype(int)), TRAIN, TEST)
    assert report.metrics == report.baselines["training pictures"]
    assert judge.distance(TEST.array(), judge.gaussian(TEST)) == pytest.approx(0, abs=1e-9)
    whole = judge.measure(TEST.array(), TRAIN, TEST).metrics
    assert whole["frechet"] == pytest.approx(0, abs=1e-9)
    assert (whole["precision"], whole["recall"]) == (1, 1)


def test_all_kinds_are_as_many_as_the_fewest(judge: Judge[Classifier]) -> None:
    made = blobs(300, 2).array()
    for report in (judge.measure(made[:50], TRAIN, TEST), judge.measure(made, blobs(50, 0), TEST)):
        [table] = report.tables
        assert dict(table.rows)["pictures of each kind"] == 50
    for short in (judge.measure(made[:3], TRAIN, TEST), judge.measure(made, TRAIN, TEST[:3])):
        assert (short.metrics, short.baselines) == ({}, {})
        [table] = short.tables
        assert table.rows == [("not measured", "found 3 of each kind, expected at least 4")]


def test_what_is_measured_is_named(judge: Judge[Classifier]) -> None:
    [table] = judge.measure(TEST.array(), TRAIN, TEST).tables
    said = dict(table.rows)
    assert "Frechet distance in the features of a classifier of the labels" in said["frechet"]
    assert f"{judge.extractor.learned.accuracy:.1%} right" in said["frechet"]
    assert "FID" not in str(table)


def train(out: Path, *words: str) -> dict[str, dict[str, float]]:
    asked = ["train", "vae", "--built-in", "digits", "--out", str(out), "--steps", "40", "--threads", "1", "--quiet"]
    small = ["--architecture", "dense", "--units", "32", "--latent", "4", "--importance-samples", "2"]
    assert main([*asked, *small, *words]) == 0
    report: dict[str, dict[str, float]] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report


def test_samples_of_a_vae_are_measured_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = train(tmp_path / "one", "--classifier-steps", "20")
    other = train(tmp_path / "other", "--classifier-steps", "20", "--seed", "7", "--drawn", "90")
    without = train(tmp_path / "without")
    first, second = (tmp_path / run / "features" / "classifier.safetensors" for run in ("one", "other"))
    assert first.read_bytes() == second.read_bytes()  # whatever the run's seed, distances are in the same features
    assert not (tmp_path / "without" / "features" / "classifier.json").exists()
    assert "frechet" not in without["metrics"]
    floor, noise = one["baselines"]["training pictures"], one["baselines"]["uniform noise"]
    assert floor["frechet"] < one["metrics"]["frechet"]
    assert floor["frechet"] < 0.5 * noise["frechet"]
    assert other["baselines"]["training pictures"]["frechet"] > floor["frechet"]  # fewer pictures, a larger bias
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path / "other")]) == 0
    said = " ".join(capsys.readouterr().out.split())  # however the table is wrapped
    assert "squared Frechet distance in the features of a classifier of the labels" in said
    assert "pictures of each kind 90" in said


def test_a_damaged_classifier_is_one_sentence(tmp_path: Path) -> None:
    train(tmp_path / "run", "--classifier-steps", "2", "--drawn", "10")
    (tmp_path / "run" / "features" / "classifier.safetensors").write_bytes(b"no weights")
    from throughtime.verbs import Run

    with pytest.raises(ThroughtimeError, match=r"classifier\.safetensors: found a file that was changed"):
        Run(tmp_path / "run")
