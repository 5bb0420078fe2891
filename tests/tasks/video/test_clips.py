from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from throughtime.errors import DataError
from throughtime.tasks.video.clips.arrays import read_vectors
from throughtime.tasks.video.clips.files import Reading, read_inputs, read_labelled
from throughtime.tasks.video.clips.splits import given_splits
from throughtime.tasks.video.clips.timeseries import read_ts
from throughtime.tasks.video.clips.video import read_video, write_video

READING = Reading(size=16)
HEAD = "@problemName toy\n@timeStamps false\n@univariate false\n@dimensions 2\n@classLabel true a b\n@data\n"


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def ramp(frames: int, size: int = 32) -> np.ndarray:
    """Grey pictures, each a little brighter."""
    levels = np.linspace(20, 230, frames).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (frames, size, size, 3)).copy()


# -- video files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv", ".avi", ".mov"])
def test_what_was_encoded_is_read_in_order(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    write_video(path, ramp(20))
    frames = read_video(path, 16)
    assert frames.shape == (20, 16, 16, 3)
    assert frames.dtype == np.uint8
    np.testing.assert_allclose(frames.mean(axis=(1, 2, 3)), np.linspace(20, 230, 20), atol=4)


def test_long_clips_are_thinned_evenly(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", ramp(100))
    brightness = read_video(tmp_path / "clip.mp4", 16, most=32).mean(axis=(1, 2, 3))
    assert 16 <= len(brightness) <= 32
    steps = np.diff(brightness)
    assert steps.min() > 0.7 * steps.mean()
    assert brightness[0] < 25
    assert brightness[-1] > 220


def test_a_moving_picture_keeps_its_place_and_colour(tmp_path: Path) -> None:
    frames = np.zeros((8, 32, 32, 3), dtype=np.uint8)
    for index in range(8):
        frames[index, 8:16, 4 * index : 4 * index + 4, 0] = 255
    write_video(tmp_path / "clip.webm", frames)
    found = read_video(tmp_path / "clip.webm", 32)
    for index, frame in enumerate(found):
        row, column = np.unravel_index(frame[..., 0].argmax(), (32, 32))
        assert 8 <= row < 16
        assert 4 * index - 2 <= column < 4 * index + 6
        assert frame[12, 4 * index + 2, 0] > frame[12, 4 * index + 2, 1] + 60


BROKEN_VIDEOS = [
    ("empty", lambda _: b"", "an empty file"),
    ("text", lambda _: b"this is no video\n" * 50, "no video"),
    ("cut before its index", lambda whole: whole[: len(whole) // 2], "no video"),
    ("head alone", lambda whole: whole[:100], "no video"),
    ("zeros", lambda _: bytes(5000), "no video"),
    ("a picture's head", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(50), "no video"),
]


@pytest.mark.parametrize(("name", "damage", "sentence"), BROKEN_VIDEOS, ids=[row[0] for row in BROKEN_VIDEOS])
def test_broken_video_is_one_sentence(tmp_path: Path, name: str, damage: object, sentence: str) -> None:
    write_video(tmp_path / "whole.mp4", ramp(20))
    path = write(tmp_path / "clip.mp4", damage((tmp_path / "whole.mp4").read_bytes()))  # type: ignore[operator]
    with pytest.raises(DataError, match=sentence) as error:
        read_video(path, 16)
    assert str(error.value).startswith(f"{path}: found ")
    assert "\n" not in str(error.value)


def test_other_files_are_no_videos(tmp_path: Path) -> None:
    sound = b"RIFF" + struct.pack("<I", 36 + 800) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    cases = {
        write(tmp_path / "a.wav", sound + b"data" + struct.pack("<I", 800) + bytes(800)): "without a video stream",
        write(tmp_path / "a.txt", "lines of text\n" * 30): "a text file",
        tmp_path: "a folder",
        tmp_path / "nowhere.mp4": "nothing",
    }
    for path, sentence in cases.items():
        with pytest.raises(DataError, match=sentence):
            read_video(path, 16)


# -- sequences of vectors ----------------------------------------------------------------------------------------


def test_ts_of_unequal_lengths_with_missing_values(tmp_path: Path) -> None:
    path = write(tmp_path / "toy.ts", "# made by hand\n" + HEAD + "1,2,?,4:5,6,7,8:a\n\n1,2:?,3:b\n")
    first, second = read_ts(path)
    assert first.frames.tolist() == [[1, 5], [2, 6], [3, 7], [4, 8]]
    assert (first.label, first.line) == ("a", 8)
    assert second.frames.tolist() == [[1, 3], [2, 3]]


MALFORMED_TS = [
    ("empty", "", "an empty file"),
    ("no data", HEAD.replace("@data\n", ""), "no line @data"),
    ("no cases", HEAD, "no cases after @data"),
    ("a word", HEAD + "1,2:3,four:a\n", "line 7: found '3,four' in dimension 2"),
    ("ragged dimensions", HEAD + "1,2:3,4,5:a\n", "line 7: found 3 values in dimension 2, expected 2"),
    ("another number of dimensions", HEAD + "1,2:3,4:a\n1,2:a\n", "line 8: found 1 dimensions, expected 2"),
    ("unknown class", HEAD + "1,2:3,4:c\n", "line 7: found the label 'c', expected one of a, b"),
    ("no colon", HEAD + "1,2,3,4\n", "line 7: found no colon"),
    ("time stamps", HEAD.replace("Stamps false", "Stamps true") + "1:2:a\n", "series with time stamps"),
    ("no classes", HEAD.replace(" a b", "") + "1:2:a\n", "found no classes"),
    ("unlabelled", HEAD.replace("true a b", "false") + "1,2:3,4\n", "@classLabel false"),
    ("text", "a poem\nof two lines\n", "line 1: found 'a poem' before @data"),
    ("infinite", HEAD + "1,inf:3,4:a\n", "line 7: found a value beyond 1e12"),
    ("nothing known", HEAD + "?,?:?,?:a\n", "line 7: found no value at all"),
    ("binary", "@data\n\0\0", "binary file"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), MALFORMED_TS, ids=[row[0] for row in MALFORMED_TS])
def test_malformed_ts_is_one_sentence_with_its_line(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    path = write(tmp_path / "toy.ts", content)
    with pytest.raises(DataError, match=sentence) as error:
        read_ts(path)
    assert str(path) in str(error.value)


def test_tables_and_arrays_of_vectors(tmp_path: Path) -> None:
    with_head = write(tmp_path / "a.csv", "ax,ay\n1,2\n,4\n5,nan\n")
    assert read_vectors(with_head).tolist() == [[1, 2], [3, 4], [5, 4]]
    assert read_vectors(write(tmp_path / "b.csv", "1;2\n3;4\n")).tolist() == [[1, 2], [3, 4]]
    np.save(tmp_path / "c.npy", np.arange(6, dtype=np.int32).reshape(3, 2))
    assert read_vectors(tmp_path / "c.npy").tolist() == [[0, 1], [2, 3], [4, 5]]
    np.save(tmp_path / "d.npy", np.arange(3.0))
    assert read_vectors(tmp_path / "d.npy").shape == (3, 1)


def test_arrays_with_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "X_train.npy", np.arange(12.0).reshape(2, 3, 2))
    np.save(tmp_path / "y_train.npy", np.array([[3], [1]], dtype=np.uint8))
    first, second = read_labelled(tmp_path / "X_train.npy", READING)
    assert (first.label, second.label, second.line) == ("3", "1", 2)
    assert second.frames.tolist() == [[6, 7], [8, 9], [10, 11]]
    assert [clip.label for clip in read_inputs(tmp_path / "X_train.npy", READING)] == [None, None]


def test_malformed_arrays_and_tables_are_one_sentence(tmp_path: Path) -> None:
    np.save(tmp_path / "deep.npy", np.zeros((2, 2, 2, 2)))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "names.npy", np.array(["a"]))
    np.save(tmp_path / "infinite.npy", np.array([[1.0, np.inf]]))
    np.save(tmp_path / "unknown.npy", np.full((2, 2), np.nan))
    np.save(tmp_path / "none.npy", np.zeros((0, 2)))
    whole = (tmp_path / "deep.npy").read_bytes()
    cases = {
        tmp_path / "deep.npy": r"shape \(2, 2, 2, 2\)",
        tmp_path / "objects.npy": "no readable array",
        tmp_path / "names.npy": "an array of <U1",
        tmp_path / "infinite.npy": "beyond 1e12",
        tmp_path / "unknown.npy": "no value at all",
        tmp_path / "none.npy": r"shape \(0, 2\)",
        write(tmp_path / "cut.npy", whole[:150]): "no readable array",
        write(tmp_path / "text.npy", "1,2\n"): "no array",
        write(tmp_path / "ragged.csv", "1,2\n3,4,5\n"): "line 2: found 3 columns, expected 2",
        write(tmp_path / "word.csv", "1,2\n3,four\n"): "line 2: found 'four'",
        write(tmp_path / "head.csv", "a,b\n"): "a head line and no rows",
    }
    for path, sentence in cases.items():
        with pytest.raises(DataError, match=sentence):
            read_vectors(path)
    np.save(tmp_path / "X.npy", np.zeros((2, 3, 1)))
    with pytest.raises(DataError, match=r"no y.npy beside it"):
        read_labelled(tmp_path / "X.npy", READING)
    np.save(tmp_path / "y.npy", np.array([1, 2, 3]))
    with pytest.raises(DataError, match="found 3 labels, expected 2"):
        read_labelled(tmp_path / "X.npy", READING)


# -- folders and manifests ---------------------------------------------------------------------------------------


def test_folders_and_manifests_name_the_classes(tmp_path: Path) -> None:
    write(tmp_path / "walk" / "1.csv", "1,2\n3,4\n")
    write(tmp_path / "run" / "deep" / "2.csv", "5,6\n")
    write(tmp_path / "notes.txt", "not a clip")
    assert [clip.label for clip in read_labelled(tmp_path, READING)] == ["run", "walk"]
    manifest = write(tmp_path / "all.csv", "label,path\nw,walk/1.csv\nr,run/deep/2.csv\n")
    assert [(clip.label, len(clip.frames)) for clip in read_labelled(manifest, READING)] == [("w", 2), ("r", 1)]


def test_folders_and_manifests_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no clips in folders"):
        read_labelled(tmp_path, READING)
    write(tmp_path / "a" / "1.csv", "1,2\n")
    mixed = write(tmp_path / "b" / "2.csv", "1,2,3\n")
    with pytest.raises(DataError, match="found vectors of 3 numbers, expected vectors of 2 numbers as in") as error:
        read_labelled(tmp_path, READING)
    assert error.value.path == mixed
    cases = {
        "who,what\na/1.csv,x\n": "found the columns who, what, expected path,label",
        "path,label\n": "a head line and no rows",
        "path,label\na/1.csv\n": "line 2: found 1 column, expected 2",
        "path,label\na/1.csv,\n": "line 2: found no label",
        "path,label\nnowhere.mp4,x\n": "line 2: found 'nowhere.mp4', which is not there",
    }
    for content, sentence in cases.items():
        with pytest.raises(DataError, match=sentence):
            read_labelled(write(tmp_path / "m.csv", content), READING)
    for path, sentence in ((tmp_path / "none", "found nothing"), (write(tmp_path / "x.mp4", "x"), "a single .mp4")):
        with pytest.raises(DataError, match=sentence):
            read_labelled(path, READING)
    (tmp_path / "void").mkdir()
    with pytest.raises(DataError, match="a folder without clips"):
        list(read_inputs(tmp_path / "void", READING))


def test_archives_bring_their_splits(tmp_path: Path) -> None:
    assert given_splits(tmp_path) is None
    for name in ("toy_TRAIN.ts", "toy_TEST.ts"):
        write(tmp_path / name, HEAD + "1:2:a\n")
    assert given_splits(tmp_path) == {"train": tmp_path / "toy_TRAIN.ts", "test": tmp_path / "toy_TEST.ts"}
    for name in ("Train", "val"):
        (tmp_path / "other" / name / "walk").mkdir(parents=True)
    folders = {"train": tmp_path / "other" / "Train", "valid": tmp_path / "other" / "val"}
    assert given_splits(tmp_path / "other") == folders
    # manifests, where the folders hold clips and no classes
    for name in ("train", "test"):
        write(tmp_path / "lists" / name / "1.csv", "1,2\n")
        write(tmp_path / "lists" / f"{name}.csv", f"path,label\n{name}/1.csv,walk\n")
    lists = given_splits(tmp_path / "lists") or {}
    assert [path.name for path in lists.values()] == ["train.csv", "test.csv"]


def test_a_drawing_named_as_a_video_is_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect/></svg>')
    with pytest.raises(DataError, match=r"a\.mp4: found (pictures of a kind for which there is no decoder|no video)"):
        read_video(path, 8)
