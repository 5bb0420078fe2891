"""Generate: something new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from throughtime import tasks as registry
from throughtime.tasks.base import Generates
from throughtime.training.memory import enough_memory
from throughtime.verbs.run import Run, opened


@enough_memory()
def generate(run: Run | str | Path, out: str | Path, **options: Any) -> list[Path]:
    """Let a trained model make something new.

    Args:
        run: a run or its folder.
        out: the file to write; what goes with it (a sound, a picture) is written beside it.
        options: fields of the task's Generation, such as `temperature=0.8`.

    Returns:
        The files written.
    """
    run = opened(run)
    task = registry.require(run.task, Generates)
    asked = task.Generation(**options)
    task.check_output(Path(out), asked)
    from throughtime.training.threads import cpu_threads  # and with it torch

    with cpu_threads(run.model, run.task.settings.threads):
        return task.generate(run.model, Path(out), asked)
