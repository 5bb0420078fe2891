"""Tracks out of tables: CSV, TSV or columns with white space, one file or a folder, one track a file or many."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.damaged import Damaged
from throughtime.data.findings import Findings
from throughtime.data.progress import counted
from throughtime.data.rows import read_rows
from throughtime.data.splits import Split, named_splits
from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.trajectory.tracks.columns import Columns, find_columns
from throughtime.tasks.trajectory.tracks.merging import merged
from throughtime.tasks.trajectory.tracks.times import read_times
from throughtime.tasks.trajectory.tracks.track import Track

SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".xlsx")
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})


def read_tracks(
    path: Path,
    *,
    columns: str | None = None,
    time_unit: float | None = None,
    encoding: str = "utf-8",
    gap: float | None = None,
    skip_broken: bool = False,
    findings: Findings | None = None,
) -> list[Track]:
    """Read the tracks of a file, or of all files in a folder.

    Args:
        path: a table, or a folder of such (at any depth; .csv, .tsv, .txt, .dat).
        columns: names of the columns in order, such as "frame,id,x,y"; None: from the head line, or guessed.
        time_unit: seconds that one unit of the time column lasts, such as 0.04 for frames of a 25 Hz camera; None: 1,
            or as dates and large numbers (milliseconds since 1970) say.
        encoding: of the files.
        gap: seconds after which a track that goes on is another one; None: it stays one.
        skip_broken: leave out files of a folder that cannot be read, and count them.
        findings: what was understood and left out is noted.

    Returns:
        The tracks by their first line; a position with a missing coordinate is left out, near positions of one time
        are averaged (time stamps are often rounded).

    Raises:
        DataError: what cannot be read as tracks, at which line and why.
    """
    findings = Findings() if findings is None else findings
    files, damaged = track_files(path, findings), Damaged(path)
    tracks: list[Track] = []
    for file in counted(files, "reading tracks, by the file"):
        with damaged.kept():
            tracks += _read_file(file, columns, time_unit, encoding, findings)
    damaged.settle(skip_broken and bool(tracks), findings)
    if len(files) > 1:
        tracks = [_renamed(track, path) for track in tracks]
    if gap is not None:
        tracks = [piece for track in tracks for piece in _cut(track, gap, findings)]
    if len(found := sorted({track.dimensions for track in tracks})) > 1:
        odd = next(track for track in tracks if track.dimensions != tracks[0].dimensions)
        raise DataError(odd.path, f"tracks in {found} dimensions", f"{tracks[0].dimensions} as in {tracks[0].path}")
    return tracks


def track_files(path: Path, findings: Findings) -> list[Path]:
    """The file itself, or the tables in a folder; other files there are noted.

    Raises:
        DataError: nothing is there, or no table in the folder.
    """
    if not path.is_dir():
        if not path.exists():
            raise DataError(path, "nothing", f"a file or a folder of tracks ({', '.join(SUFFIXES)})")
        return [path]
    files = sorted(file for file in path.rglob("*") if file.is_file() and not _hidden(file, path))
    tables = [file for file in files if file.suffix.lower() in SUFFIXES]
    if not tables:
        raise DataError(path, "a folder without tables", f"files of tracks ({', '.join(SUFFIXES)})")
    for file in files:
        if file.suffix.lower() not in SUFFIXES:
            ending = f"ending in {file.suffix}" if file.suffix else "without an ending"
            findings.left_out("unread files", f"a file {ending}", file)
    return tables


def given_splits(path: Path, findings: Findings) -> dict[Split, Path] | None:
    """The splits that a folder brings, folders or tables named after them; None if it does not."""
    if not path.is_dir():
        return None
    parts = [part for part in path.iterdir() if part.is_dir() or part.suffix.lower() in SUFFIXES]
    return named_splits(path, [part for part in parts if not part.name.startswith(".")], findings)


def read_points(text: str) -> Track:
    """A track written out as one line: points `t,x,y` or `t,x,y,z`, parted by spaces or semicolons.

    Raises:
        ArgumentError: it is none.

    Example:
        >>> read_points("0,1.5,2 0.1,1.6,2.2").positions.tolist()
        [[1.5, 2.0], [1.6, 2.2]]
    """
    points = [point for point in re.split(r"[;\s]+", text.strip()) if point]
    try:
        rows = [[float(number) for number in point.split(",")] for point in points]
    except ValueError:
        rows = []
    if not rows or {len(row) for row in rows} not in ({3}, {4}) or not np.isfinite(rows).all():
        shown = text if len(text) <= 40 else f"{text[:40]}..."
        raise ArgumentError(
            f"found {shown!r}, expected a file, or points such as 0,1.5,2 0.1,1.6,2.2 (t,x,y or t,x,y,z)"
        )
    times, positions = np.array(rows)[:, 0], np.array(rows)[:, 1:]
    if (np.diff(times) <= 0).any():
        raise ArgumentError(
            f"found times that do not rise ({', '.join(f'{t:g}' for t in times[:8])}), expected rising ones"
        )
    return Track("points", times, positions)


def _read_file(path: Path, told: str | None, time_unit: float | None, encoding: str, findings: Findings) -> list[Track]:
    rows = read_rows(path, findings, encoding, decimals=True)
    columns = find_columns(path, [row for _, row in rows], told, rows[0][0], findings)
    rows = rows[columns.head :]
    if not rows:
        raise DataError(path, "a head line and no rows", "rows of tracks")
    names = [_name(path, line, row, columns) for line, row in rows]
    unit = columns.unit if time_unit is None else time_unit
    written = [(line, " ".join(row[at] for at in columns.time)) for line, row in rows]
    times = np.array(read_times(path, written, unit, findings))
    lines = np.array([line for line, _ in rows])
    if not columns.track:  # with names, rows of several tracks may come in any order
        _check_rising(path, times, lines)
    values = [[_coordinate(path, line, row[at]) for at in columns.places.columns] for line, row in rows]
    places = columns.places.positions(path, np.array(values), lines, findings)
    known = np.isfinite(places).all(axis=1)
    if not known.any():
        raise DataError(path, "missing coordinates only", "positions")
    for line in lines[~known]:
        findings.left_out("missing coordinates", "a row without all its coordinates", path, int(line))
    extent = float(np.linalg.norm(np.ptp(places[known], axis=0)))
    members: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        members.setdefault(name, []).append(row)
    tracks = []
    for name, own in members.items():
        mine = np.array(own)[known[own]]
        if not len(mine):
            findings.left_out("missing coordinates", "a track without any position", path, int(lines[own[0]]))
            continue
        mine = mine[np.argsort(times[mine], kind="stable")]
        there = merged(path, name, times[mine], places[mine], lines[mine], extent, findings)
        tracks.append(Track(name or path.stem, *there, path, int(lines[own[0]])))
    return tracks


def _name(path: Path, line: int, row: Sequence[str], columns: Columns) -> str:
    parts = [row[at] for at in columns.track]
    if any(part.lower() in _MISSING for part in parts):
        raise DataError(path, "no name of a track", "one in each row", line)
    return ":".join(part.removesuffix(".0") for part in parts)


def _check_rising(path: Path, times: np.ndarray, lines: np.ndarray) -> None:
    falls = np.flatnonzero(np.diff(times) < 0)
    if len(falls):
        before, after = times[falls[0]], times[falls[0] + 1]
        expected = "rising times (or a column of tracks, if the file holds several)"
        raise DataError(path, f"the time {after:.12g} after {before:.12g}", expected, int(lines[falls[0] + 1]))


def _coordinate(path: Path, line: int, field: str) -> float:
    """A number, or NaN where it is missing."""
    if field.lower() in _MISSING:
        return math.nan
    try:
        value = float(field)
    except ValueError:
        shown = field if len(field) <= 30 else f"{field[:30]}..."
        raise DataError(path, f"{shown!r}", "a coordinate, a number", line) from None
    if math.isinf(value) or abs(value) > 1e12:
        raise DataError(path, f"a coordinate of {field}", "a finite number below 1e12", line)
    return value


def _cut(track: Track, gap: float, findings: Findings) -> list[Track]:
    """Its pieces between gaps, each a track of its own."""
    ends = np.flatnonzero(np.diff(track.times) > gap) + 1
    if not len(ends):
        return [track]
    what = f"a gap of over {gap:g} seconds in a track: what comes after it is another one"
    findings.left_out("gaps", what, track.path, track.line, count=len(ends))
    pieces = zip(np.split(track.times, ends), np.split(track.positions, ends), strict=True)
    return [
        Track(f"{track.name} ({number})", times, places, track.path, track.line)
        for number, (times, places) in enumerate(pieces, 1)
    ]


def _renamed(track: Track, folder: Path) -> Track:
    """With the file in its name, where several files were read."""
    file = track.path.relative_to(folder).with_suffix("").as_posix()
    name = file if track.name == track.path.stem else f"{file}:{track.name}"
    return Track(name, track.times, track.positions, track.path, track.line)


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
