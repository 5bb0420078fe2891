"""Rows of one track and one time: near ones are one position, far ones two things under one name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError

_STEPS = 5.0  # usual steps between two places that cannot be one
_EXTENT = 0.01  # share of the way across the file that they lie apart at least
_SCENES = 'one place at a time, or a column that tells the tracks apart (--columns "scene,track,t,x,y")'


def merged(
    path: Path, name: str, times: np.ndarray, places: np.ndarray, lines: np.ndarray, extent: float, findings: Findings
) -> tuple[np.ndarray, np.ndarray]:
    """Each time once, with the mean of its places: time stamps are often rounded.

    Args:
        path, name: of the track, for messages.
        times: (N,), ascending.
        places: (N, D).
        lines: (N,) where they stand.
        extent: how far it is across all tracks of the file.
        findings: rows that were made one are counted.

    Raises:
        DataError: places of one time lie much farther apart than things go from one time to the next.
    """
    starts = np.flatnonzero(np.diff(times, prepend=-np.inf))
    if len(starts) == len(times):
        return times, places
    ends = np.append(starts[1:], len(times)) - 1
    # from any place of one time to any of the next: rows of two things may come in either order
    ways = [places[to[1:]] - places[come[:-1]] for come in (starts, ends) for to in (starts, ends)]
    steps = np.min([np.linalg.norm(way, axis=1) for way in ways], axis=0)
    usual = float(steps.mean()) if len(steps) else 0.0
    group = np.repeat(np.arange(len(starts)), ends - starts + 1)
    apart = np.linalg.norm(places - places[starts][group], axis=1)
    if (far := apart > max(_STEPS * usual, _EXTENT * extent)).any():
        row = int(far.argmax())
        found = f"two places of track {name!r} at one time, {apart[row]:.4g} apart"
        raise DataError(path, f"{found} (the other in line {lines[starts[group[row]]]})", _SCENES, int(lines[row]))
    what = "a row of the same track and time as another, near it: their mean is taken"
    for row in np.setdiff1d(np.arange(len(times)), starts):
        findings.left_out("rows of one time", what, path, int(lines[row]))
    sums = np.zeros((len(starts), places.shape[1]))
    np.add.at(sums, group, places)
    return times[starts], sums / np.bincount(group)[:, None]
