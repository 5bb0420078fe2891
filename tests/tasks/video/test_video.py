from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import throughtime
from throughtime.cli.main import main
from throughtime.errors import ArgumentError, DataError, ThroughtimeError
from throughtime.models.parts.frames import PictureEncoder, VectorEncoder
from throughtime.tasks.video import Video
from throughtime.tasks.video.baselines.single_frames import SingleFrames, frame_features
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.render import MOTIONS, render
from throughtime.tasks.video.clips.video import write_video
from throughtime.tasks.video.settings import VideoSettings

SMALL: dict[str, Any] = {"hidden_size": 16, "features": 16, "width": 4, "size": 16, "minutes": None, "batch_size": 8}
SMALL |= {"schedule": "constant", "learning_rate": 0.01, "warmup_steps": 0, "dropout": 0.0}


def sweep(label: str, random: np.random.Generator) -> np.ndarray:
    """Two sensors (T, 2): one goes up while the other goes down, or the other way round; from anywhere to anywhere.

    Each class is the other one played backwards: no single step tells them apart, and no mean.
    """
    steps = int(random.integers(12, 20))
    path = random.uniform(-1, 1) + random.uniform(1, 2) * np.linspace(0, 1, steps)
    values = np.stack([path, -path + random.uniform(-1, 1)], axis=1) + 0.05 * random.standard_normal((steps, 2))
    return np.asarray(values if label == "rise" else values[::-1], dtype=np.float32)


def write_sweeps(folder: Path, count: int, seed: int) -> Path:
    random = np.random.default_rng(seed)
    for label in ("rise", "fall"):
        (folder / label).mkdir(parents=True)
        for index in range(count):
            rows = "\n".join(f"{a:.5f},{b:.5f}" for a, b in sweep(label, random))
            (folder / label / f"{index:03}.csv").write_text(f"left,right\n{rows}\n")
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> throughtime.Run:
    folder = tmp_path_factory.mktemp("video")
    data = write_sweeps(folder / "data", 60, seed=0)
    return throughtime.train("video", data, out=folder / "run", quiet=True, epochs=8, **SMALL)


def test_learns_an_order_that_no_single_frame_tells(run: throughtime.Run, tmp_path: Path) -> None:
    report = throughtime.evaluate(run, write_sweeps(tmp_path / "new", 100, seed=1))
    assert report.metrics["accuracy"] > 0.98
    for name, scores in report.baselines.items():
        assert scores["accuracy"] < 0.62, name
    assert set(report.baselines) == {
        "single frames, logistic regression",
        "mean and spread of the frames, logistic regression",
        f"always {run.task.labels.majority}",
    }


def test_predict_answers_files_folders_and_arrays(
    run: throughtime.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(2)
    np.save(tmp_path / "up.npy", sweep("rise", random))
    head = "@problemName x\n@dimensions 2\n@classLabel false\n@data\n"
    series = sweep("fall", random)
    (tmp_path / "down.ts").write_text(head + ":".join(",".join(map(str, values)) for values in series.T) + "\n")
    for words in ([str(tmp_path / "up.npy"), str(tmp_path / "down.ts")], [str(tmp_path)]):
        assert main(["predict", str(run.folder.path), *words, "--json"]) == 0
        answers = {Path(a["file"]).name: a for a in map(json.loads, capsys.readouterr().out.splitlines())}
        assert answers["up.npy"]["label"] == "rise"
        assert answers["down.ts"]["label"] == "fall"
        assert sum(answers["up.npy"]["probabilities"].values()) == pytest.approx(1)
        assert answers["down.ts"]["frames"] == len(series)
    assert main(["predict", str(run.folder.path), str(tmp_path / "up.npy")]) == 0
    assert capsys.readouterr().out.startswith("rise\t")


def test_the_answer_develops_as_that_of_clips_cut_short(run: throughtime.Run, tmp_path: Path) -> None:
    frames = sweep("rise", np.random.default_rng(5))
    np.save(tmp_path / "whole.npy", frames)
    (whole,) = throughtime.predict(run, [str(tmp_path / "whole.npy")])
    after, so_far = whole["so_far"]["after"], whole["so_far"]["probabilities"]
    assert after[-1] == 1
    assert after == sorted(after)
    assert {name: values[-1] for name, values in so_far.items()} == whole["probabilities"]
    for place in (0, len(after) // 2):
        end = round(after[place] * len(frames))
        np.save(tmp_path / "part.npy", frames[:end])
        (part,) = throughtime.predict(run, [str(tmp_path / "part.npy")])
        for name, probability in part["probabilities"].items():
            assert so_far[name][place] == pytest.approx(probability, abs=1e-6)


def test_predict_draws_sequences_and_cases_of_one_file(
    run: throughtime.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(6)
    data = tmp_path / "both.npy"
    np.save(data, np.stack([sweep(label, random)[:12] for label in ("rise", "fall")]))
    assert main(["predict", str(run.folder.path), str(data), "--pictures", str(tmp_path / "seen")]) == 0
    assert capsys.readouterr().out.count("both.npy, line") == 2
    pictures = sorted((tmp_path / "seen").iterdir())
    assert len(pictures) == 2
    for picture in pictures:
        with Image.open(picture) as image:
            assert image.format == "PNG"
    (clip, _) = run.task.read_inputs(str(data))
    (unread,) = throughtime.predict(run, [Clip(clip.frames, None)])
    with pytest.raises(ThroughtimeError, match="found no such file, expected the clip that was answered"):
        run.task.draw(unread, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


MISTAKES = [
    ("nowhere.mp4", "found nothing"),
    ("wide.csv", "found vectors of 3 numbers, expected vectors of 2 numbers as in training"),
    ("clip.webm", "found pictures, expected vectors of 2 numbers as in training"),
    ("text.mp4", "found no video"),
    ("words.csv", "found 'b'"),
]


@pytest.mark.parametrize(("name", "sentence"), MISTAKES, ids=[name for name, _ in MISTAKES])
def test_mistakes_of_predict_are_one_sentence(
    run: throughtime.Run, tmp_path: Path, name: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wide.csv").write_text("1,2,3\n4,5,6\n")
    (tmp_path / "words.csv").write_text("1,2\n3,b\n")
    (tmp_path / "text.mp4").write_text("no film\n" * 99)
    write_video(tmp_path / "clip.webm", np.zeros((4, 32, 32, 3), dtype=np.uint8))
    assert main(["predict", str(run.folder.path), str(tmp_path / name)]) == 2
    error = capsys.readouterr().err.replace("\n", " ")
    assert sentence in error
    assert name in error
    assert "Traceback" not in error


def test_broken_features_are_named(run: throughtime.Run, tmp_path: Path) -> None:
    task = Video(VideoSettings(), tmp_path)
    with pytest.raises(DataError, match="no features of a video run"):
        task.load_features(tmp_path)
    (tmp_path / "learned.json").write_text((run.folder.features / "learned.json").read_text())
    with pytest.raises(DataError, match=r"single_frames.npz: found no baseline of single frames"):
        task.load_features(tmp_path)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["a/1.csv", "a/2.csv"], "found only the class 'a'"),
        (["a/1.csv", "b/1.csv"], "at least 3 of one"),
        ([], "no clips in folders"),
    ],
)
def test_what_cannot_be_learned_leaves_no_run(tmp_path: Path, files: list[str], says: str) -> None:
    (tmp_path / "data").mkdir()
    for name in files:
        (tmp_path / "data" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "data" / name).write_text("1,2\n3,4\n")
    with pytest.raises(ThroughtimeError, match=says):
        throughtime.train("video", tmp_path / "data", out=tmp_path / "run", quiet=True, epochs=1, **SMALL)
    assert not (tmp_path / "run").exists()


def test_given_test_parts_are_kept_and_each_class_is_validated(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for part, count in (("train", 20), ("test", 7)):
        labels = ["rise", "fall"] * count
        frames = np.stack([sweep(label, random)[:12] for label in labels])
        np.save(tmp_path / f"X_{part}.npy", frames)
        np.save(tmp_path / f"y_{part}.npy", np.array(labels))
    task = Video(VideoSettings(), tmp_path)
    splits = task.read_splits(tmp_path)
    assert [clip.line for clip in task.read(tmp_path)] == [clip.line for clip in splits.test]  # to evaluate the folder
    assert {clip.path.name for clip in splits.test} == {"X_test.npy"}
    assert [len(part) for part in (splits.train, splits.valid, splits.test)] == [34, 6, 14]
    assert sorted(str(clip.label) for clip in splits.valid) == ["fall"] * 3 + ["rise"] * 3
    lines = [{clip.line for clip in part} for part in (splits.train, splits.valid)]
    assert lines[0] | lines[1] == set(range(1, 41))


# -- clips of pictures -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_learns_motion_from_encoded_clips(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("left", "right"):
        (tmp_path / "clips" / label).mkdir(parents=True)
        for index in range(80):
            write_video(tmp_path / "clips" / label / f"{index}.mp4", render(label, 32, random).frames)
    asked = SMALL | {"frames": 8, "width": 8, "learning_rate": 4e-3, "size": 32, "features": 32, "hidden_size": 32}
    run = throughtime.train("video", tmp_path / "clips", out=tmp_path / "run", quiet=True, epochs=15, **asked)
    fresh = [render(label, 32, random) for label in ("left", "right") for _ in range(30)]
    report = run.task.evaluate(run.model, fresh)
    assert report.metrics["accuracy"] >= 0.9
    assert report.baselines["single frames, logistic regression"]["accuracy"] < 0.75


@pytest.mark.slow
def test_the_nine_built_in_motions_are_told_apart(tmp_path: Path) -> None:
    run = throughtime.train("video", out=tmp_path / "run", quiet=True, epochs=14, threads=1)
    report = run.folder.read_report()
    assert report.metrics["accuracy"] >= 0.8
    assert report.baselines["single frames, logistic regression"]["accuracy"] < 0.25
    assert [row[0] for row in report.tables[0].rows] == sorted(MOTIONS)


# -- models ------------------------------------------------------------------------------------------------------


def test_pictures_show_what_moves_whatever_the_ground() -> None:
    torch.manual_seed(0)
    encoder = PictureEncoder(16, 4, 6)
    clips = torch.randint(0, 100, (2, 3, 16, 16, 3), dtype=torch.uint8)
    together = encoder(clips)
    for row in range(2):
        torch.testing.assert_close(together[row], encoder(clips[row : row + 1])[0])
    moved = [encoder.moved.register_forward_hook(lambda _module, _inputs, output: seen.append(output))]
    seen: list[torch.Tensor] = []
    encoder(clips)
    encoder(clips + 50)  # another brightness
    encoder(clips[:, :1].expand(-1, 3, -1, -1, -1))  # nothing moves
    moved[0].remove()
    torch.testing.assert_close(seen[0], seen[1], atol=1e-4, rtol=1e-4)
    still = seen[2].unflatten(0, (2, 3))
    torch.testing.assert_close(still[0, 0], still[1, 2])
    assert (seen[0] - seen[2]).abs().max() > 0.1
    with pytest.raises(ArgumentError, match="size 4"):
        PictureEncoder(4, 4, 6)


def test_vectors_are_encoded_with_their_change() -> None:
    encoder = VectorEncoder(2, 5)
    vectors = torch.randn(1, 4, 2)
    expected = torch.relu(encoder.layer(torch.cat([vectors[0, 2], vectors[0, 2] - vectors[0, 1]])))
    torch.testing.assert_close(encoder(vectors)[0, 2], expected)
    first = torch.relu(encoder.layer(torch.cat([vectors[0, 0], torch.zeros(2)])))
    torch.testing.assert_close(encoder(vectors)[0, 0], first)


def test_single_frames_agree_with_scikit_learn_and_know_no_order(tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    clips = [random.standard_normal((5, 3)) + n % 3 for n in range(30)]
    classes = [n % 3 for n in range(30)]
    SingleFrames.fit(clips, classes).save(tmp_path / "one.npz")
    found = SingleFrames.load(tmp_path / "one.npz")
    frames = np.concatenate(clips)
    scaled = (frames - frames.mean(axis=0)) / (frames.std(axis=0) + 1e-6)
    expected = LogisticRegression(C=0.1, max_iter=1000).fit(scaled, np.repeat(classes, 5))
    logs = expected.predict_log_proba(scaled).reshape(30, 5, 3).mean(axis=1)
    assert [found.answer(clip) for clip in clips] == logs.argmax(axis=1).tolist()
    assert [found.answer(clip[::-1]) for clip in clips] == [found.answer(clip) for clip in clips]


def test_features_of_a_picture_are_its_fields_and_colours() -> None:
    frames = np.zeros((1, 16, 16, 3), dtype=np.uint8)
    frames[0, :2, 2:4, 0] = 240
    features = frame_features(frames)
    assert features.shape == (1, 64 + 3 + 3)
    assert features[0, :3].tolist() == [0, 80, 0]  # the second field of the first row, a third of white
    assert features[0, 64] == pytest.approx(240 * 4 / 256)
