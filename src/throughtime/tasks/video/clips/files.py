"""Clips, labelled or not, out of whatever holds them: folders (one a class), lists, tables, arrays, archives' files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.data.progress import counted
from throughtime.data.rows import read_rows
from throughtime.errors import DataError
from throughtime.tasks.video.clips.arff import read_arff
from throughtime.tasks.video.clips.arrays import (
    are_frames,
    load_array,
    read_frames,
    read_vectors,
    sequences_of,
    vectors_of,
)
from throughtime.tasks.video.clips.axes import Order, turned_clip, turned_files
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.labels import names_of
from throughtime.tasks.video.clips.lists import Listed, read_list
from throughtime.tasks.video.clips.packed import read_packed
from throughtime.tasks.video.clips.series import read_series
from throughtime.tasks.video.clips.skeletons import gathered, is_skeleton, seen_from
from throughtime.tasks.video.clips.stills import FEWEST, PICTURES, read_stills
from throughtime.tasks.video.clips.timeseries import filled, read_ts
from throughtime.tasks.video.clips.video import read_video

TABLES = (".csv", ".tsv", ".txt")
VECTORS = (".npy", ".npz", ".csv", ".tsv")
VIDEOS = (
    ".mp4", ".m4v", ".webm", ".mkv", ".avi", ".mov", ".gif", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv", ".3gp", ".mts",
    ".m2ts", ".vob", ".3g2", ".asf",
)  # fmt: skip
KNOWN = (*VIDEOS, *VECTORS, ".ts", ".arff")
_EXPECTED = "a folder of clips, a list of them (path,label), a table, .ts, .arff or .npz file, or an array X.npy"


@dataclass(frozen=True)
class Reading:
    """How clips are read.

    Args:
        size: of the pictures, squeezed to size x size.
        most: frames of a picture clip that are kept.
        axes: of arrays, as told.
        width: numbers in a vector where that is known: so long an array of one axis is one frame.
        joints: of a skeleton; None: vectors are taken as they are.
        origin: the number of the joint from which all are seen, from 1; None: where they are.
        skip_broken: leave out clips that cannot be read, and count them.
    """

    size: int
    most: int = 64
    axes: Order = "auto"
    width: int | None = None
    joints: int | None = None
    origin: int | None = None
    skip_broken: bool = False


def read_labelled(path: Path, reading: Reading, findings: Findings | None = None) -> list[Clip]:
    """All the clips of a folder, a manifest, a .ts file, or an array with its labels.

    Args:
        path: one of these.
        reading: how.
        findings: what was understood, left out and looks wrong is noted.

    Raises:
        DataError: there is nothing of that kind, or something in it cannot be read.
    """
    findings = Findings() if findings is None else findings
    return [_posed(clip, reading, findings) for clip in _labelled_clips(path, reading, findings)]


def _labelled_clips(path: Path, reading: Reading, findings: Findings) -> list[Clip]:
    if path.is_dir():
        return _folder(path, reading, findings)
    if (inside := path.parent).suffix.lower() == ".npz" and inside.is_file():
        return _packed(inside, path.name, reading, findings)
    if not path.is_file():
        raise DataError(path, "neither a file nor a folder" if path.exists() else "nothing", _EXPECTED)
    suffix = path.suffix.lower()
    if suffix == ".ts" and is_time_series(path):
        return read_ts(path, findings=findings)
    if suffix == ".arff":
        return read_arff(path, findings=findings)
    if suffix == ".npz":
        return _packed(path, None, reading, findings)
    if suffix == ".npy":
        values, labels = load_array(path), labels_of(path)
        if labels is None:
            raise DataError(path, "an array without labels", "y.npy beside X.npy, or a folder of clips")
        names = names_of(labels, load_array(labels, numbers=False), len(values), findings)
        return sequences_of(path, values, names, reading.axes, reading.width, findings)
    if suffix in TABLES:
        if (listed := read_list(path, reading.skip_broken, findings)) is not None:
            return _labelled(path, listed, reading, findings)
        if (series := read_series(path, findings)) is not None:
            return series
        first = ", ".join(read_rows(path, Findings())[0][1])
        expected = "path,label: a list of clips; or a class and numbers: a table of sequences"
        raise DataError(path, f"the columns {first[:60]}", expected, 1)
    raise DataError(path, f"a single {suffix or 'file'}", _EXPECTED)


def _packed(path: Path, member: str | None, reading: Reading, findings: Findings) -> list[Clip]:
    values, labels = read_packed(path, member, findings)
    if labels is None:
        raise DataError(path, "an array without labels", "an array y, labels or target beside it")
    names = names_of(path, labels, len(values), findings)
    return sequences_of(path, values, names, reading.axes, reading.width, findings)


def _posed(clip: Clip, reading: Reading, findings: Findings) -> Clip:
    """A skeleton a step, seen from one of its joints, where that is asked for."""
    if reading.joints is None or clip.has_pictures:
        return clip
    frames = gathered(clip.path, clip.frames, reading.joints, findings)
    if reading.origin is not None:
        frames = seen_from(clip.path, frames, reading.joints, reading.origin)
    return replace(clip, frames=frames)


def read_inputs(path: Path, reading: Reading, findings: Findings | None = None) -> Iterator[Clip]:
    """Clips to be answered for, labelled or not: of a file, or of all files in a folder."""
    findings = Findings() if findings is None else findings
    sources = _sources(path, reading, findings, alone=True) if path.is_dir() else [path]
    if not sources:
        raise DataError(path, "a folder without clips", f"files of clips ({', '.join(KNOWN)})")
    for source in sources:
        yield from (_posed(clip, reading, findings) for clip in read_one(source, reading, findings))


def read_one(path: Path, reading: Reading, findings: Findings) -> list[Clip]:
    """What a file holds: one clip, or the many of an archive's file or an array; or a folder of frames."""
    suffix = path.suffix.lower()
    if path.is_dir():
        if any(file.suffix.lower() in PICTURES for file in path.iterdir()):
            return [Clip(read_stills(path, reading.size, reading.most, findings), None, path)]
        return [Clip(read_frames(path, findings), None, path)]
    if suffix == ".ts" and path.is_file() and is_time_series(path):
        return read_ts(path, labels=False, findings=findings)
    if suffix == ".arff":
        return read_arff(path, labels=False, findings=findings)
    if suffix in (".npy", ".npz"):
        values = load_array(path) if suffix == ".npy" else read_packed(path, None, findings)[0]
        if values.ndim > 2 and not is_skeleton(values):
            return sequences_of(path, values, None, reading.axes, reading.width, findings)
        if values.shape == (reading.width,) and reading.width != 1:
            findings.taken("axes", "an array of one axis, as long as a frame: one frame", path)
            return [Clip(filled(path, values[None], findings=findings), None, path)]
        across = values.ndim == 2 and turned_clip(path, values, reading.axes, reading.width)
        return [Clip(vectors_of(path, values, across, findings), None, path)]
    if suffix in TABLES and (series := read_series(path, findings, labels=False, width=reading.width)) is not None:
        return series
    if suffix in VECTORS:
        return [Clip(read_vectors(path, turned=reading.axes == "nct", findings=findings), None, path)]
    return [Clip(read_video(path, reading.size, reading.most, findings), None, path)]


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


def _folder(folder: Path, reading: Reading, findings: Findings) -> list[Clip]:
    pairs = []
    for child in sorted(folder.iterdir()):
        if child.name.startswith("."):
            continue
        if not child.is_dir():
            findings.left_out("unread files", "a file beside the folders of the classes", child)
            continue
        sources = _sources(child, reading, findings)
        if not sources:
            findings.suspicious("classes", "a folder in which nothing could be read: no class", child)
        pairs += [(source, child.name) for source in sources]
    if not pairs:
        raise DataError(
            folder, "no clips in folders", "a folder for each class, with its clips (mp4, webm, npy, csv, ...)"
        )
    findings.taken("classes", "the names of the folders", folder)
    return _labelled(folder, [Listed(source, label) for source, label in pairs], reading, findings)


def _sources(folder: Path, reading: Reading, findings: Findings, alone: bool = False) -> list[Path]:
    """The clips in a folder, at any depth: files, and folders of one-frame arrays.

    Args:
        folder: of a class, or of clips to be answered for.
        reading: says how long a frame is, if that is known.
        findings: files that nobody reads are noted.
        alone: the folder itself may be a clip.
    """
    within: dict[Path, list[Path]] = {}
    for file in sorted(folder.rglob("*")):
        if file.name.startswith(".") or file.is_dir():
            continue
        if file.suffix.lower() in (*KNOWN, *PICTURES):
            within.setdefault(file.parent, []).append(file)
        else:
            ending = f"ending in {file.suffix}" if file.suffix else "without an ending"
            findings.left_out("unread files", f"a file {ending}", file)
    sources: list[Path] = []
    for inner, files in within.items():
        apart = alone or inner != folder
        pictures = [file for file in files if file.suffix.lower() in PICTURES]
        if apart and len(pictures) >= FEWEST and len(pictures) == len(files):
            sources.append(inner)
            continue
        for file in pictures:
            findings.left_out("unread files", f"a file ending in {file.suffix}", file)
        files = [file for file in files if file not in pictures]
        frames = apart and reading.width != 1 and are_frames(files, findings)
        sources += [inner] if frames else files
    return sources


def _labelled(path: Path, listed: Sequence[Listed], reading: Reading, findings: Findings) -> list[Clip]:
    if reading.width is None and reading.joints is None:
        across = turned_files([one.path for one in listed], reading.axes, findings)
        reading = replace(reading, axes="nct" if across else "ntc")
    clips: list[Clip] = []
    damaged = Damaged(path, len(listed))
    for one in counted(listed, "reading clips"):
        with damaged.kept():
            for clip in read_one(one.path, reading, findings):
                if clips and clip.kind != clips[0].kind and reading.joints is None:
                    raise DataError(one.path, clip.kind, f"{clips[0].kind} as in {clips[0].path}")
                clips.append(Clip(clip.frames, one.label, one.path, clip.line, one.group or clip.group))
    damaged.settle(reading.skip_broken and bool(clips), findings)
    return clips
