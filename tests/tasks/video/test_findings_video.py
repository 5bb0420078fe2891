"""What `throughtime check video` says of strangers' files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import throughtime
from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.tasks.video.clips.arrays import read_vectors
from throughtime.tasks.video.clips.video import read_video, write_video


def wave(steps: int, features: int, random: np.random.Generator) -> np.ndarray:
    """Smooth along time, of another phase and height in each feature."""
    time = np.linspace(0, 6, steps)[:, None]
    values = np.sin(time + random.uniform(0, 6, features)) + 3 * random.standard_normal(features)
    return np.asarray(values + 0.01 * random.standard_normal((steps, features)), dtype=np.float32)


def write_classes(folder: Path, count: int = 16, steps: int = 20, features: int = 3, seed: int = 0) -> Path:
    random = np.random.default_rng(seed)
    for label in ("wave", "nod"):
        (folder / label).mkdir(parents=True)
        for index in range(count):
            np.save(folder / label / f"{label} {index}.npy", wave(steps, features, random))
    return folder


def seen(path: Path, **settings: object) -> dict[str, list[str]]:
    """What was found, by level."""
    checked = throughtime.check("video", path, **settings)
    levels: dict[str, list[str]] = {"suspicious": [], "left out": [], "taken": []}
    for finding in checked.task.findings:
        levels[finding.level].append(str(finding))
    return levels


def test_clean_folder_has_nothing_suspicious(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "video", str(write_classes(tmp_path / "clips"))]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "axes: an array (steps, features)" in said
    assert "classes: the names of the folders" in said
    assert "splits: drawn from each class by the seed 0: 15% valid, then 15% test" in said


@pytest.mark.parametrize("names", [("train", "val"), ("Train", "Test"), ("training", "dev", "testing")])
def test_named_folders_are_splits_and_no_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    for seed, name in enumerate(names):
        write_classes(tmp_path / name, seed=seed)
    checked = throughtime.check("video", tmp_path)
    assert set(checked.summaries["train"].classes) == {"wave", "nod"}
    origins = {split: {clip.path.parents[1].name for clip in clips} for split, clips in checked.splits.items()}
    assert origins["train"] == {names[0]}
    assert origins["valid"] == {names[1] if names[1] in ("val", "dev") else names[0]}
    assert origins["test"] == {names[-1] if names[-1] in ("Test", "testing") else names[0]}
    said = [finding.what for finding in checked.task.findings if finding.subject == "splits"]
    assert len(said) == 3
    assert (f"{'test' if names[1] == 'val' else 'valid'} is not given: cut from train" in said) == (len(names) == 2)


def test_manifests_may_be_splits_and_hold_commas(tmp_path: Path) -> None:
    write_classes(tmp_path / "clips")
    for file in (tmp_path / "clips").rglob("*.npy"):
        file.rename(file.with_name(file.name.replace(" ", ", ")))
    rows = [f'"clips/{label}/{label}, {index}.npy",{label},me' for index in range(16) for label in ("wave", "nod")]
    for name, part in (("train", rows[:24]), ("val", rows[24:28]), ("test", rows[28:])):
        (tmp_path / f"{name}.csv").write_text("path,label,subset\n" + "\n".join(part) + "\n")
    found = seen(tmp_path)
    assert "columns: paths in 'path', labels in 'label'" in " ".join(found["taken"])
    assert "columns: the column 'subset' is not read, 3 times" in " ".join(found["left out"])
    assert any(line.startswith("splits: a column 'subset', which is not heeded") for line in found["suspicious"])
    assert "splits: valid as given by val.csv" in found["taken"]


def test_frames_in_files_of_their_own_are_one_clip(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("hello", "thanks"):
        for sequence in range(12):
            (tmp_path / label / str(sequence)).mkdir(parents=True)
            for step, frame in enumerate(wave(11, 6, random)):
                np.save(tmp_path / label / str(sequence) / f"{step}.npy", np.append(frame, step))
    checked = throughtime.check("video", tmp_path)
    clips = [clip for _, part in checked.splits.items() for clip in part]
    assert [clip.frames.shape for clip in clips] == [(11, 7)] * 24
    assert all(clip.frames[:, 6].tolist() == list(range(11)) for clip in clips)  # 10 after 9, not after 1
    said = [str(finding) for finding in checked.task.findings]
    assert any(line.startswith("frames: arrays of one frame each, in a folder a clip") for line in said)
    assert any(line.startswith("features: number 7 of 7 only counts the rows") for line in said)


def test_numbered_series_in_a_class_are_no_frames(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(12):
            np.save(tmp_path / label / f"{number}.npy", wave(30, 1, random)[:, 0])
    checked = throughtime.check("video", tmp_path)
    assert {clip.frames.shape for clip in checked.splits.train} == {(30, 1)}
    assert "axes: an array (steps,), one number a step" in " ".join(map(str, checked.task.findings))


PANDAS = {
    "numbers for names": "0,1,2\n0.5,1.5,2.5\n3,4,5\n",
    "an index": ",0,1,2\n0,0.5,1.5,2.5\n1,3,4,5\n",
    "an index and names": ",ax,ay,az\n7,0.5,1.5,2.5\n9,3,4,5\n",
    "an index read again": "Unnamed: 0,ax,ay,az\n0,0.5,1.5,2.5\n1,3,4,5\n",
    "an index of dates": ',ax,ay,az\n"2024-05-01, noon",0.5,1.5,2.5\n"2024-05-02, noon",3,4,5\n',
    "no head line": "0.5,1.5,2.5\n3,4,5\n",
}


@pytest.mark.parametrize("case", PANDAS)
def test_head_line_and_index_of_pandas_are_no_data(tmp_path: Path, case: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(PANDAS[case])
    findings = Findings()
    assert read_vectors(path, findings=findings).tolist() == [[0.5, 1.5, 2.5], [3, 4, 5]]
    said = [str(finding) for finding in findings]
    assert any(line.startswith("index column") for line in said) == ("index" in case)
    assert any("none: the first row is the first step" in line for line in said) == (case == "no head line")


@pytest.mark.parametrize("content", ["0,1\n1,0\n1,1\n", "1,2,3\n0.5,1.5,2.5\n", ",0.5\n1,2\n"])
def test_numbers_that_may_be_data_stay_data(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    assert len(read_vectors(tmp_path / "a.csv")) == content.count("\n")


def test_a_joint_that_a_clip_never_saw_is_filled_with_the_mean_of_training(tmp_path: Path) -> None:
    data = write_classes(tmp_path / "clips")
    values = np.load(data / "nod" / "nod 3.npy")
    values[:, 1], values[4, 0] = np.nan, np.nan
    np.save(data / "nod" / "nod 3.npy", values)
    found = seen(data)
    assert any("a feature of which a clip has no value" in line and "nod 3.npy" in line for line in found["left out"])
    assert any("a missing value, filled in along time" in line for line in found["left out"])
    small = {"hidden_size": 4, "features": 4, "steps": 2, "dropout": 0.0}
    run = throughtime.train("video", data, out=tmp_path / "run", quiet=True, **small)
    (blind,) = throughtime.predict(run, [str(data / "nod" / "nod 3.npy")])
    learned = json.loads((run.folder.features / "learned.json").read_text())
    values[4, 0] = (values[3, 0] + values[5, 0]) / 2
    np.save(tmp_path / "filled.npy", np.where(np.isnan(values), np.float32(learned["mean"]), values))
    (told,) = throughtime.predict(run, [str(tmp_path / "filled.npy")])
    assert blind["probability"] == pytest.approx(told["probability"], abs=1e-5)


def test_features_that_tell_nothing(tmp_path: Path) -> None:
    data = write_classes(tmp_path / "clips")
    for file in data.rglob("*.npy"):
        values = np.load(file)
        extra = np.stack([np.full(20, 7.0), np.full(20, np.nan), 100 + 0.04 * np.arange(20)], axis=1)
        np.save(file, np.concatenate([values, extra], axis=1))
    found = seen(data)["suspicious"]
    assert "features: number 4 of 6 has one and the same value in all of training" in found
    assert "features: number 5 of 6 has no value in any clip of training" in found
    assert "features: number 6 of 6 only counts the rows (an index, a time)" in found
    assert len(found) == 3


def test_a_joint_a_line_is_suspected(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for index in range(10):
            skeleton, way = random.uniform(-1, 1, (20, 3)), wave(12, 3, random)
            rows = (skeleton + 0.1 * way[:, None]).reshape(-1, 3)
            np.savetxt(tmp_path / label / f"{index}.csv", rows, delimiter=",")
    assert any("every 20th row is alike: a joint a line?" in line for line in seen(tmp_path)["suspicious"])


def test_files_that_nobody_reads_are_counted(tmp_path: Path) -> None:
    data = write_classes(tmp_path / "clips")
    (data / "still").mkdir()
    for number in range(3):
        (data / "still" / f"{number}.jpg").write_bytes(b"x")
    (data / "nod" / "Makefile").write_text("all:\n")
    (data / "list.csv").write_text("path,label\n")
    found = seen(data)
    assert any(line.startswith("unread files: a file ending in .jpg, 3 times") for line in found["left out"])
    assert any(line.startswith("unread files: a file without an ending") for line in found["left out"])
    assert any("beside the folders of the classes" in line and "list.csv" in line for line in found["left out"])
    assert any(line.startswith("classes: a folder in which nothing could be read") for line in found["suspicious"])


def test_clips_of_one_frame_long_clips_and_squeezed_pictures(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (80, 32, 64, 3)).astype(np.uint8)
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for index in range(3):
            write_video(
                tmp_path / label / f"{index}.mp4", frames[: 80 if index else 10] // (index + 1 + (label == "b"))
            )
    write_video(tmp_path / "a" / "short.mp4", frames[:1])
    found = seen(tmp_path)
    assert any("more than 64 frames, of which 32 to 64" in line and "4 times" in line for line in found["left out"])
    assert any(line.startswith("lengths: a clip of a single frame") for line in found["suspicious"])
    assert any(line.startswith("pictures: squeezed to 32 x 32 from 2.0 : 1") for line in found["taken"])


@pytest.mark.parametrize(("quarters", "matrix"), [(3, (0, 1, -1, 0)), (1, (0, -1, 1, 0)), (2, (-1, 0, 0, -1))])
def test_what_a_phone_filmed_lying_is_turned_upright(
    tmp_path: Path, quarters: int, matrix: tuple[int, int, int, int]
) -> None:
    frames = np.zeros((5, 64, 64, 3), dtype=np.uint8)
    frames[:, :16, :40] = 250  # above, on the left
    path = tmp_path / "clip.mp4"
    write_video(path, frames)
    content = path.read_bytes()
    # a b u c d v x y w in the track header (ISO/IEC 14496-12, 8.3.2): p' = a p + c q, q' = b p + d q
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = ((value << 16) & 0xFFFFFFFF for value in matrix)
    turned = b"".join(value.to_bytes(4, "big") for value in (a, b, 0, c, d, 0, 0, 0, 1 << 30))
    path.write_bytes(content[:at] + turned + content[at + 36 :])
    findings = Findings()
    found = read_video(path, 64, findings=findings)
    upright = np.rot90(frames, quarters, axes=(1, 2))
    assert np.abs(found.astype(int) - upright).mean() < 3
    assert any(finding.subject == "rotation" for finding in findings)
