"""Labelled clips out of folders (one a class), manifests (path,label), .ts files and arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.progress import counted
from throughtime.data.tables import read_text
from throughtime.errors import DataError
from throughtime.tasks.video.clips.arrays import load_array, read_array_pair, read_vectors
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.timeseries import read_ts
from throughtime.tasks.video.clips.video import read_video

VECTORS = (".npy", ".csv", ".tsv")
VIDEOS = (".mp4", ".m4v", ".webm", ".mkv", ".avi", ".mov", ".gif", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv", ".3gp")
KNOWN = (*VIDEOS, *VECTORS, ".ts")
_PATHS = ("path", "file", "filename", "clip", "video", "name")
_LABELS = ("label", "class", "activity", "category", "action", "target")


@dataclass(frozen=True)
class Reading:
    """How clips are read.

    Args:
        size: of the pictures, squeezed to size x size.
        most: frames of a picture clip that are kept.
    """

    size: int
    most: int = 64


def read_labelled(path: Path, reading: Reading) -> list[Clip]:
    """All the clips of a folder, a manifest, a .ts file, or an array with its labels.

    Raises:
        DataError: there is nothing of that kind, or something in it cannot be read.
    """
    if path.is_dir():
        return _folder(path, reading)
    if not path.exists():
        raise DataError(path, "nothing", "a folder of clips, a manifest (path,label), a .ts file or an array X.npy")
    suffix = path.suffix.lower()
    if suffix == ".ts" and is_time_series(path):
        return read_ts(path)
    if suffix == ".npy":
        return read_array_pair(path, labels_of(path))
    if suffix in (".csv", ".tsv", ".txt"):
        return _manifest(path, reading)
    raise DataError(path, f"a single {suffix or 'file'}", "a folder of clips, or a manifest of path,label")


def read_inputs(path: Path, reading: Reading) -> Iterator[Clip]:
    """Clips to be answered for, labelled or not: of a file, or of all files in a folder."""
    if not path.is_dir():
        yield from read_one(path, reading)
        return
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in KNOWN and not file.name.startswith("."))
    if not files:
        raise DataError(path, "a folder without clips", f"files of clips ({', '.join(KNOWN)})")
    for file in files:
        yield from read_one(file, reading)


def read_one(path: Path, reading: Reading) -> list[Clip]:
    """What a file holds: one clip, or the many of a .ts file or a three-dimensional array."""
    suffix = path.suffix.lower()
    if suffix == ".ts" and path.is_file() and is_time_series(path):
        return read_ts(path, labels=False)
    if suffix == ".npy" and load_array(path).ndim == 3:
        return read_array_pair(path, None)
    if suffix in VECTORS:
        return [Clip(read_vectors(path), None, path)]
    return [Clip(read_video(path, reading.size, reading.most), None, path)]


def given_splits(folder: Path) -> tuple[Path, Path] | None:
    """A training and a test part, as archives name them: *_TRAIN.ts, X_train.npy, or folders train and test."""
    for train, test in (("_TRAIN.ts", "_TEST.ts"), ("X_train.npy", "X_test.npy")):
        for found in sorted(folder.glob(f"*{train}")):
            other = found.with_name(found.name.removesuffix(train) + test)
            if other.is_file():
                return found, other
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        return folder / "train", folder / "test"
    return None


def is_time_series(path: Path) -> bool:
    """Whether a .ts file is of the UEA archive, and not an MPEG transport stream."""
    with path.open("rb") as file:
        start = file.read(188)
    return not start.startswith(b"G") and b"\0" not in start


def labels_of(inputs: Path) -> Path | None:
    """The array of labels beside an array of sequences: y_train.npy beside X_train.npy."""
    if not inputs.name.startswith("X"):
        return None
    labels = inputs.with_name("y" + inputs.name[1:])
    if not labels.is_file():
        raise DataError(inputs, f"no {labels.name} beside it", "the labels of its sequences there")
    return labels


def _folder(folder: Path, reading: Reading) -> list[Clip]:
    pairs = [
        (file, child.name)
        for child in sorted(folder.iterdir())
        if child.is_dir() and not child.name.startswith(".")
        for file in sorted(child.rglob("*"))
        if file.suffix.lower() in KNOWN and not file.name.startswith(".")
    ]
    if not pairs:
        raise DataError(
            folder, "no clips in folders", "a folder for each class, with its clips (mp4, webm, npy, csv, ...)"
        )
    return _labelled(pairs, reading)


def _manifest(path: Path, reading: Reading) -> list[Clip]:
    lines = [(number, line) for number, line in enumerate(read_text(path).split("\n"), 1) if line.strip()]
    mark = next((mark for mark in ("\t", ";", ",") if mark in lines[0][1]), ",")
    head = [name.strip().strip('"').lower() for name in lines[0][1].split(mark)]
    at_path = next((head.index(name) for name in _PATHS if name in head), None)
    at_label = next((head.index(name) for name in _LABELS if name in head), None)
    if at_path is None or at_label is None:
        raise DataError(path, f"the columns {', '.join(head)[:60]}", "path,label: a manifest of clips", lines[0][0])
    pairs = []
    for number, line in lines[1:]:
        fields = [field.strip().strip('"') for field in line.split(mark)]
        if len(fields) != len(head):
            raise DataError(path, f"{len(fields)} columns", f"{len(head)} as in the head line", number)
        file, label = path.parent / fields[at_path], fields[at_label]
        if not label:
            raise DataError(path, "no label", "one in each row", number)
        if not file.is_file():
            raise DataError(
                path, f"{fields[at_path]!r}, which is not there", "paths of clips, from the manifest's folder", number
            )
        pairs.append((file, label))
    if not pairs:
        raise DataError(path, "a head line and no rows", "rows of path,label")
    return _labelled(pairs, reading)


def _labelled(pairs: Sequence[tuple[Path, str]], reading: Reading) -> list[Clip]:
    clips = []
    for file, label in counted(pairs, "reading clips"):
        for clip in read_one(file, reading):
            clips.append(Clip(clip.frames, label, file, clip.line))
            if clip.kind != clips[0].kind:
                raise DataError(file, clip.kind, f"{clips[0].kind} as in {clips[0].path}")
    return clips
