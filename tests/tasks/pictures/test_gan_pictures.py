"""The task gan as its users meet it: what is drawn while it learns, classes, sentences."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import throughtime
from throughtime.errors import ThroughtimeError
from throughtime.tasks.pictures import GANSettings, PictureGAN
from throughtime.tasks.pictures.picture import PictureSet

SMALL = {"width": 4, "latent": 4, "batch_size": 16, "classifier_steps": 20, "steps": 6, "evaluate_every": 3}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    out = tmp_path_factory.mktemp("gan") / "run"
    return throughtime.train("gan", built_in="digits", out=out, quiet=True, **SMALL)


def test_what_it_makes_is_drawn_after_each_evaluation_and_both_opponents_are_written_down(run: throughtime.Run) -> None:
    drawn = sorted((run.folder.path / "samples").iterdir())
    assert [path.name for path in drawn] == ["step-0000003.png", "step-0000006.png"]
    pictures = [np.asarray(Image.open(path)) for path in drawn]
    assert pictures[0].shape == (2 * (8 * 9 + 1), 2 * (8 * 9 + 1))
    assert not np.array_equal(*pictures)
    with (run.folder.path / "metrics.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert 0 < float(last["d_real"]) < 1
    assert 0 < float(last["d_fake"]) < 1
    names = ("generator_loss", "generator_gradient", "discriminator_loss", "discriminator_gradient", "valid_frechet")
    assert all(float(last[name]) > 0 for name in names)


def test_an_evaluation_draws_once_for_all_that_looks_at_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    real = PictureGAN.drawn

    def counting(self: PictureGAN, model: object, chance: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        drawn.append(len(chance))
        return real(self, model, chance, classes)

    monkeypatch.setattr(PictureGAN, "drawn", counting)
    throughtime.train("gan", built_in="digits", out=tmp_path / "run", quiet=True, **SMALL)
    assert drawn == [200, 200, 200]  # two in training, one of the test split; of 179, 179 and 180 pictures


@pytest.mark.parametrize("precision", ["64", "bf16-mixed"])
@pytest.mark.parametrize("task", ["gan", "stylegan"])
def test_in_every_precision_pictures_are_measured_in_the_same_one(task: str, precision: str, tmp_path: Path) -> None:
    settings = SMALL | {"precision": precision, "steps": 1, "evaluate_every": 1, "drawn": 8}
    settings |= {"widest": 4, "style": 4} if task == "stylegan" else {}
    settings = {name: value for name, value in settings.items() if task == "gan" or name != "latent"}
    trained = throughtime.train(task, built_in="digits", out=tmp_path / "run", quiet=True, **settings)
    assert trained.folder.read_report().metrics["frechet"] > 0


def test_classes_can_be_asked_for(run: throughtime.Run, tmp_path: Path) -> None:
    (sheet,) = throughtime.generate(run, tmp_path / "classes.png", what="classes", columns=3, zoom=1)
    (four,) = throughtime.generate(run, tmp_path / "four.png", what="classes", label="4", columns=3, zoom=1)
    rows, row = np.asarray(Image.open(sheet)), np.asarray(Image.open(four))
    assert rows.shape == (10 * 9 + 1, 3 * 9 + 1)
    np.testing.assert_array_equal(rows[4 * 9 : 5 * 9 + 1], row)
    with pytest.raises(ThroughtimeError, match="--label: found '11', expected one of: 0, 1, 2"):
        throughtime.generate(run, tmp_path / "no.png", label="11")


def test_an_arc_begins_and_ends_with_what_it_lies_between(run: throughtime.Run) -> None:
    task, model = run.task, run.model
    assert isinstance(task, PictureGAN)
    asked = task.Generation(what="interpolation", rows=1, columns=5, label="1")
    chance, classes = task._asked(model, asked)
    ends = task.chance(model, 2, asked.seed)
    np.testing.assert_allclose(chance[[0, -1]], ends, atol=1e-6)
    lengths = np.linalg.norm(chance, axis=1)
    assert lengths.min() > 0.99 * np.linalg.norm(ends, axis=1).min()
    assert classes is not None
    assert classes.tolist() == [1] * 5


def test_a_generator_that_always_draws_the_same_of_each_class_has_collapsed(run: throughtime.Run) -> None:
    task = run.task
    assert isinstance(task, PictureGAN)
    assert task.kept is not None
    classes = np.array([task.number(str(label)) for label in task.kept.labels])
    assert task._collapse(task.kept.array(), classes) is None
    drawn = [task.some_classes(count, seed=3) for count in (5, 50)]
    assert drawn[0] is not None
    assert drawn[1] is not None
    assert drawn[0].tolist() == drawn[1][:5].tolist()
    first = np.array([np.flatnonzero(classes == number)[0] for number in range(len(task.classes))])
    said = task._collapse(task.kept.array()[first[classes]], classes)
    assert said is not None
    assert said.startswith("the generator's pictures vary 0.0% of what real ones do within their classes")


def test_labels_are_needed_where_classes_are_wanted(tmp_path: Path) -> None:
    pictures = PictureSet(np.zeros((12, 8, 8, 1), np.uint8), [None] * 12, [(Path("x"), row) for row in range(1, 13)])
    with pytest.raises(ThroughtimeError, match=r"--classes yes: found training pictures of 12 without label, expected"):
        PictureGAN(GANSettings(classes="yes"), tmp_path).fit(pictures)
