"""Sequences and clips as the archives, the frameworks and people lay them out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import throughtime
from throughtime.cli.main import main
from throughtime.data.findings import Findings
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.files import Reading, read_inputs, read_labelled
from throughtime.tasks.video.clips.video import read_video, write_video

READING = Reading(size=16)


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def save(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)
    return path


def listed(clips: list[Clip]) -> list[tuple[str | None, list[list[float]]]]:
    return [(clip.label, clip.frames.tolist()) for clip in clips]


def said(checked: throughtime.Checked) -> str:
    return "\n".join(f"{finding.level}: {finding}" for finding in checked.task.findings)


# -- many sequences in one file ----------------------------------------------------------------------------------

ONE = [("a", [[1.0], [2.0], [3.0], [4.0], [5.0], [6.5]]), ("b", [[6.0], [5.0], [4.0], [3.0], [2.0], [1.5]])] * 2
ROWS = [",".join([label, *(f"{value[0]:g}" for value in values)]) for label, values in ONE]
TABLES = {
    "ucr.tsv": "\n".join(ROWS).replace(",", "\t").replace("a\t", "1\t").replace("b\t", "2\t"),
    "ucr.txt": "\n".join(ROWS).replace(",", "  ").replace("a ", "1 ").replace("b ", "2 "),
    "names.csv": "\n".join(ROWS),
    "last.csv": "\n".join(row[2:] + row[1] + row[0] for row in ROWS),
    "wide.csv": "t0,t1,t2,t3,t4,t5,label\n" + "\n".join(row[2:] + row[1] + row[0] for row in ROWS),
    "decimal.csv": "\n".join(ROWS).replace(",", ";").replace(".", ","),
    "long.csv": "label,value,time,id\n"
    + "\n".join(f"{label},{v[0]},{9 - at},{n}" for n, (label, vs) in enumerate(ONE) for at, v in enumerate(vs[::-1])),
    "uni.arff": "% made\n@relation x\n@attribute t1 numeric\n@attribute t2 REAL\n@attribute 't 3' real\n"
    "@attribute t4 real\n@attribute t5 real\n@attribute t6 real\n@attribute target {a,b}\n@data\n"
    + "\n".join(row[2:] + row[1] + row[0] for row in ROWS),
}


@pytest.mark.parametrize("name", TABLES)
def test_series_of_one_dimension_say_the_same_whatever_the_file(tmp_path: Path, name: str) -> None:
    found = listed(read_labelled(write(tmp_path / name, TABLES[name] + "\n"), READING))
    numbered = name.startswith("ucr")
    assert found == [({"a": "1", "b": "2"}[label] if numbered else label, values) for label, values in ONE]


def test_series_of_several_dimensions_and_missing_values(tmp_path: Path) -> None:
    head = (
        "@relation x\n@attribute dims relational\n@attribute t1 real\n@attribute t2 real\n@attribute t3 real\n@end dims"
    )
    content = f"{head}\n@attribute c {{yes,no}}\n@data\n'1,2,3\\n4,?,6',yes\n'0,0,0\\n1,1,1',no\n"
    found = listed(read_labelled(write(tmp_path / "a.arff", content), READING))
    assert found == [("yes", [[1, 4], [2, 5], [3, 6]]), ("no", [[0, 1], [0, 1], [0, 1]])]
    shorter = write(tmp_path / "a.tsv", "1\t1\t2\t3\t4\t5\t6\n2\t6\t5\t4\t3\tNaN\tNaN\n1\t1\t2\t3\t4\t5\t6\n")
    assert [len(clip.frames) for clip in read_labelled(shorter, READING)] == [6, 4, 6]  # padded to one length


def test_a_long_table_with_two_classes_for_one_sequence_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,time,x,label\n1,0,5,a\n1,1,6,b\n2,0,5,a\n")
    with pytest.raises(DataError, match="line 2: found the sequence '1' with 2 classes, expected one"):
        read_labelled(path, READING)
    path = write(tmp_path / "a.csv", "id,time,x,label\n1,0,5,a\n1,0,6,a\n2,0,5,a\n")
    with pytest.raises(DataError, match="line 3: found the time 0 of the sequence '1' twice"):
        read_labelled(path, READING)


def test_arrays_of_two_to_five_axes(tmp_path: Path) -> None:
    joints = np.random.default_rng(0).standard_normal((4, 9, 5, 3))  # sequences, steps, joints, coordinates
    shapes = {
        "two": (joints[:, :, 0, 0], joints[:, :, :1, 0]),
        "four": (joints, joints.reshape(4, 9, 15)),
        "five": (joints.transpose(0, 3, 1, 2)[..., None], joints.reshape(4, 9, 15)),
    }
    for name, (values, expected) in shapes.items():
        save(tmp_path / name / "X.npy", values)
        save(tmp_path / name / "y.npy", np.array([[1, 0], [0, 1], [1, 0], [0, 1]]))  # one-hot
        clips = read_labelled(tmp_path / name / "X.npy", READING)
        np.testing.assert_allclose([clip.frames for clip in clips], expected, rtol=1e-6)
        assert [clip.label for clip in clips] == ["0", "1", "0", "1"]


def test_an_npz_file_brings_its_splits(tmp_path: Path) -> None:
    random, path = np.random.default_rng(0), tmp_path / "all.npz"
    parts = {name: random.standard_normal((count, 7, 2)) for name, count in (("train", 20), ("test", 6))}
    arrays = {f"x_{name}": values for name, values in parts.items()}
    np.savez(path, **arrays, **{f"y_{name}": np.arange(len(v)) % 2 for name, v in parts.items()})
    checked = throughtime.check("video", path)
    assert [len(part) for _, part in checked.splits.items()] == [16, 4, 6]
    np.testing.assert_allclose([clip.frames for clip in checked.splits.test], parts["test"], rtol=1e-6)
    assert "splits: test as given by x_test" in said(checked)
    np.savez(tmp_path / "one.npz", X=parts["train"], y=np.arange(20) % 2)
    assert len(read_labelled(tmp_path / "one.npz", READING)) == 20
    np.savez(tmp_path / "bare.npz", X=parts["train"])
    with pytest.raises(DataError, match="an array without labels"):
        read_labelled(tmp_path / "bare.npz", READING)
    np.savez(tmp_path / "objects.npz", X=np.array([{}]), y=np.array([1]))
    with pytest.raises(DataError, match="no readable arrays"):
        read_labelled(tmp_path / "objects.npz", READING)


# -- skeletons ---------------------------------------------------------------------------------------------------


def skeletons(random: np.random.Generator, steps: int = 12, joints: int = 20) -> np.ndarray:
    """(T, J, 3): joints that stay where they are in a body that walks."""
    body, way = 3 * random.standard_normal((joints, 3)), np.linspace(0, 1, steps)[:, None, None]
    return body + way + 0.01 * random.standard_normal((steps, joints, 3))


def test_joints_have_an_axis_a_line_or_a_row_and_an_origin(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("wave", "nod"):
        for number in range(10):
            values = skeletons(random)
            save(tmp_path / "axis" / label / f"{number}.npy", values)
            write(tmp_path / "line" / label / f"{number}.txt.csv", "").unlink()
            rows = "\n".join(" ".join(f"{value:.9g}" for value in joint) for step in values for joint in step)
            write(tmp_path / "line" / label / f"{number}.csv", rows + "\n")
    by_axis = throughtime.check("video", tmp_path / "axis")
    assert {clip.frames.shape for clip in by_axis.splits.train} == {(12, 60)}
    unaware = throughtime.check("video", tmp_path / "line")
    assert "--joints 20 makes 20 rows a step" in said(unaware)
    told = throughtime.check("video", tmp_path / "line", joints=20, origin=3)
    clips = {(clip.label, clip.path.stem): clip.frames for clip in by_axis.splits.train}
    other = next(clip for clip in told.splits.train if (clip.label, clip.path.stem) in clips)
    placed = clips[other.label, other.path.stem].reshape(12, 20, 3)
    np.testing.assert_allclose(other.frames.reshape(12, 20, 3), placed - placed[:, 2:3], atol=1e-5)
    assert not other.frames.reshape(12, 20, 3)[:, 2].any()
    with pytest.raises(DataError, match="240 rows of 3 numbers, expected skeletons of 21 joints"):
        throughtime.check("video", tmp_path / "line", joints=21)
    with pytest.raises(ThroughtimeError, match="--origin without --joints"):
        throughtime.check("video", tmp_path / "line", origin=1)


def test_one_person_stays_on_one_side_of_a_split(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("wave", "nod"):
        for number in range(24):
            save(tmp_path / "a" / label / f"a01_s{number % 8:02}_e{number}.npy", random.standard_normal((5, 2)))
    checked = throughtime.check("video", tmp_path / "a")
    assert "groups: 8 by the names of the files (s" in said(checked)
    groups = [{clip.path.stem[4:7] for clip in part} for _, part in checked.splits.items()]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    told = throughtime.check("video", tmp_path / "a", group=r"e\d*(\d)\.")
    groups = [{clip.path.stem[-1] for clip in part} for _, part in told.splits.items()]
    assert not groups[0] & groups[2]
    for name, numbers in (("train", range(16)), ("test", range(16, 24))):
        for number in numbers:
            for label in ("wave", "nod"):
                old = tmp_path / "a" / label / f"a01_s{number % 8:02}_e{number}.npy"
                new = tmp_path / "given" / name / label / old.name
                new.parent.mkdir(parents=True, exist_ok=True)
                old.rename(new)
    given = throughtime.check("video", tmp_path / "given", group=r"_(s\d+)_")
    assert "suspicious: groups: a clip of the test split whose group (person, scene) is learned from, 14 times" in said(
        given
    )


def test_columns_of_subjects_are_groups(tmp_path: Path) -> None:
    rows = [f"{n},{t},{n + t},{'ab'[n % 2]},p{n // 4}" for n in range(40) for t in range(3)]
    path = write(tmp_path / "a.csv", "id,time,x,label,subject\n" + "\n".join(rows) + "\n")
    checked = throughtime.check("video", path)
    people = [{clip.group for clip in part} for _, part in checked.splits.items()]
    assert sum(map(len, people)) == 10


# -- clips -------------------------------------------------------------------------------------------------------


def grey(level: int, size: int = 16) -> np.ndarray:
    return np.full((size, size, 3), level, np.uint8)


def picture(path: Path, level: int) -> None:
    """A PNG file of one grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width = stream.height = 16
        stream.pix_fmt = "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(grey(level), format="rgb24")))
        container.mux(stream.encode())


def test_folders_of_pictures_are_clips(tmp_path: Path) -> None:
    for label, levels in (("up", range(0, 220, 20)), ("down", range(200, -20, -20))):
        for clip in ("x", "y"):
            for number, level in enumerate(levels):
                picture(tmp_path / label / clip / f"img_{number}.png", level)
    clips = read_labelled(tmp_path, READING)
    assert [clip.label for clip in clips] == ["down", "down", "up", "up"]
    assert clips[2].frames[:, 0, 0, 0].tolist() == list(range(0, 220, 20))  # 10 after 9, not after 1
    manifest = write(tmp_path / "list.csv", "name,label\nup/x,rises\ndown/y,falls\n")
    assert [(clip.label, len(clip.frames)) for clip in read_labelled(manifest, READING)] == [
        ("rises", 11),
        ("falls", 11),
    ]
    (clip,) = read_inputs(tmp_path / "up" / "x", READING)
    assert len(clip.frames) == 11
    (tmp_path / "up" / "x" / "img_3.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(DataError, match=r"img_3.png: found no picture that can be read"):
        read_labelled(tmp_path, READING)


def test_frames_are_chosen_by_their_times(tmp_path: Path) -> None:
    path = tmp_path / "uneven.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for number, second in enumerate([0.0, 0.1, 0.2, 0.3, 0.9, 1.0, 1.1]):  # stands still for half a second
            frame = av.VideoFrame.from_ndarray(grey(30 * number, 32), format="rgb24")
            frame.pts, frame.time_base = round(30 * second), Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    findings = Findings()
    seen = read_video(path, 16, findings=findings)[:, 0, 0, 0].astype(float)
    np.testing.assert_allclose(seen, [0, 30, 60, 90, 90, 90, 90, 90, 90, 120, 150, 180], atol=6)
    assert any("chosen by their times" in str(finding) for finding in findings)


def test_lists_of_ucf_and_kinetics(tmp_path: Path) -> None:
    frames = np.stack([grey(level) for level in range(0, 200, 25)])
    ucf, kinetics = tmp_path / "ucf", tmp_path / "kinetics"
    for label in ("Walk", "Run"):
        for group in range(1, 5):
            clip = ucf / "UCF-101" / label / f"v_{label}_g{group:02}_c01.avi"
            clip.parent.mkdir(parents=True, exist_ok=True)
            write_video(clip, frames)
    lines = [f"{label}/v_{label}_g{group:02}_c01.avi" for label in ("Walk", "Run") for group in range(1, 5)]
    train = write(
        ucf / "lists" / "trainlist01.txt", "\n".join(f"{line} 1" for line in lines if "g04" not in line) + "\n"
    )
    test = write(ucf / "lists" / "testlist01.txt", "\n".join(line for line in lines if "g04" in line) + "\n")
    checked = throughtime.check("video", train=train, test=test)
    assert [[clip.label for clip in part] for _, part in checked.splits.items()][2] == ["Walk", "Run"]
    assert "splits: valid is not given: cut from train" in said(checked)
    for key, label in (("aa-b", "to walk"), ("ccc", "running")):
        clip = kinetics / "videos" / label / f"{key}_000003_000013.mp4"
        clip.parent.mkdir(parents=True, exist_ok=True)
        write_video(clip, frames)
    rows = "label,youtube_id,time_start,time_end\nto walk,aa-b,3,13\nrunning,ccc,3.0,13.0\nrunning,gone,0,10\n"
    annotations = write(kinetics / "annotations" / "train.csv", rows)
    with pytest.raises(DataError, match=r"line 4: found 'running/gone_000000_000010.mp4', which is not there"):
        read_labelled(annotations, READING)
    findings = Findings()
    clips = read_labelled(annotations, Reading(16, skip_broken=True), findings)
    assert [clip.label for clip in clips] == ["to walk", "running"]
    assert any("broken files" in str(finding) for finding in findings)


def test_all_broken_clips_are_named_at_once_or_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    for label in ("a", "b"):
        for number in range(12):
            save(tmp_path / "clips" / label / f"{label}{number}.npy", random.standard_normal((4, 2)))
        (tmp_path / "clips" / label / f"{label}0.npy").write_bytes(b"\x93NUMPY, cut off")
    assert main(["check", "video", str(tmp_path / "clips")]) == 2
    error = capsys.readouterr().err
    assert "found 2 of 24 files that cannot be read, expected none (--skip-broken leaves them out)" in error
    assert "a0.npy" in error
    assert "b0.npy" in error
    checked = throughtime.check("video", tmp_path / "clips", skip_broken=True)
    assert sum(len(part) for _, part in checked.splits.items()) == 22
    (finding,) = (one for one in checked.to_json()["findings"] if one["subject"] == "broken files")
    assert finding["count"] == 2
    assert [Path(place[0]).name for place in finding["places"]] == ["a0.npy", "b0.npy"]


def test_a_split_beside_a_folder_of_the_same_make_is_no_class(tmp_path: Path) -> None:
    for split in ("train", "holdout"):
        for label in ("a", "b"):
            save(tmp_path / split / label / "1.npy", np.zeros((3, 2)))
    with pytest.raises(DataError, match="found train beside holdout, which no split is called"):
        throughtime.check("video", tmp_path)


def test_a_column_that_counts_is_no_feature(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.csv", "frame,x,y\n5,1,2\n6,3,4\n7,5,6\n")
    write(tmp_path / "b" / "1.csv", "frame;x;y\n0;1,5;2\n1;3;4\n")
    assert [clip.frames.tolist() for clip in read_labelled(tmp_path, READING)] == [
        [[1, 2], [3, 4], [5, 6]], [[1.5, 2], [3, 4]],
    ]  # fmt: skip
