"""Which columns of a table of tracks hold the track's name, the time and the places: told, named, or guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.splits import note_split_columns
from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.trajectory.tracks.names import Role, role_of
from throughtime.tasks.trajectory.tracks.order import guess_order
from throughtime.tasks.trajectory.tracks.places import Places, places_of
from throughtime.tasks.trajectory.tracks.times import in_two_parts

EXPECTED = "columns such as track,t,x,y or t,x,y,z (tell them by --columns, - for one to skip)"


@dataclass(frozen=True)
class Columns:
    """Where each role stands, and whether the first row is a head line.

    Args:
        track: indices of the columns that together name a track, such as scene and id; none: the file is one track.
        time: index of the column of times; indices of two, a day's and that of a time of day.
        places: what the columns of places are, and where.
        head: the first row holds names.
        unit: seconds that one unit of the times lasts, where their name says so.
    """

    track: tuple[int, ...]
    time: tuple[int, ...]
    places: Places
    head: bool
    unit: float | None = None


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
        ArgumentError: `told` does not name a time and places.
    """
    first = rows[0]
    head = sum(map(_is_number, first)) < 2  # a row has a time and coordinates
    names = list(first) if head else [str(number) for number in range(1, len(first) + 1)]
    if told is not None:
        roles = [role_of(name) for name in told.split(",")]
        if _lacking(roles):
            raise ArgumentError(f"found the columns {told!r}, expected t, x and y among them, - for one to skip")
        if len(roles) != len(first):
            raise DataError(path, f"{len(first)} columns", f"{len(roles)} as told: {told}", first_line)
    elif head:
        roles = _with_a_name([role_of(name) for name in first], first)
        if lacking := _lacking(roles):
            shown = ", ".join(_short(name) for name in first[:8])
            raise DataError(path, f"a head line ({shown}) without {lacking}", EXPECTED, first_line)
    else:
        roles = [None if name is None else Role(name) for name in guess_order(path, rows, findings)]
        if not roles:
            raise DataError(path, f"{len(first)} column{'s' * (len(first) != 1)} without names", EXPECTED, first_line)
    roles = _one_time(roles)
    kinds = _without_placeholders([None if role is None else role.name for role in roles], rows[head:])
    places = places_of(kinds)
    kinds = [kind if kind in ("scene", "track", "t") or at in places.columns else None for at, kind in enumerate(kinds)]
    once = ("t", *places.roles) if told is not None else ("track", "t", *places.roles)
    time = _times(kinds, rows[head:])
    if doubled := next((kind for kind in once if kinds.count(kind) > (len(time) if kind == "t" else 1)), None):
        raise DataError(path, f"two columns for {doubled}", EXPECTED, first_line)
    _note(path, names, kinds, head, told, findings)
    track = [index for index, kind in enumerate(kinds) if kind in ("scene", "track")]
    return Columns(tuple(track), time, places, head, roles[time[0]].unit)  # type: ignore[union-attr]  # it is one


def _times(kinds: Sequence[str | None], rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """The column of times; or two, where one holds days and one the time of day."""
    found = [at for at, kind in enumerate(kinds) if kind == "t"]
    if len(found) == 2 and rows:
        for first, second in (found, found[::-1]):
            if in_two_parts(rows[0][first], rows[0][second]):
                return first, second
    return (found[0],)


def _with_a_name(roles: list[Role | None], names: Sequence[str]) -> list[Role | None]:
    """A column called name is what tells the tracks apart, where no other does."""
    if any(role is not None and role.name in ("scene", "track") for role in roles):
        return roles
    return [Role("track") if name.strip().lower() == "name" else role for role, name in zip(roles, names, strict=True)]


def _one_time(roles: Sequence[Role | None]) -> list[Role | None]:
    """Frames are the times where there are no others."""
    timed = any(role is not None and role.name == "t" for role in roles)
    others = None if timed else Role("t")
    return [others if role is not None and role.name == "frame" else role for role in roles]


def _without_placeholders(kinds: list[str | None], rows: Sequence[Sequence[str]]) -> list[str | None]:
    """Coordinates that are -1 throughout, beside a box, are none (the MOT challenge writes them so)."""
    if "left" not in kinds:
        return kinds
    empty = {at for at, kind in enumerate(kinds) if kind in ("x", "y", "z") and {row[at] for row in rows} == {"-1"}}
    return [None if at in empty else kind for at, kind in enumerate(kinds)]


def _note(
    path: Path, names: Sequence[str], kinds: Sequence[str | None], head: bool, told: str | None, findings: Findings
) -> None:
    findings.taken("head line", "the first row" if head else "none: the first row is data", path)
    how = "as told" if told is not None else "by their names" if head else "by their order"
    taken = ", ".join(f"{kind} from {_short(name)}" for name, kind in zip(names, kinds, strict=True) if kind)
    alone = "" if {"scene", "track"} & set(kinds) else "; no column of tracks: the file is one"
    findings.taken("columns", f"{how}: {taken}{alone}", path)
    unread = [name for name, kind in zip(names, kinds, strict=True) if kind is None]
    for name in unread:
        findings.left_out("columns", f"the column {_short(name)} is not read", path)
    note_split_columns(unread, path, findings)


def _lacking(roles: Sequence[Role | None]) -> str:
    """The roles without which there is no track; of places, those of the kind that is there in part."""
    kinds = {role.name for role in roles if role is not None}
    time = [] if kinds & {"t", "frame"} else ["t"]
    return " and ".join([*time, *places_of([*kinds]).lacking])


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:20]}..."
