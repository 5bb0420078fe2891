"""The classifier in whose features pictures are compared: what it learns, and that nothing else decides that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from throughtime.errors import ThroughtimeError
from throughtime.tasks.pictures.measures.classifier import Classifier
from throughtime.tasks.pictures.picture import PictureSet


def hooks(count: int, side: int, seed: int = 0, labelled: bool = True) -> PictureSet:
    """A thick or a thin bar that stands, with a foot to the right: upright ones differ from all that are turned."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 60, (count, side, side, 1), dtype=np.uint8)
    labels: list[str | None] = []
    for picture in pixels:
        thick = random.random() < 0.5
        left = random.integers(1, side // 2)
        picture[1 : side - 1, left : left + (3 if thick else 1)] = 255
        picture[side - 2, left : left + side // 2] = 255
        labels.append("thick" if thick else "thin")
    if not labelled:
        labels[count // 2] = None
    return PictureSet(pixels, labels, [(Path("hooks"), row) for row in range(1, count + 1)])


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.fit(hooks(300, 12), steps=60)


def test_it_learns_the_labels(classifier: Classifier) -> None:
    assert classifier.learned.what == "labels"
    assert classifier.learned.accuracy > 0.9
    assert str(classifier).startswith("a classifier of the labels, ")
    others = hooks(200, 12, seed=1)
    features = classifier.features(others)
    thick = np.array([picture.label == "thick" for picture in others])
    middles = features[thick].mean(axis=0), features[~thick].mean(axis=0)
    nearer = np.linalg.norm(features - middles[0], axis=1) < np.linalg.norm(features - middles[1], axis=1)
    assert (nearer == thick).mean() > 0.9


@pytest.mark.parametrize("labels", ["one is missing", "all are one"])
def test_without_labels_it_learns_which_side_is_up(labels: str) -> None:
    pictures = hooks(300, 12, labelled=False)
    if labels == "all are one":
        pictures = PictureSet(pictures.pixels, ["hook"] * 300, pictures.places)
    classifier = Classifier.fit(pictures, steps=80)
    assert (classifier.learned.what, classifier.learned.classes) == ("rotations", 4)
    assert classifier.learned.accuracy > 0.9
    assert str(classifier).startswith("a classifier of four rotations, ")


def test_pictures_and_steps_alone_decide_it(classifier: Classifier) -> None:
    torch.manual_seed(5)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    again = Classifier.fit(hooks(300, 12), steps=60)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    others = hooks(20, 12, seed=1)
    np.testing.assert_array_equal(again.features(others), classifier.features(others))
    assert again.learned == classifier.learned
    longer = Classifier.fit(hooks(300, 12), steps=61)
    assert not np.allclose(longer.features(others), classifier.features(others))


def test_it_is_read_as_it_was_written(classifier: Classifier, tmp_path: Path) -> None:
    classifier.save(tmp_path)
    before = torch.get_rng_state()
    read = Classifier.load(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert read.learned == classifier.learned
    others = hooks(20, 12, seed=1)
    np.testing.assert_array_equal(read.features(others), classifier.features(others))
    for name in ("classifier.json", "classifier.safetensors"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(ThroughtimeError, match=rf"{name}: found no .*, expected"):
            Classifier.load(tmp_path)
        (tmp_path / name).write_bytes(content)


def test_a_picture_has_the_same_features_alone_and_among_many(classifier: Classifier) -> None:
    others = hooks(600, 12, seed=2)
    together = classifier.features(others)
    assert together.shape[0] == 600
    for row in (0, 499, 500, 599):
        np.testing.assert_allclose(classifier.features(others[row : row + 1])[0], together[row], rtol=1e-4, atol=1e-5)
    mirrored = others.array()[:, :, ::-1].copy()
    mirrored.flags.writeable = False
    np.testing.assert_array_equal(classifier.features(mirrored[:, :, ::-1]), together)
    assert (together >= 0).all()  # behind the last layer's rectifiers
    assert np.square(together).mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("channels", [1, 3])
def test_of_large_pictures_it_sees_the_mean_of_each_square(channels: int) -> None:
    small = hooks(40, 32)
    pixels = np.repeat(small.pixels, channels, axis=3).clip(2, 253)
    large = pixels.repeat(3, axis=1).repeat(3, axis=2)
    large[:, ::3, ::3] += 2
    large[:, 1::3, 1::3] -= 2  # so that the mean is what it was
    one, other = (Classifier.fit(PictureSet(given, small.labels, small.places), steps=3) for given in (pixels, large))
    np.testing.assert_array_equal(other.features(large), one.features(pixels))


def test_too_few_pictures_are_one_sentence() -> None:
    with pytest.raises(ThroughtimeError, match="found 9 training pictures, expected at least 10"):
        Classifier.fit(hooks(9, 8), steps=1)
