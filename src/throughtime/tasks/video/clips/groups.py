"""Which clips belong together, since one person (or scene) is in all of them: told, or seen by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from throughtime.data.findings import Findings
from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.base import Splits
from throughtime.tasks.video.clips.clip import Clip

SUBJECTS = ("subject", "subject_id", "person", "participant", "participant_id", "user", "user_id", "actor", "group")
"""What a column is called that says who is in a clip."""
_GUESS = re.compile(
    r"(?:^|[^a-zA-Z0-9])((?:subject|subj|person|participant|user|actor|[SsPpg])[-_ ]?0*\d+)(?=[^a-zA-Z0-9]|[A-Z]|$)"
)
_FEWEST = 5  # different ones from which a guess is worth it


def in_groups(clips: Sequence[Clip], told: str | None, findings: Findings) -> list[Clip]:
    """The clips, each with its group, where there are groups.

    Args:
        clips: some have theirs already, by a column.
        told: a regular expression over the paths; what its first bracket (or all of it) matches is the group. None:
            the group is what looks like a person's number in all the names: s01, P003, subject 7, person12, g05.
        findings: what was taken.

    Raises:
        ArgumentError: no regular expression.
        DataError: a path that it does not match.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> clip = Clip(np.zeros((1, 1)), "a", Path("walk/a01_s07_e02.npy"))
        >>> in_groups([clip], r"s(\\d+)", Findings())[0].group
        '07'
    """
    if told is not None:
        try:
            pattern = re.compile(told)
        except re.error as error:
            raise ArgumentError(f"found the pattern {told!r} ({error}), expected a regular expression") from error
        return [replace(clip, group=_matched(clip, pattern)) for clip in clips]
    if any(clip.group is not None for clip in clips):
        many = len({clip.group for clip in clips})
        findings.taken("groups", f"{many} by a column: each stays on one side of a split")
        return list(clips)
    names = [_GUESS.search(clip.path.stem) for clip in clips]
    found = {name[1] for name in names if name is not None}
    if not all(names) or not _FEWEST <= len(found) <= len(clips) / 2:
        return list(clips)
    shown = ", ".join(sorted(found)[:3])
    what = f"{len(found)} by the names of the files ({shown}, ...): each stays on one side of a split (else --group)"
    findings.taken("groups", what)
    return [replace(clip, group=name[1]) for clip, name in zip(clips, names, strict=True) if name is not None]


def look_for_both_sides(splits: Splits[Clip], findings: Findings) -> None:
    """Note groups of training that are in another split, too."""
    learned = {clip.group for clip in splits.train} - {None}
    for name, clips in splits.items()[1:]:
        for clip in clips:
            if clip.group in learned:
                what = f"a clip of the {name} split whose group (person, scene) is learned from"
                findings.suspicious("groups", what, clip.path, clip.line)


def _matched(clip: Clip, pattern: re.Pattern[str]) -> str:
    found = pattern.search(clip.path.as_posix())
    if found is None:
        raise DataError(clip.path, "a name without a group", f"one that {pattern.pattern!r} matches", clip.line)
    return found[1] if pattern.groups and found[1] is not None else found[0]
