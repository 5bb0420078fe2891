"""Which columns of a table of tracks hold the track's name, the time and the coordinates: told, named, or guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.errors import ArgumentError, DataError

ROLES = ("track", "t", "x", "y", "z")
EXPECTED = "columns such as track,t,x,y or t,x,y,z (tell them by --columns, - for one to skip)"
_NAMES = {
    "track": ("track", "track_id", "trackid", "trajectory", "id", "ped", "ped_id", "pedestrian", "agent", "object"),
    "t": ("t", "time", "timestamp", "time_s", "t_s", "seconds", "sec", "frame", "frame_id", "frameid"),
    "x": ("x", "pos_x", "x_m", "px", "x_px", "position_x"),
    "y": ("y", "pos_y", "y_m", "py", "y_px", "position_y"),
    "z": ("z", "pos_z", "z_m", "pz", "position_z"),
}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Where each role stands, and whether the first row is a head line.

    Args:
        track: index of the column of names; None: the file is one track.
        time: index of the column of times.
        coordinates: indices of x, y and perhaps z.
        head: the first row holds names.
        width: columns of the table.
    """

    track: int | None
    time: int
    coordinates: tuple[int, ...]
    head: bool
    width: int


def find_columns(path: Path, rows: Sequence[Sequence[str]], told: str | None, first_line: int = 1) -> Columns:
    """Find the columns of a table of tracks.

    Args:
        path: the file, for messages.
        rows: its rows, fields stripped; the first may be a head line.
        told: names of all columns in order, such as "frame,id,x,y", or None: as the head line says, or guessed.
        first_line: line of the first row.

    Raises:
        DataError: no such columns.
        ArgumentError: `told` does not name time, x and y.
    """
    first = rows[0]
    head = sum(map(_is_number, first)) < 2  # a row has a time and coordinates
    if told is not None:
        roles = [_role(name.strip()) for name in told.split(",")]
        if _lacking(roles):
            raise ArgumentError(f"found the columns {told!r}, expected t, x and y among them, - for one to skip")
        if len(roles) != len(first):
            raise DataError(path, f"{len(first)} columns", f"{len(roles)} as told: {told}", first_line)
    elif head:
        roles = [_role(name) for name in first]
        if lacking := _lacking(roles):
            shown = ", ".join(_short(name) for name in first[:8])
            raise DataError(path, f"a head line ({shown}) without {lacking}", EXPECTED, first_line)
    else:
        roles = _guess(path, rows, first_line)
    if doubled := next((role for role in roles if role and roles.count(role) > 1), None):
        raise DataError(path, f"two columns for {doubled}", EXPECTED, first_line)
    place = {role: index for index, role in enumerate(roles) if role}
    coordinates = tuple(place[role] for role in ("x", "y", "z") if role in place)
    return Columns(place.get("track"), place["t"], coordinates, head, len(first))


def _role(name: str) -> str | None:
    plain = name.strip().strip('"').lower().replace(" ", "_")
    return next((role for role, names in _NAMES.items() if plain in names), None)


def _lacking(roles: Sequence[str | None]) -> str:
    return " and ".join(role for role in ("t", "x", "y") if role not in roles)


def _guess(path: Path, rows: Sequence[Sequence[str]], first_line: int) -> list[str | None]:
    """Columns of a table without a head line: t x y, t x y z, frame id x y, or track t x y z."""
    width = len(rows[0])
    if width == 3:
        return ["t", "x", "y"]
    if width == 4 and not _is_number(rows[0][0]):
        return ["track", "t", "x", "y"]
    if width == 4:
        whole = all(_is_whole(row[column]) for row in rows[:1000] if len(row) == 4 for column in (0, 1))
        return ["t", "track", "x", "y"] if whole else ["t", "x", "y", "z"]
    if width == 5:
        return ["track", "t", "x", "y", "z"]
    raise DataError(path, f"{width} column{'s' * (width != 1)} without names", EXPECTED, first_line)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _is_whole(field: str) -> bool:
    return _is_number(field) and float(field).is_integer()


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:20]}..."
