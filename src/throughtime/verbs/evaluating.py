"""Evaluate: the metrics of a trained model, simple baselines beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from throughtime.data.progress import stage
from throughtime.reports.notes.calibration import table as calibration_table
from throughtime.storage.report import Report
from throughtime.tasks import require
from throughtime.tasks.base import Classifies, Measures
from throughtime.tasks.base.summary import checksums_of, note_learned
from throughtime.training.memory import enough_memory
from throughtime.training.stages import shown
from throughtime.verbs.calibrating import calibrations
from throughtime.verbs.checking import changes
from throughtime.verbs.run import Run, opened


@enough_memory()
def evaluate(
    run: Run | str | Path, data: str | Path | None = None, *, inception: str | Path | None = None, quiet: bool = False
) -> Report:
    """The metrics of a trained model, simple baselines beside it.

    Args:
        run: a run or its folder.
        data: a file or folder that the task reads; None: the test split of the run's own data.
        inception: the file of Inception's weights, in whose features generated pictures are measured too (FID); None:
            they are not.
        quiet: say nothing while it reads and judges.

    Raises:
        ThroughtimeError: it is no run folder, something is wrong with the data, or such a file is no use.

    What is wrong with the examples, such as having been learned from, is in `run.task.findings` afterwards.
    """
    run = opened(run)
    run.task.findings.clear()
    if inception is not None:
        require(run.task, Measures).measure_in(Path(inception))
    elif isinstance(run.task, Measures):
        run.task.measure_in(None)
    with shown(quiet):
        return judge(run, examples_of(run, data))


def examples_of(run: Run, data: str | Path | None = None) -> Sequence[Any]:
    """What a run is judged by; what is wrong with the examples is in its task's findings afterwards.

    Args:
        run: whose task reads.
        data: a file or folder; None: the test split of the run's own data.
    """
    with stage("reading"):
        examples: Sequence[Any] = run.paths.read(run.task).test if data is None else run.task.read(Path(data))
    if (stored := run.folder.read_data()) is not None:
        described, findings = [run.task.describe(example) for example in examples], run.task.findings
        checksums, learned = checksums_of(described), stored[1]["train"]
        note_learned(described, checksums, learned, "an example that this run learned from", findings)
        parts = [part for example in examples for part in run.task.learned_parts(example)]
        what = "an example that this run learned from a part of"
        note_learned(parts, checksums_of(parts), learned, what, findings)
        changed = None if data is not None else changes("test", checksums, stored[1]["test"])
        if changed is not None:
            findings.suspicious("changed data", f"the run's own data is not what it was in training: {changed}")
    return examples


def judge(run: Run, examples: Sequence[Any]) -> Report:
    """What an evaluation of some examples finds, on as many CPU threads as the run has."""
    from throughtime.training.threads import cpu_threads

    with stage("judging"), cpu_threads(run.model, run.task.settings.threads):
        report = run.task.evaluate(run.model, examples)
        if isinstance(run.task, Classifies) and run.task.temperature != 1:
            report = replace(report, tables=[*report.tables, calibration_table(calibrations(run, examples))])
        return report
