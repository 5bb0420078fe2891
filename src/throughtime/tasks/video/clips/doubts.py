"""What looks wrong with clips that could be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from throughtime.data.findings import Findings
from throughtime.tasks.video.clips.clip import Clip

_NAMED = 8  # features whose numbers are given


def look_at_lengths(clips: Sequence[Clip], findings: Findings) -> None:
    """Note clips in which nothing can move."""
    for clip in clips:
        if len(clip.frames) == 1:
            findings.suspicious("lengths", "a clip of a single frame", clip.path, clip.line)


def look_at_features(train: Sequence[Clip], findings: Findings) -> None:
    """Note features of vectors that tell nothing: never seen, constant, counting the rows."""
    low = np.fmin.reduce([np.fmin.reduce(clip.frames) for clip in train])
    high = np.fmax.reduce([np.fmax.reduce(clip.frames) for clip in train])
    kinds = {
        "has no value in any clip of training": np.isnan(low),
        "has one and the same value in all of training": low == high,
        "only counts the rows (an index, a time)": _counting(train),
    }
    for what, found in kinds.items():
        for number in np.flatnonzero(found)[:_NAMED] + 1:
            findings.suspicious("features", f"number {number} of {len(low)} {what}")
        if (more := int(found.sum()) - _NAMED) > 0:
            findings.suspicious("features", f"another of {len(low)} that {what}", count=more)


def _counting(train: Sequence[Clip]) -> np.ndarray:
    """(F,): which features rise by one and the same step from row to row, in all clips of three rows or more."""
    steps = [np.diff(clip.frames, axis=0) for clip in train if len(clip.frames) > 2]
    if not steps:
        return np.zeros(train[0].frames.shape[1], dtype=bool)
    usual = steps[0][0]
    counting: np.ndarray = usual != 0
    for some in steps:
        counting &= (np.abs(some - usual) <= 1e-3 * np.abs(usual)).all(axis=0)
    return counting
