"""Autoencoder and VAE of pictures, as a user meets them: the command line, files, and what is drawn."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import throughtime
from helpers.picture_files import write_bars
from throughtime.cli.main import main
from throughtime.tasks.pictures import PictureVAE

SMALL: dict[str, Any] = {"architecture": "dense", "units": (64,), "batch_size": 16, "threads": 1, "quiet": True}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bars(tmp_path_factory.mktemp("shapes") / "data", 60, seed=0, side=12)


@pytest.fixture(scope="module")
def autoencoder(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    out = tmp_path_factory.mktemp("runs") / "autoencoder"
    return throughtime.train("autoencoder", shapes, out=out, latent=4, epochs=250, learning_rate=5e-3, **SMALL)


@pytest.fixture(scope="module")
def vae(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    out = tmp_path_factory.mktemp("runs") / "vae"
    return throughtime.train("vae", shapes, out=out, latent=(2,), epochs=300, learning_rate=5e-3, **SMALL)


def test_the_autoencoder_draws_what_as_many_components_cannot(autoencoder: throughtime.Run) -> None:
    report = throughtime.evaluate(autoencoder)
    assert report.metrics["error"] < 0.5 * report.baselines["4 principal components"]["error"]
    assert report.baselines["4 principal components"]["error"] < report.baselines["the mean picture"]["error"]


def test_the_vae_finds_a_bound_far_above_pixels_by_themselves(vae: throughtime.Run) -> None:
    report = throughtime.evaluate(vae)
    # twenty pictures are as probable as each other: ln 20 nats would be the best
    assert report.metrics["nll"] < 0.5 * report.baselines["each pixel by itself"]["nll"]
    assert np.log(18) - 0.2 < report.metrics["nll"] <= report.metrics["nelbo"] + 0.3
    assert throughtime.evaluate(vae).metrics == report.metrics  # samples are drawn from the seed


@pytest.mark.parametrize("what", ["samples", "manifold", "reconstructions", "interpolation", "map"])
def test_whatever_is_drawn_depends_on_the_seed_alone(what: str, vae: throughtime.Run, tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        [path] = throughtime.generate(vae, tmp_path / f"{name}.png", what=what, rows=4, columns=5, zoom=3, seed=1)
        made.append(path.read_bytes())
    assert made[0] == made[1]
    with Image.open(tmp_path / "a.png") as picture:
        if what != "map":
            assert picture.size == (3 * (5 * 13 + 1), 3 * (4 * 13 + 1))
        assert len(np.unique(np.asarray(picture.convert("L")))) > 3


def test_samples_are_bars(vae: throughtime.Run, tmp_path: Path) -> None:
    [path] = throughtime.generate(vae, tmp_path / "a.png", rows=5, columns=5, zoom=1, temperature=0.7)
    with Image.open(path) as picture:
        sheet = np.asarray(picture)
    lit = [
        (sheet[top : top + 12, left : left + 12] > 127).sum() for top in range(1, 60, 13) for left in range(1, 60, 13)
    ]
    assert sum(12 <= count <= 22 for count in lit) >= 18  # a bar has 16 pixels


def test_a_picture_of_another_kind_is_improbable(
    vae: throughtime.Run, shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 2, (12, 12), dtype=np.uint8) * 255
    Image.fromarray(noise).save(tmp_path / "noise.png")
    files = [str(shapes / "lying" / "0.pgm"), str(tmp_path / "noise.png")]
    assert main(["predict", str(vae.folder.path), *files, "--json", "--pictures", str(tmp_path / "drawn")]) == 0
    usual, strange = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert strange["nll"] > usual["nll"] + 50
    assert len(usual["code"]) == 2
    with Image.open(tmp_path / "drawn" / "0001.png") as picture:
        assert picture.size == (8 * (3 * 13 + 1), 8 * 14)


def test_folders_named_after_splits_are_kept_and_the_third_is_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bars(tmp_path / "data" / "Train", 20, seed=1, side=12)
    write_bars(tmp_path / "data" / "test", 6, seed=2, side=12)
    assert main(["check", "vae", str(tmp_path / "data"), "--json"]) in (0, 1)
    splits = json.loads(capsys.readouterr().out)["splits"]
    assert {name: split["examples"] for name, split in splits.items()} == {"train": 36, "valid": 4, "test": 12}


def test_a_run_goes_on_to_the_same_bytes(shapes: Path, tmp_path: Path) -> None:
    asked = SMALL | {"latent": (3, 2), "kl_warmup": 30, "free_bits": 0.1, "mirror": True, "evaluate_every": 5}
    asked |= {"schedule": "constant"}
    throughtime.train("vae", shapes, out=tmp_path / "whole", steps=20, **asked)
    throughtime.train("vae", shapes, out=tmp_path / "cut", steps=10, **asked)
    # what a killed run would have: its config asks for 20 steps
    config = tmp_path / "cut" / "config.toml"
    config.write_text(config.read_text().replace("steps = 10", "steps = 20"))
    throughtime.train("vae", out=tmp_path / "cut", resume=True, quiet=True)
    whole, cut = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "cut"))
    assert whole == cut


def test_pictures_of_another_size_are_brought_to_that_of_training(vae: throughtime.Run, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "white").save(tmp_path / "large.png")
    (answer,) = throughtime.predict(vae, [str(tmp_path / "large.png")])
    assert answer["nll"] > 0


def test_glyphs_are_built_in_and_the_same_everywhere(tmp_path: Path) -> None:
    from throughtime.tasks.pictures.glyphs.render import CHARACTERS, render

    pixels, classes = render(60, seed=3)
    again, _ = render(60, seed=3)
    np.testing.assert_array_equal(pixels, again)
    assert np.bincount(classes, minlength=len(CHARACTERS)).tolist() == [3] * 20
    # each is white on black, whole, and large enough to be read
    lit = (pixels > 127).mean(axis=(1, 2, 3))
    assert ((lit > 0.03) & (lit < 0.6)).all()
    assert (pixels[:, [0, -1]] > 127).mean() < 0.02


def test_a_folder_as_mnist_lies_in_is_split_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    for name, count in (("train", 20), ("t10k", 7)):
        pixels = random.integers(0, 256, (count, 8, 8), dtype=np.uint8)
        head = bytes([0, 0, 8, 3]) + struct.pack(">3I", *pixels.shape)
        (tmp_path / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + pixels.tobytes()))
        labels = bytes([0, 0, 8, 1]) + struct.pack(">I", count) + bytes(number % 3 for number in range(count))
        (tmp_path / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    assert main(["check", "vae", str(tmp_path), "--json"]) in (0, 1)  # pictures so small look wrong
    splits = json.loads(capsys.readouterr().out)["splits"]
    assert {name: split["examples"] for name, split in splits.items()} == {"train": 18, "valid": 2, "test": 7}
    task = PictureVAE(PictureVAE.Settings(), tmp_path)
    read = task.read_splits(tmp_path)
    assert [picture.label for picture in read.test] == ["0", "1", "2", "0", "1", "2", "0"]
    assert any("test as given by t10k-images-idx3-ubyte.gz" in str(finding) for finding in task.findings)


def test_gaps_are_drawn_beside_those_of_a_vae(
    autoencoder: throughtime.Run, vae: throughtime.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, other = str(autoencoder.folder.path), str(vae.folder.path)
    for name, words in {"alone": [], "beside": ["--beside", other], "itself": ["--beside", run]}.items():
        out = str(tmp_path / f"{name}.png")
        assert main(["generate", run, "--out", out, "--what", "gaps", "--rows", "4", "--columns", "4", *words]) == 0
    seen = {name: np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("alone", "beside", "itself")}
    height, width = seen["alone"].shape[:2]
    assert seen["beside"].shape[:2] == seen["itself"].shape[:2] == (2 * height, width)
    # the lower half is the other model's
    halves = [sheet[height:, width // 2 :] for sheet in (seen["beside"], seen["itself"])]
    assert (halves[0] != halves[1]).mean() > 0.05
    capsys.readouterr()


def test_gaps_beside_what_is_no_such_run_are_refused(
    autoencoder: throughtime.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, stored = str(autoencoder.folder.path), Path(__file__).parents[1] / "stored_runs"
    asked = ["generate", run, "--out", str(tmp_path / "a.png"), "--beside"]
    for words, said in (
        ([str(tmp_path)], str(tmp_path)),
        ([str(stored / "gan" / "run")], "found a run of gan, expected one of vae, autoencoder"),
        ([str(stored / "vae" / "run")], "found a run of pictures of 1x8x8, expected 1x12x12 as in this run"),
    ):
        assert main([*asked, *words, "--what", "gaps"]) == 2
        assert said in capsys.readouterr().err
    assert main([*asked, run]) == 2
    assert "found --beside with --what between, expected --what gaps" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()
