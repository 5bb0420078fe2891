"""How labelled clips are kept apart: as their folder says, or by a share of each class."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from throughtime.data import splits
from throughtime.data.findings import Findings
from throughtime.data.splits import Split, named_splits
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.packed import packed_splits

HELD_OUT = 0.15
"""Share of each class."""


def given_splits(path: Path, findings: Findings | None = None) -> dict[Split, Path] | None:
    """The splits that a path brings: *_TRAIN.ts or .arff, X_train.npy, folders of classes, or tables, named after them;
    of an .npz file its arrays. None: it brings none.
    """
    if not path.is_dir():
        return packed_splits(path) if path.suffix.lower() == ".npz" and path.is_file() else None
    parts = [part for part in path.iterdir() if not part.name.startswith(".")]
    folders = [part for part in parts if part.is_dir()]
    series, weka, arrays, tables = (
        [part for part in parts if part.is_file() and part.suffix.lower() in endings and part.name.startswith(begin)]
        for endings, begin in (((".ts",), ""), ((".arff",), ""), ((".npy",), "X"), ((".csv", ".tsv", ".txt"), ""))
    )
    classes = any(inner.is_dir() for part in folders for inner in part.iterdir())
    kinds = (folders, tables) if classes else (tables, folders)  # tables may name the clips in folders
    every = (series, weka, arrays, *kinds)
    return next((named for kind in every if (named := named_splits(path, kind, findings))), None)


def hold_out(clips: Sequence[Clip], seed: int) -> tuple[list[Clip], list[Clip]]:
    """All but a share of the groups, and that share; without groups, all but a share of each class, and that share.

    Of a class with two clips one is held out only if no class has more.

    Raises:
        ThroughtimeError: there is one class only, no class has two clips, or a class is in one group only.
    """
    if len(only := {clip.label for clip in clips}) < 2:
        raise DataError(clips[0].path, f"only the class {only.pop()!r}", "at least two different classes")
    if any(clip.group is not None for clip in clips):
        rest, held = splits.hold_out(clips, [clip.group for clip in clips], seed, HELD_OUT)
        if lost := only - {clip.label for clip in rest}:
            raise ThroughtimeError(
                f"found the class {lost.pop()!r} in groups that are held out alone, expected it in others too; "
                "give --train, --valid and --test instead"
            )
        return rest, held
    order = list(clips)
    random.Random(seed).shuffle(order)
    classes = Counter(str(clip.label) for clip in clips)
    least = 3 if max(classes.values()) > 2 else 2
    rest, held = [], []
    for label, number in sorted(classes.items()):
        own = [clip for clip in order if clip.label == label]
        count = max(1, round(HELD_OUT * number)) if number >= least else 0
        held += own[:count]
        rest += own[count:]
    if not held:
        raise ThroughtimeError(
            "found classes of one clip each, expected at least 3 of one; give --train, --valid and --test instead"
        )
    return rest, held
