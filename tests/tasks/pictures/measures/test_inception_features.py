"""FID as a user asks for it: a file of weights, of the layout that is published; what does not fit is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import throughtime
from throughtime.cli.main import main
from throughtime.models.inception import Inception
from throughtime.tasks.pictures.measures.frechet import Gaussian, frechet_distance
from throughtime.tasks.pictures.measures.inception import InceptionFeatures
from throughtime.tasks.pictures.measures.judge import Judge
from throughtime.tasks.pictures.picture import PictureSet

Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def layout() -> Tensors:
    """All the tensors of the published file, as zeros that take no room, in a file either."""
    with torch.device("meta"):
        own = Inception().state_dict()
    shapes = {name: one.shape for name, one in own.items() if not name.endswith("tracked")}
    shapes |= {"fc.weight": torch.Size((1008, 2048)), "fc.bias": torch.Size((1008,))}
    return {name: torch.zeros(1).expand(shape) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def weights(layout: Tensors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights under which a picture's features depend on it."""
    torch.manual_seed(0)
    drawn = dict(layout)
    for name, one in layout.items():
        if one.ndim == 4:
            drawn[name] = torch.randn(one.shape, dtype=torch.bfloat16) * (2 / one[0].numel()) ** 0.5
        elif name.endswith(("bn.weight", "running_var")):
            drawn[name] = torch.ones(1).expand(one.shape)
    path = tmp_path_factory.mktemp("inception") / "pt_inception.pth"
    torch.save(drawn, path)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("vae") / "run"
    small: dict[str, Any] = {"architecture": "dense", "units": (8,), "latent": (2,), "judged": 4, "drawn": 4}
    throughtime.train("vae", out=out, built_in="digits", steps=2, importance_samples=2, quiet=True, threads=1, **small)
    return out


def test_evaluate_says_fid_beside_its_floor_and_noise(
    run: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["evaluate", str(run), "--inception", str(weights), "--json"]) == 0
    said = capsys.readouterr()
    report = json.loads(said.out)
    names = {"fid", "inception_kid", "inception_precision", "inception_recall"}
    assert names <= report["metrics"].keys()
    assert "frechet" not in report["metrics"]  # this run has no classifier
    assert report["baselines"].keys() >= {"training pictures", "uniform noise"}
    assert report["baselines"]["training pictures"]["fid"] < report["baselines"]["uniform noise"]["fid"]
    assert report["baselines"]["training pictures"]["fid"] < report["metrics"]["fid"]
    [table] = [table for table in report["tables"] if ["pictures of each kind", 4] in table["rows"]]
    assert "not the published 6726825d" in str(table)
    assert "weights of Inception: not those that are published for FID (6726825d)" in said.err
    assert "fid" not in throughtime.evaluate(run, quiet=True).metrics


def test_features_are_those_of_the_network_in_grey_and_in_colour_and_the_same_twice(weights: Path) -> None:
    extractor = InceptionFeatures.load(weights)
    grey = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 1), dtype=np.uint8)
    found = extractor.features(grey)
    assert found.shape == (1, 2048)
    assert found.tobytes() == extractor.features(grey).tobytes()
    coloured = PictureSet(grey.repeat(3, axis=3), [None], [(Path("x"), 1)])
    assert found.tobytes() == extractor.features(coloured).tobytes()
    network = Inception().eval()
    network.load_state_dict(torch.load(weights, weights_only=True), strict=False)
    with torch.no_grad():
        expected = network(torch.from_numpy(grey).permute(0, 3, 1, 2).float().repeat(1, 3, 1, 1)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


class Known:
    """Features that are normal by design: two numbers in a picture's pixels."""

    names = ("fid", "kid", "precision", "recall")

    def features(self, pictures: PictureSet | np.ndarray) -> np.ndarray:
        pixels = pictures.array() if isinstance(pictures, PictureSet) else pictures
        return pixels.reshape(len(pixels), -1)[:, :2].astype(np.float64)


def test_the_distance_in_known_features_is_the_closed_form() -> None:
    """N(100, 4^2) in both numbers beside N(110, 8^2): 2 (10^2 + (8 - 4)^2)."""
    random = np.random.default_rng(0)
    one, other = (
        random.normal(mean, deviation, (20_000, 1, 2, 1)).round().astype(np.uint8)
        for mean, deviation in ((100, 4), (110, 8))
    )
    real = PictureSet(other, [None] * len(other), [(Path("x"), row) for row in range(len(other))])
    judge = Judge(Known())
    assert judge.distance(one, judge.gaussian(real)) == pytest.approx(232, rel=0.02)
    exact = [Gaussian.with_covariance(np.full(2, mean), np.eye(2) * var) for mean, var in ((100, 16), (110, 64))]
    assert frechet_distance(*exact) == pytest.approx(232, rel=1e-12)


def without(tensors: Tensors) -> Any:
    return {name: one for name, one in tensors.items() if name != "Mixed_7c.branch_pool.bn.bias"}


BAD: dict[str, tuple[Callable[[Tensors], Any], str]] = {
    "a tensor less": (without, "found no tensor 'Mixed_7c.branch_pool.bn.bias', expected the weights of FID's"),
    "Inception of others": (
        lambda tensors: tensors | {"AuxLogits.fc.bias": torch.zeros(1000)},
        "found a tensor 'AuxLogits.fc.bias', expected the weights of FID's Inception v3",
    ),
    "of 1,000 classes": (
        lambda tensors: tensors | {"fc.weight": torch.zeros(1).expand(1000, 2048)},
        "found 'fc.weight' of shape (1000, 2048), expected (1008, 2048)",
    ),
    "no numbers": (
        lambda tensors: tensors | {"fc.bias": torch.full((1008,), torch.nan)},
        "found 'fc.bias' with values that are no numbers",
    ),
    "a list": (lambda tensors: list(tensors.values())[:2], "found a list that is no table of tensors"),
    "an object": (lambda _: Path("x"), "found nothing that can be read as weights"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_file_that_does_not_fit_is_one_sentence(
    bad: str, layout: Tensors, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, sentence = BAD[bad]
    torch.save(change(layout), tmp_path / "weights.pth")
    capsys.readouterr()
    assert main(["evaluate", str(run), "--inception", str(tmp_path / "weights.pth")]) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path / 'weights.pth'}: {sentence}" in error
    assert error.count("\n") == 1


def test_what_is_no_such_file_at_all_is_one_sentence(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.pth").write_text("no weights")
    (tmp_path / "text.safetensors").write_text("no weights")
    (tmp_path / "empty.pth").touch()
    for name, found in (
        ("text.pth", "nothing that can be read as weights"),
        ("text.safetensors", "nothing that can be read as weights"),
        ("empty.pth", "nothing that can be read as weights"),
        ("none.pth", "no such file"),
        (".", "a folder"),
    ):
        capsys.readouterr()
        assert main(["evaluate", str(run), "--inception", str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert f"found {found}, expected the weights of FID's Inception v3 (pt_inception-2015-12-05)" in error
        assert error.count("\n") == 1
