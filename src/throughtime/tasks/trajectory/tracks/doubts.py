"""What looks wrong with tracks that could be read: their steps, gaps, lengths, and whether anything moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from throughtime.data.findings import Findings
from throughtime.tasks.base import Splits
from throughtime.tasks.trajectory.tracks.track import Track
from throughtime.tasks.trajectory.tracks.windows import Protocol

_GAP = 5.0  # usual steps
_FEWEST = 10  # tracks by which regions may become narrower than learned


def look_at(splits: Splits[Track], protocol: Protocol, findings: Findings) -> None:
    """Note all of it."""
    tracks = [track for _, part in splits.items() for track in part]
    _look_at_times(tracks, protocol, findings)
    _look_at_lengths(splits, protocol, findings)
    _look_at_motion(tracks, findings)
    if too_few(splits.valid, protocol):
        what = f"calibrated by fewer than {_FEWEST} tracks: they are made wider, never narrower"
        findings.taken("regions", what)


def too_few(tracks: Sequence[Track], protocol: Protocol) -> bool:
    """Whether they are too few to say that regions are too wide: windows of one track have much in common."""
    return sum(bool(protocol.cuts(track)) for track in tracks) < _FEWEST


def _look_at_times(tracks: Sequence[Track], protocol: Protocol, findings: Findings) -> None:
    """Note the usual step, and steps so long that something was missed: windows counted in points go over these."""
    steps = np.concatenate([np.diff(track.times) for track in tracks])
    if not len(steps):
        return
    usual = float(np.median(steps))
    spread = f"{steps.min():.4g} to {steps.max():.4g}"
    findings.taken("steps", f"{usual:.4g} seconds from point to point (the median; {spread})")
    note = findings.suspicious if protocol.unit == "points" else findings.left_out
    over = (
        "windows of points go over it (--gap SECONDS cuts there)"
        if protocol.unit == "points"
        else "windows are cut by their seconds"
    )
    for track in tracks:
        for _ in range(int((np.diff(track.times) > _GAP * usual).sum())):
            note("gaps", f"a gap of over {_GAP * usual:.4g} seconds in a track; {over}", track.path, track.line)


def _look_at_lengths(splits: Splits[Track], protocol: Protocol, findings: Findings) -> None:
    """Note tracks from which no window can be cut."""
    for name, tracks in splits.items():
        for track in tracks:
            if name == "train" and len(track) < 2:
                findings.left_out(
                    "short tracks", "a track of one point, of no use to learn from", track.path, track.line
                )
            elif name != "train" and not protocol.cuts(track):
                what = f"a track of the {name} split too short to {protocol}: it judges nothing"
                findings.left_out("short tracks", what, track.path, track.line)


def _look_at_motion(tracks: Sequence[Track], findings: Findings) -> None:
    """Note tracks that stay where they are."""
    still = [track for track in tracks if len(track) > 1 and not np.ptp(track.positions, axis=0).any()]
    if 2 * len(still) > len(tracks):
        for track in still:
            findings.suspicious("motion", "a track that stays where it is, as most do", track.path, track.line)
    elif still:
        findings.taken("motion", f"{len(still)} of {len(tracks)} tracks stay where they are")
