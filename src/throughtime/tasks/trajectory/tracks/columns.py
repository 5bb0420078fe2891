"""Which columns of a table of tracks hold the track's name, the time and the coordinates: told, named, or guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.splits import note_split_columns
from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.trajectory.tracks.order import guess_order

EXPECTED = "columns such as track,t,x,y or t,x,y,z (tell them by --columns, - for one to skip)"
_NAMES = {
    "scene": (
        "scene", "scene_id", "sequence", "sequence_id", "seq", "video", "video_id", "recording", "recording_id",
        "session", "match", "match_id", "game", "game_id", "clip", "trial",
    ),
    "track": (
        "track", "track_id", "trackid", "trajectory", "trajectory_id", "id", "ped", "ped_id", "pedestrian",
        "pedestrian_id", "person", "person_id", "agent", "agent_id", "object", "object_id", "obj_id", "player",
        "player_id", "vehicle", "vehicle_id", "target_id", "animal", "animal_id", "individual",
    ),
    "t": ("t", "time", "timestamp", "time_s", "t_s", "seconds", "sec", "frame", "frame_id", "frameid"),
    "x": ("x", "pos_x", "x_m", "px", "x_px", "position_x"),
    "y": ("y", "pos_y", "y_m", "py", "y_px", "position_y"),
    "z": ("z", "pos_z", "z_m", "pz", "position_z"),
}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Where each role stands, and whether the first row is a head line.

    Args:
        track: indices of the columns that together name a track, such as scene and id; none: the file is one track.
        time: index of the column of times.
        coordinates: indices of x, y and perhaps z.
        head: the first row holds names.
    """

    track: tuple[int, ...]
    time: int
    coordinates: tuple[int, ...]
    head: bool


def find_columns(
    path: Path, rows: Sequence[Sequence[str]], told: str | None, first_line: int, findings: Findings
) -> Columns:
    """Find the columns of a table of tracks.

    Args:
        path: the file, for messages.
        rows: its rows, fields stripped; the first may be a head line.
        told: names of all columns in order, such as "frame,id,x,y", or None: as the head line says, or guessed.
        first_line: line of the first row.
        findings: which column was taken for what, and which for nothing.

    Raises:
        DataError: no such columns.
        ArgumentError: `told` does not name time, x and y.
    """
    first = rows[0]
    head = sum(map(_is_number, first)) < 2  # a row has a time and coordinates
    names = list(first) if head else [str(number) for number in range(1, len(first) + 1)]
    if told is not None:
        roles = [_role(name) for name in told.split(",")]
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
        roles = guess_order(path, rows, findings)
        if not roles:
            raise DataError(path, f"{len(first)} column{'s' * (len(first) != 1)} without names", EXPECTED, first_line)
    once = ("t", "x", "y", "z") if told is not None else ("track", "t", "x", "y", "z")
    if doubled := next((role for role in once if roles.count(role) > 1), None):
        raise DataError(path, f"two columns for {doubled}", EXPECTED, first_line)
    _note(path, names, roles, head, told, findings)
    track = [index for index, role in enumerate(roles) if role in ("scene", "track")]
    places = [roles.index(role) for role in ("t", "x", "y", "z") if role in roles]
    return Columns(tuple(track), places[0], tuple(places[1:]), head)


def _note(
    path: Path, names: Sequence[str], roles: Sequence[str | None], head: bool, told: str | None, findings: Findings
) -> None:
    findings.taken("head line", "the first row" if head else "none: the first row is data", path)
    how = "as told" if told is not None else "by their names" if head else "by their order"
    taken = ", ".join(f"{role} from {_short(name)}" for name, role in zip(names, roles, strict=True) if role)
    alone = "" if {"scene", "track"} & set(roles) else "; no column of tracks: the file is one"
    findings.taken("columns", f"{how}: {taken}{alone}", path)
    unread = [name for name, role in zip(names, roles, strict=True) if role is None]
    for name in unread:
        findings.left_out("columns", f"the column {_short(name)} is not read", path)
    note_split_columns(unread, path, findings)


def _role(name: str) -> str | None:
    plain = name.strip().strip('"').lower().replace(" ", "_")
    return next((role for role, names in _NAMES.items() if plain in names), None)


def _lacking(roles: Sequence[str | None]) -> str:
    return " and ".join(role for role in ("t", "x", "y") if role not in roles)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:20]}..."
