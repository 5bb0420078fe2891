"""Prefer: which of two sentences a language model finds more probable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime import tasks as registry
from throughtime.data.progress import counted
from throughtime.errors import ThroughtimeError
from throughtime.tasks.base import Symbols
from throughtime.training.memory import enough_memory
from throughtime.training.stages import shown
from throughtime.verbs.run import Run, opened

if TYPE_CHECKING:
    from throughtime.insight.preference import Preference


def prefer(run: Run | str | Path, pairs: Sequence[tuple[str, str, str]], *, quiet: bool = False) -> list[Preference]:
    """How often a run finds the right one of two sentences the more probable one.

    Args:
        run: of a language model, or its folder.
        pairs: kind, right and wrong sentence; those of one kind together.
        quiet: show no progress.

    Returns:
        One for each kind.

    Raises:
        ThroughtimeError: it is no run folder, or no language model.
    """
    run = opened(run)
    task: Any = registry.require(run.task, Symbols)
    from throughtime.insight.preference import preferences, surprise
    from throughtime.training.threads import cpu_threads

    def surprise_of(sentence: str) -> float:
        readings = list(task.readings(run.model, sentence))
        if not readings:
            raise ThroughtimeError("found an empty sentence, expected one with words")
        return sum(surprise(run.model, reading) for reading in readings)

    with enough_memory(), shown(quiet), cpu_threads(run.model, run.task.settings.threads):
        return list(preferences(counted(pairs, "asking about pairs of sentences"), surprise_of))
