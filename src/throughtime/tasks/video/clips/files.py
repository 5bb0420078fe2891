"""Labelled clips out of folders (one a class), manifests (path,label), .ts files and arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.progress import counted
from throughtime.data.rows import read_rows
from throughtime.data.splits import note_split_columns
from throughtime.errors import DataError
from throughtime.tasks.video.clips.arrays import are_frames, load_array, read_array_pair, read_frames, read_vectors
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.timeseries import filled, read_ts
from throughtime.tasks.video.clips.video import read_video

VECTORS = (".npy", ".csv", ".tsv")
VIDEOS = (
    ".mp4", ".m4v", ".webm", ".mkv", ".avi", ".mov", ".gif", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv", ".3gp", ".mts",
    ".m2ts", ".vob", ".3g2", ".asf",
)  # fmt: skip
KNOWN = (*VIDEOS, *VECTORS, ".ts")
_PATHS = ("path", "file", "filename", "clip", "video", "name")
_LABELS = ("label", "class", "activity", "category", "action", "target")


@dataclass(frozen=True)
class Reading:
    """How clips are read.

    Args:
        size: of the pictures, squeezed to size x size.
        most: frames of a picture clip that are kept.
        transposed: arrays hold (features, steps).
        width: numbers in a vector where that is known: so long an array of one axis is one frame.
    """

    size: int
    most: int = 64
    transposed: bool = False
    width: int | None = None


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
    if path.is_dir():
        return _folder(path, reading, findings)
    if not path.exists():
        raise DataError(path, "nothing", "a folder of clips, a manifest (path,label), a .ts file or an array X.npy")
    suffix = path.suffix.lower()
    if suffix == ".ts" and is_time_series(path):
        return read_ts(path, findings=findings)
    if suffix == ".npy":
        return read_array_pair(path, labels_of(path), transposed=reading.transposed, findings=findings)
    if suffix in (".csv", ".tsv", ".txt"):
        return _manifest(path, reading, findings)
    raise DataError(path, f"a single {suffix or 'file'}", "a folder of clips, or a manifest of path,label")


def read_inputs(path: Path, reading: Reading, findings: Findings | None = None) -> Iterator[Clip]:
    """Clips to be answered for, labelled or not: of a file, or of all files in a folder."""
    findings = Findings() if findings is None else findings
    if not path.is_dir():
        yield from read_one(path, reading, findings)
        return
    sources = _sources(path, reading, findings, alone=True)
    if not sources:
        raise DataError(path, "a folder without clips", f"files of clips ({', '.join(KNOWN)})")
    for source in sources:
        yield from read_one(source, reading, findings)


def read_one(path: Path, reading: Reading, findings: Findings) -> list[Clip]:
    """What a file holds: one clip, or the many of a .ts file or a three-dimensional array; or a folder of frames."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return [Clip(read_frames(path, findings), None, path)]
    if suffix == ".ts" and path.is_file() and is_time_series(path):
        return read_ts(path, labels=False, findings=findings)
    if suffix == ".npy" and (values := load_array(path)).ndim != 2:
        if values.ndim == 3:
            return read_array_pair(path, None, transposed=reading.transposed, findings=findings)
        if values.shape == (reading.width,) and reading.width != 1:
            findings.taken("axes", "an array of one axis, as long as a frame: one frame", path)
            return [Clip(filled(path, values[None], findings=findings), None, path)]
    if suffix in VECTORS:
        return [Clip(read_vectors(path, transposed=reading.transposed, findings=findings), None, path)]
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
    return _labelled(pairs, reading, findings)


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
        if file.suffix.lower() in KNOWN:
            within.setdefault(file.parent, []).append(file)
        else:
            ending = f"ending in {file.suffix}" if file.suffix else "without an ending"
            findings.left_out("unread files", f"a file {ending}", file)
    sources: list[Path] = []
    for inner, files in within.items():
        frames = (alone or inner != folder) and reading.width != 1 and are_frames(files, findings)
        sources += [inner] if frames else files
    return sources


def _manifest(path: Path, reading: Reading, findings: Findings) -> list[Clip]:
    (first, names), *rows = read_rows(path, findings)
    head = [name.lower() for name in names]
    at_path = next((head.index(name) for name in _PATHS if name in head), None)
    at_label = next((head.index(name) for name in _LABELS if name in head), None)
    if at_path is None or at_label is None:
        raise DataError(path, f"the columns {', '.join(head)[:60]}", "path,label: a manifest of clips", first)
    findings.taken("columns", f"paths in {names[at_path]!r}, labels in {names[at_label]!r}", path)
    others = [name for column, name in enumerate(names) if column not in (at_path, at_label)]
    for name in others:
        findings.left_out("columns", f"the column {name!r} is not read", path)
    note_split_columns(others, path, findings)
    pairs = []
    for number, fields in rows:
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
    return _labelled(pairs, reading, findings)


def _labelled(pairs: Sequence[tuple[Path, str]], reading: Reading, findings: Findings) -> list[Clip]:
    clips = []
    for file, label in counted(pairs, "reading clips"):
        for clip in read_one(file, reading, findings):
            clips.append(Clip(clip.frames, label, file, clip.line))
            if clip.kind != clips[0].kind:
                raise DataError(file, clip.kind, f"{clips[0].kind} as in {clips[0].path}")
    return clips
