"""How labelled clips are kept apart: as their folder says, or by a share of each class."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.splits import Split, named_splits
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.video.clips.clip import Clip

HELD_OUT = 0.15
"""Share of each class."""


def given_splits(folder: Path, findings: Findings | None = None) -> dict[Split, Path] | None:
    """The splits that a folder brings: *_TRAIN.ts, X_train.npy, folders of classes, or manifests, named after them."""
    parts = [part for part in folder.iterdir() if not part.name.startswith(".")]
    folders = [part for part in parts if part.is_dir()]
    series, arrays, tables = (
        [part for part in parts if part.is_file() and part.suffix.lower() in endings and part.name.startswith(begin)]
        for endings, begin in (((".ts",), ""), ((".npy",), "X"), ((".csv", ".tsv"), ""))
    )
    classes = any(inner.is_dir() for part in folders for inner in part.iterdir())
    kinds = (folders, tables) if classes else (tables, folders)  # tables may name the clips in folders
    return next((named for kind in (series, arrays, *kinds) if (named := named_splits(folder, kind, findings))), None)


def hold_out(clips: Sequence[Clip], seed: int) -> tuple[list[Clip], list[Clip]]:
    """All but a share of each class, and that share; of a class with two clips one only if no class has more.

    Raises:
        ThroughtimeError: there is one class only, or no class has two clips.
    """
    if len(only := {clip.label for clip in clips}) < 2:
        raise DataError(clips[0].path, f"only the class {only.pop()!r}", "at least two different classes")
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
