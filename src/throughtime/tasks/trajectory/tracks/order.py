"""In which order the columns of a table of tracks stand that has no head line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings

_LOOKED_AT = 5000  # rows
_BOX = ("left", "top", "width", "height")
_CORNERS = ("left", "top", "right", "bottom")


def guess_order(path: Path, rows: Sequence[Sequence[str]], findings: Findings) -> list[str | None]:
    """Roles of the columns: t x y, t x y z, or time and track in either order before x y or x y z; [] if none fits.

    Of the two orders the right one is that in which things go small ways from one time to the next. Wider tables are
    those of the MOT challenge, of the Stanford drones, and of ETH's pedestrians.
    """
    width, places = len(rows[0]), ["x", "y", "z"][: len(rows[0]) - 2]
    if width == 3:
        return ["t", "x", "y"]
    if width not in (4, 5):
        return _known_layout(path, rows[:_LOOKED_AT], findings)
    table = np.array([[_number(field) for field in row] for row in rows[:_LOOKED_AT]])
    if np.isnan(table[0, 0]):
        return ["track", "t", *places]
    first, second = (bool((table[:, column] % 1 == 0).all()) for column in (0, 1))
    if first and second:
        return [*_smoother(path, table, findings), *places]
    if second and not (table[:, 2] % 1 == 0).all():
        return ["t", "track", *places]
    if width == 5 or (first and _restarts(table)):
        return ["track", "t", *places]
    return ["t", "x", "y", "z"]


def _known_layout(path: Path, rows: Sequence[Sequence[str]], findings: Findings) -> list[str | None]:
    """Roles of the columns of a table that many know; [] if it is none of them."""
    width, table = len(rows[0]), np.array([[_number(field) for field in row] for row in rows])
    counts = [bool((table[:, column] % 1 == 0).all()) for column in range(width)]
    found: tuple[str, list[str | None]] | None = None
    if width == 10 and np.isnan(table[:, 9]).all() and counts[0] and counts[5]:
        found = "track, box, frame as the Stanford drones' are", ["track", *_CORNERS, "t", *[None] * 4]
    elif width in (9, 10) and counts[0] and counts[1] and (table[:, 4:6] > 0).all():
        found = "frame, track, box as those of the MOT challenge", ["t", "track", *_BOX, *[None] * (width - 6)]
    elif width == 8 and counts[0] and counts[1] and (table[:, [3, 6]] == 0).all():
        found = "frame, track, x, 0, y as those of ETH's pedestrians", ["t", "track", "x", None, "y", *[None] * 3]
    if found is None:
        return []
    findings.taken("order of columns", found[0], path)
    return found[1]


def _smoother(path: Path, table: np.ndarray, findings: Findings) -> tuple[str, str]:
    """Whether two columns of whole numbers are time and track, or track and time."""
    time_first, track_first = _ways(table, 1, 0), _ways(table, 0, 1)
    if track_first < time_first / 2:
        said = f"column 1 is a track's and column 2 a time: things go {track_first:.3g} a step"
        findings.taken("order of columns", f"{said}, and {time_first:.3g} the other way round", path)
        return "track", "t"
    said = f"column 1 is a time and column 2 a track's: things go {time_first:.3g} a step"
    said += f", and {track_first:.3g} the other way round"
    if time_first < track_first / 2:
        findings.taken("order of columns", said, path)
    else:
        findings.suspicious("order of columns", f"{said}: tell by --columns", path)
    return "t", "track"


def _ways(table: np.ndarray, track: int, time: int) -> float:
    """Median length of the ways of tracks between two times; infinite if no track has two."""
    order = np.lexsort((table[:, time], table[:, track]))
    steps = np.diff(table[order], axis=0)
    same = (steps[:, track] == 0) & (steps[:, time] > 0)
    lengths = np.linalg.norm(steps[same][:, 2:], axis=1)
    lengths = lengths[np.isfinite(lengths)]
    return float(np.median(lengths)) if len(lengths) else float("inf")


def _restarts(table: np.ndarray) -> bool:
    """Whether the second column rises over runs of rows over which the first one stays the same."""
    steps = np.diff(table[:, :2], axis=0)
    same = steps[:, 0] == 0
    return bool(2 * same.sum() >= len(same) and (steps[same, 1] > 0).all())


def _number(field: str) -> float:
    try:
        return float(field)
    except ValueError:
        return float("nan")
