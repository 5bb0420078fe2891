"""Check: read data as `train` would, and say how it was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.progress import stage
from throughtime.errors import ThroughtimeError
from throughtime.tasks.base import Splits, Task
from throughtime.tasks.base.summary import Summary, summarise
from throughtime.training.memory import enough_memory
from throughtime.training.stages import shown
from throughtime.verbs.paths import DataPaths
from throughtime.verbs.run import task_of


@dataclass(frozen=True)
class Checked:
    """What `check` saw.

    Args:
        task: with its findings (`task.findings`).
        splits: the examples.
        summaries: of each split, by name.
    """

    task: Task[Any, Any]
    splits: Splits[Any]
    summaries: Mapping[str, Summary]

    def to_json(self) -> dict[str, Any]:
        """As it is stored in a run folder's data.json."""
        splits = {name: summary.to_json() for name, summary in self.summaries.items()}
        return {"splits": splits, "findings": self.task.findings.to_json()}


@enough_memory()
def check(
    task: str,
    data: str | Path | None = None,
    *,
    train: str | Path | None = None,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    quiet: bool = False,
    **settings: Any,
) -> Checked:
    """Read data as `train` would, learn nothing, and say how it was understood and what looks wrong.

    Args:
        task, data, train, valid, test, quiet, settings: as `train` takes them.

    Raises:
        ThroughtimeError: it cannot be read.
    """
    paths = DataPaths(*(None if path is None else Path(path) for path in (data, train, valid, test)))
    with shown(quiet):
        return read(task_of(task, settings), paths)


def read(task: Task[Any, Any], paths: DataPaths) -> Checked:
    """Read all splits and look for what is wrong; an error carries what was found before it."""
    task.findings.clear()
    try:
        with stage("reading"):
            splits = paths.read(task)
        with stage("looking for what is wrong"):
            return Checked(task, splits, summarise(task, splits))
    except ThroughtimeError as error:  # how the data was understood often says why it failed
        error.findings = list(task.findings)
        raise


def changes(split: str, now: np.ndarray, before: np.ndarray) -> str | None:
    """How the checksums of a split differ from those of training; None: they do not."""
    if np.array_equal(now, before):
        return None
    new, gone = int((~np.isin(now, before)).sum()), int((~np.isin(before, now)).sum())
    how = f"{new} of them new, {gone} of the old ones gone" if new or gone else "in another order"
    return f"found {len(now)} examples in its {split} split ({how}), expected the {len(before)} of then"
