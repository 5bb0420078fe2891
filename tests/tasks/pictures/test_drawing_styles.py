"""StyleGAN of pictures, as a user meets it: what is drawn, mixed, truncated, filmed and found again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import throughtime
from helpers.picture_files import write_bars
from throughtime.cli.main import main
from throughtime.errors import ThroughtimeError

SIDE = 12  # the networks draw 16
SMALL: dict[str, Any] = {"width": 8, "widest": 8, "style": 8, "mapping_layers": 2, "batch_size": 16, "threads": 1}
SMALL |= {"evaluate_every": 500, "classifier_steps": 40, "augment_pictures": 20_000, "half_life": 500, "quiet": True}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    folder = tmp_path_factory.mktemp("stylegan")
    data = write_bars(folder / "data", 60, seed=0, side=SIDE)
    return throughtime.train("stylegan", data, out=folder / "run", steps=40, **SMALL)


def drawn(run: throughtime.Run, path: Path, rows: int, columns: int, **options: Any) -> np.ndarray:
    """The pictures (rows, columns, H, W) of a sheet."""
    throughtime.generate(run, path, rows=rows, columns=columns, zoom=1, **options)
    with Image.open(path) as picture:
        sheet = np.asarray(picture.convert("L"), dtype=float)
    high, wide = rows + (options.get("what") == "mixing"), columns + (options.get("what") == "mixing")
    assert sheet.shape == (high * (SIDE + 1) + 1, wide * (SIDE + 1) + 1)
    cells = sheet[1:, 1:].reshape(high, SIDE + 1, wide, SIDE + 1)
    return cells[:, :SIDE, :, :SIDE].transpose(0, 2, 1, 3)


@pytest.mark.slow
def test_bars_of_a_class_lie_or_stand_as_asked(tmp_path: Path) -> None:
    data = write_bars(tmp_path / "data", 60, seed=0, side=SIDE)
    larger = SMALL | {"width": 16, "widest": 64, "style": 32}
    run = throughtime.train("stylegan", data, out=tmp_path / "run", steps=600, **larger)
    for label, along in (("lying", 1), ("standing", 0)):
        made = drawn(run, tmp_path / "of.png", 5, 8, label=label).reshape(40, SIDE, SIDE)
        # light goes on along a bar and varies across it
        spread = [made.mean(axis=1 + axis).std(axis=1).mean() for axis in (along, 1 - along)]
        assert spread[0] > 2 * spread[1], label
    report = throughtime.evaluate(run)
    assert report.metrics["frechet"] < 0.5 * report.baselines["uniform noise"]["frechet"]


def test_probability_of_disturbing_and_paths_are_written_down(run: throughtime.Run) -> None:
    text = (run.folder.path / "metrics.csv").read_text(encoding="utf-8").splitlines()
    head = text[0].split(",")
    for name in ("d_real", "d_fake", "augmented", "overfitting", "r1_loss", "path_length_loss", "path_length"):
        assert name in head


def test_truncation(run: throughtime.Run, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"label": "lying", "what": "interpolation", "seed": 3}
    none = drawn(run, tmp_path / "none.png", 3, 3, psi=0, **asked)
    assert np.ptp(none, axis=(0, 1)).max() == 0  # the mean alone, of the same noise
    spread = [drawn(run, tmp_path / "psi.png", 3, 3, psi=psi, **asked).std(axis=(0, 1)).mean() for psi in (0.5, 1)]
    assert 0 < spread[0] < spread[1]
    whole, part = (
        drawn(run, tmp_path / "psi.png", 3, 3, psi=0.5, psi_resolutions=chosen, **asked) for chosen in ("4-16", "8-8")
    )
    assert (whole == drawn(run, tmp_path / "psi.png", 3, 3, psi=0.5, **asked)).all()
    assert (whole != part).any()


def test_a_mixture_has_the_coarse_styles_of_its_row_and_the_fine_ones_of_its_column(
    run: throughtime.Run, tmp_path: Path
) -> None:
    sheet = drawn(run, tmp_path / "mix.png", 3, 4, what="mixing", coarse_to=4, seed=5)
    assert (sheet[0, 0] == 128).all()
    model: Any = run.model
    task: Any = run.task
    chance, classes = task.chance(model, 7, 5), task.some_classes(7, 5)
    with torch.no_grad():
        styles = model.averaged.styles(torch.from_numpy(chance), torch.from_numpy(classes))
        by_hand = torch.cat([styles[1, :1], styles[3 + 2, 1:]])[None]
        noises = model.averaged.synthesis.draw_noise(1, torch.Generator().manual_seed(5))
        whole = model.averaged.synthesis(torch.cat([by_hand, styles[1:2]]), noises)[:, 0, 2:14, 2:14]
    expected = ((whole.clamp(-1, 1) + 1) * 127.5).numpy()
    np.testing.assert_allclose(sheet[2, 3], expected[0], atol=0.51)
    np.testing.assert_allclose(sheet[2, 0], expected[1], atol=0.51)


def test_a_picture_that_it_has_drawn_is_found_again(run: throughtime.Run, tmp_path: Path) -> None:
    made = drawn(run, tmp_path / "made.png", 1, 1, label="standing", seed=8)[0, 0]
    Image.fromarray(made.astype(np.uint8)).save(tmp_path / "given.png")
    asked: dict[str, Any] = {"what": "projection", "like": tmp_path / "given.png", "label": "standing", "zoom": 1}
    errors = []
    for steps in (1, 150):
        throughtime.generate(run, tmp_path / "pair.png", projection_steps=steps, **asked)
        with Image.open(tmp_path / "pair.png") as picture:
            pair = np.asarray(picture.convert("L"), dtype=float)
        given, found = pair[1 : SIDE + 1, 1 : SIDE + 1], pair[1 : SIDE + 1, SIDE + 2 : -1]
        assert (given == made).all()
        errors.append(np.square(given - found).mean() / np.square(given - given.mean()).mean())
    assert errors[1] < 0.5 * errors[0]
    assert errors[1] < 0.1


def test_a_walk_ends_where_it_began(run: throughtime.Run, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    throughtime.generate(run, tmp_path / "walk.mp4", what="walk", frames=24, rows=1, columns=1, zoom=3, seed=2)
    with av.open(io.BytesIO((tmp_path / "walk.mp4").read_bytes())) as film:
        frames = np.stack([frame.to_ndarray(format="gray") for frame in film.decode(video=0)]).astype(float)
    assert frames.shape == (24, 3 * (SIDE + 2), 3 * (SIDE + 2))
    far = np.abs(frames - frames[0]).mean(axis=(1, 2))
    assert far[1] < far[12]
    assert far[23] < far[12]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"what": "walk"}, "found the ending '.png', expected the name of a .mp4 file"),
        ({"what": "projection"}, "found no picture to be found again, expected --like FILE"),
        ({"what": "mixing", "coarse_to": 16}, "--coarse-to: found 16, expected one of the resolutions 4, 8"),
        ({"psi_resolutions": "32-64"}, "--psi-resolutions: found 32-64, expected a range with some of 4, 8, 16"),
        ({"temperature": 0.5}, "--temperature: found 0.5, expected 1: .*--psi"),
        ({"label": "leaning"}, "--label: found 'leaning', expected one of: lying, standing"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    options: dict[str, Any], sentence: str, run: throughtime.Run, tmp_path: Path
) -> None:
    with pytest.raises(ThroughtimeError, match=sentence):
        throughtime.generate(run, tmp_path / "new.png", **options)
    assert not (tmp_path / "new.png").exists()


def test_a_side_that_is_no_power_of_two_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_bars(tmp_path / "data", 20, seed=0, side=SIDE)
    main(["check", "stylegan", str(data)])
    said = " ".join(capsys.readouterr().out.split())
    assert "12 x 12 pixels in the middle of 16 x 16, a power of two" in said
    main(["check", "stylegan", str(data), "--size", "16"])
    assert "drawn size" not in capsys.readouterr().out
