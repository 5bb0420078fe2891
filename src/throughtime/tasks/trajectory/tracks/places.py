"""Places as tables of tracks write them: coordinates, the sides of a box, or degrees on the globe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.trajectory.tracks.globe import to_metres, zone_of

_KINDS = {
    "coordinates": ("x", "y", "z"),
    "box": ("left", "top", "width", "height"),
    "corners": ("left", "top", "right", "bottom"),
    "degrees": ("lat", "lon"),
}
_WHAT = {
    "box": "the middle of a box, by its left, top, width and height",
    "corners": "the middle of a box, by its corners",
}


@dataclass(frozen=True)
class Places:
    """Which columns hold places, and of what kind.

    Args:
        kind: coordinates, box, corners or degrees.
        columns: their indices, in the order of `roles`.
        roles: what they are, in the order in which the kind has them.
        lacking: roles that are needed and not there.
    """

    kind: str
    columns: tuple[int, ...]
    roles: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    def positions(self, path: Path, values: np.ndarray, lines: np.ndarray, findings: Findings) -> np.ndarray:
        """Positions (N, D) out of what stands in the columns, (N, C); NaN where one is missing.

        Raises:
            DataError: degrees that are none, at which line.
        """
        if self.kind in _WHAT:
            findings.taken("places", _WHAT[self.kind], path)
            near, far = values[:, :2], values[:, 2:]
            return near + far / 2 if self.kind == "box" else (near + far) / 2
        if self.kind == "degrees":
            return _metres(path, values, lines, findings)
        if values.shape[1] == 3 and np.isnan(values[:, 2]).all():
            findings.left_out("columns", "the column of z is empty: tracks in 2 dimensions", path)
            return values[:, :2]
        return values


def places_of(kinds: Sequence[str | None]) -> Places:
    """The first kind of places that is there whole; if none is, the one of x and y, with what it lacks.

    Args:
        kinds: what each column is for.

    Example:
        >>> places_of(["track", "t", "lon", "lat"]).columns, places_of(["t", "x"]).lacking
        ((3, 2), ('y',))
    """
    for kind, roles in _KINDS.items():
        needed = roles[:2] if kind == "coordinates" else roles
        if all(role in kinds for role in needed):
            there = tuple(role for role in roles if role in kinds)
            return Places(kind, tuple(at for role in there for at, own in enumerate(kinds) if own == role), there)
    return Places("coordinates", (), (), tuple(role for role in ("x", "y") if role not in kinds))


def _metres(path: Path, degrees: np.ndarray, lines: np.ndarray, findings: Findings) -> np.ndarray:
    """Latitude and longitude (N, 2) as metres on the map of the zone that the first of them lies in."""
    beyond = (np.abs(degrees) > [84.0, 180.0]).any(axis=1)
    if beyond.any():
        row = int(beyond.argmax())
        found = f"the latitude {degrees[row, 0]:g} and the longitude {degrees[row, 1]:g}"
        raise DataError(path, found, "-84 to 84 and -180 to 180 degrees", int(lines[row]))
    known = degrees[np.isfinite(degrees).all(axis=1)]
    if not len(known):
        return degrees
    zone = zone_of(known[0, 1])
    side = "north" if known[0, 0] >= 0 else "south"
    findings.taken("places", f"latitude and longitude, as metres of UTM zone {zone} {side}: east and north", path)
    return to_metres(degrees, zone, south=side == "south")
