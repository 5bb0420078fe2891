"""Lists of clips and their classes: manifests of path and label, and those of UCF-101 and of Kinetics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.data.rows import read_rows
from throughtime.data.splits import note_split_columns
from throughtime.data.text_files import read_lines
from throughtime.errors import DataError
from throughtime.tasks.video.clips.groups import SUBJECTS

PATHS = ("path", "file", "filename", "clip", "video", "name")
LABELS = ("label", "class", "activity", "category", "action", "target")
_YOUTUBE = ("youtube_id", "time_start", "time_end")
_CONTAINERS = (".mp4", ".mkv", ".webm", ".avi")
_ABOVE = 2  # folders above that of a list in which clips are looked for


@dataclass(frozen=True)
class Listed:
    """A clip of a list: its file (or folder of pictures), its class, and its group if the list says so."""

    path: Path
    label: str
    group: str | None = None


def read_list(path: Path, skip: bool, findings: Findings) -> list[Listed] | None:
    """The clips that a list names; None if the file is no list of clips.

    Args:
        path: a table with columns of paths and labels, or label, youtube_id, time_start and time_end (Kinetics); or
            lines `Class/clip.avi 1` (UCF-101, in whose lists for the test the class is the folder alone).
        skip: leave out clips that are not there, and count them.
        findings: how it was understood.

    Raises:
        DataError: clips that are not there; all of them are named.
    """
    if path.suffix.lower() == ".txt":
        return _ucf(path, skip, findings)
    own = Findings()  # of a table that is no list, nothing is said
    rows = read_rows(path, own)
    head = [name.lower() for name in rows[0][1]]
    at_label = next((head.index(name) for name in LABELS if name in head), None)
    at_path = next((head.index(name) for name in PATHS if name in head), None)
    if at_label is None or (at_path is None and not all(name in head for name in _YOUTUBE)):
        return None
    for finding in own:
        findings.add(finding)
    at_group = next((head.index(name) for name in SUBJECTS if name in head), None)
    kinetics = tuple(head.index(name) for name in _YOUTUBE) if at_path is None else ()
    starts = [path.parent] if at_path is not None else _near(path, findings)
    used = [at for at in (at_path, at_label, at_group, *kinetics) if at is not None]
    _note_columns(path, rows[0][1], used, at_label, findings)
    found, damaged = [], Damaged(path)
    for line, row in rows[1:]:
        with damaged.kept():
            if not row[at_label]:
                raise DataError(path, "no label", "one in each row", line)
            names = [row[at_path]] if at_path is not None else _kinetics(row, kinetics, row[at_label])
            group = None if at_group is None else row[at_group] or None
            found.append(Listed(_found(path, names, starts, line), row[at_label], group))
    damaged.settle(skip and bool(found), findings)
    if not found:
        raise DataError(path, "a head line and no rows", "rows of path,label")
    return found


def _note_columns(path: Path, names: Sequence[str], used: Sequence[int], at_label: int, findings: Findings) -> None:
    paths = " and ".join(repr(names[at]) for at in used if at != at_label)
    findings.taken("columns", f"paths in {paths}, labels in {names[at_label]!r}", path)
    others = [name for at, name in enumerate(names) if at not in used]
    for name in others:
        findings.left_out("columns", f"the column {name!r} is not read", path)
    note_split_columns(others, path, findings)


def _kinetics(row: Sequence[str], at: Sequence[int], label: str) -> list[str]:
    """The names under which a clip of Kinetics is kept: ID_000010_000020.mp4, in its class's folder or not."""
    key, start, end = (row[place] for place in at)
    cut = f"{key}_{int(float(start)):06d}_{int(float(end)):06d}"
    stems = [f"{folder}{stem}" for folder in (f"{label}/", f"{label.replace(' ', '_')}/", "") for stem in (cut, key)]
    return [f"{stem}{ending}" for stem in stems for ending in _CONTAINERS]


def _ucf(path: Path, skip: bool, findings: Findings) -> list[Listed] | None:
    lines = [
        (number, line.strip()) for number, line in enumerate(read_lines(path, findings=findings), 1) if line.strip()
    ]
    rows = [
        (number, line.rsplit(None, 1) if line.rsplit(None, 1)[-1].isdecimal() else [line]) for number, line in lines
    ]
    if not rows or any("/" not in row[0] or not Path(row[0]).suffix for _, row in rows):
        return None
    findings.taken("classes", "the first folder of each path of the list (UCF-101)", path)
    found, damaged, starts = [], Damaged(path), _near(path, findings)
    for number, row in rows:
        with damaged.kept():
            found.append(Listed(_found(path, [row[0]], starts, number), Path(row[0]).parts[0]))
    damaged.settle(skip and bool(found), findings)
    return found


def _near(path: Path, findings: Findings) -> list[Path]:
    """Where the clips of a list may lie that does not say so: in its folder, those above, and those in one of these."""
    above = [path.parent, *path.parent.resolve().parents[:_ABOVE]]
    findings.taken("paths", "from the folder of the list, those above it, or a folder in one of these", path)
    within = (inner for folder in above for inner in sorted(folder.iterdir()) if inner.is_dir())
    return list(dict.fromkeys([*above, *within]))


def _found(path: Path, names: Sequence[str], starts: Sequence[Path], line: int) -> Path:
    """The first of these names that is there."""
    for start in starts:
        for name in names:
            if name and (start / name).exists():
                return start / name
    raise DataError(path, f"{names[0]!r}, which is not there", "paths of clips, from the list's folder", line)
