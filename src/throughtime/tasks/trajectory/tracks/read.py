"""Tracks out of tables: CSV, TSV or columns with white space, one file or a folder, one track a file or many."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from throughtime.data.progress import counted
from throughtime.data.tables import read_text
from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.trajectory.tracks.columns import Columns, find_columns
from throughtime.tasks.trajectory.tracks.track import Track

SUFFIXES = (".csv", ".tsv", ".txt", ".dat")
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})


def read_tracks(
    path: Path, *, columns: str | None = None, time_unit: float = 1.0, encoding: str = "utf-8"
) -> list[Track]:
    """Read the tracks of a file, or of all files in a folder.

    Args:
        path: a table, or a folder of such (at any depth; .csv, .tsv, .txt, .dat).
        columns: names of the columns in order, such as "frame,id,x,y"; None: from the head line, or guessed.
        time_unit: seconds that one unit of the time column lasts, such as 0.04 for frames of a 25 Hz camera.
        encoding: of the files.

    Returns:
        The tracks by their first line; a position with a missing coordinate is left out, positions of one time are
        averaged (time stamps are often rounded).

    Raises:
        DataError: what cannot be read as tracks, at which line and why.
    """
    files = track_files(path)
    reading = counted(files, "reading tracks, by the file")
    tracks = [track for file in reading for track in _read_file(file, columns, time_unit, encoding)]
    if len(files) > 1:
        tracks = [_renamed(track, path) for track in tracks]
    if len(found := sorted({track.dimensions for track in tracks})) > 1:
        odd = next(track for track in tracks if track.dimensions != tracks[0].dimensions)
        raise DataError(odd.path, f"tracks in {found} dimensions", f"{tracks[0].dimensions} as in {tracks[0].path}")
    return tracks


def track_files(path: Path) -> list[Path]:
    """The file itself, or the tables in a folder.

    Raises:
        DataError: nothing is there, or no table in the folder.
    """
    if not path.is_dir():
        if not path.exists():
            raise DataError(path, "nothing", f"a file or a folder of tracks ({', '.join(SUFFIXES)})")
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and not _hidden(file, path))
    if not files:
        raise DataError(path, "a folder without tables", f"files of tracks ({', '.join(SUFFIXES)})")
    return files


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


def _read_file(path: Path, told: str | None, time_unit: float, encoding: str) -> list[Track]:
    lines = [
        (number, line) for number, line in enumerate(read_text(path, encoding).split("\n"), 1) if _is_content(line)
    ]
    if not lines:
        raise DataError(path, "comments only", "rows of tracks")
    rows = list(_fields(lines))
    columns = find_columns(path, rows, told, lines[0][0])
    points: dict[str, list[tuple[float, int, list[float]]]] = {}
    for (number, _), row in list(zip(lines, rows, strict=True))[columns.head :]:
        name, time, position = _point(path, number, row, columns)
        points.setdefault(name, []).append((time * time_unit, number, position))
    if not points:
        raise DataError(path, "a head line and no rows", "rows of tracks")
    tracks = [_track(path, name, found, columns.track is None) for name, found in points.items()]
    tracks = [track for track in tracks if len(track)]
    if not tracks:
        raise DataError(path, "missing coordinates only", "positions")
    return tracks


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _fields(lines: Sequence[tuple[int, str]]) -> Iterator[list[str]]:
    """Fields of each line, parted as the first line is: by semicolons, commas, tabs, or white space."""
    first = lines[0][1]
    mark = next((mark for mark in (";", ",", "\t") if mark in first), None)
    for _, line in lines:
        # white space at the ends is no empty field where white space parts the fields
        yield [field.strip().strip('"') for field in (line.split() if mark is None else line.split(mark))]


def _point(path: Path, number: int, row: Sequence[str], columns: Columns) -> tuple[str, float, list[float]]:
    if len(row) != columns.width:
        raise DataError(
            path, f"{len(row)} column{'s' * (len(row) != 1)}", f"{columns.width} as in the first row", number
        )
    time = _number(path, number, row[columns.time], "a time")
    if not math.isfinite(time):
        raise DataError(path, f"no time ({row[columns.time]!r})", "a time in each row", number)
    name = "" if columns.track is None else row[columns.track]
    if columns.track is not None and name.lower() in _MISSING:
        raise DataError(path, "no name of a track", "one in each row", number)
    return name.removesuffix(".0"), time, [_number(path, number, row[at], "a coordinate") for at in columns.coordinates]


def _number(path: Path, line: int, field: str, what: str) -> float:
    """A number, or NaN where it is missing."""
    if field.lower() in _MISSING:
        return math.nan
    try:
        value = float(field)
    except ValueError:
        shown = field if len(field) <= 30 else f"{field[:30]}..."
        raise DataError(path, f"{shown!r}", f"{what}, a number", line) from None
    if math.isinf(value) or abs(value) > 1e12:
        raise DataError(path, f"{what} of {field}", "a finite number below 1e12", line)
    return value


def _track(path: Path, name: str, points: list[tuple[float, int, list[float]]], alone: bool) -> Track:
    if alone:  # with names, rows of several tracks may come in any order
        for (before, _, _), (time, number, _) in pairwise(points):
            if time < before:
                expected = "rising times (or a column of tracks, if the file holds several)"
                raise DataError(path, f"the time {time:g} after {before:g}", expected, number)
    line = points[0][1]
    kept = sorted((time, position) for time, _, position in points if all(map(math.isfinite, position)))
    times, where = np.unique(np.array([time for time, _ in kept], dtype=float), return_inverse=True)
    places = np.array([position for _, position in kept], dtype=float).reshape(len(kept), len(points[0][2]))
    sums = np.zeros((len(times), places.shape[1]))
    np.add.at(sums, where, places)
    return Track(name or path.stem, times, sums / np.bincount(where, minlength=len(times))[:, None], path, line)


def _renamed(track: Track, folder: Path) -> Track:
    """With the file in its name, where several files were read."""
    file = track.path.relative_to(folder).with_suffix("").as_posix()
    name = file if track.name == track.path.stem else f"{file}:{track.name}"
    return Track(name, track.times, track.positions, track.path, track.line)


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
