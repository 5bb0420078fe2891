"""What a training leaves in its report by itself: looks inside the model that has just been learned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from throughtime.data.progress import stage
from throughtime.errors import ThroughtimeError
from throughtime.reports.notes.calibration import leave_calibration
from throughtime.reports.notes.gates import leave_gates
from throughtime.reports.notes.gradients import leave_gradients
from throughtime.reports.notes.watched import leave_watched
from throughtime.reports.notes.worst import leave_worst
from throughtime.tasks.base import Draws, Symbols
from throughtime.verbs.calibrating import calibrations
from throughtime.verbs.run import Run

WORTH = 30.0
"""Seconds of training from which on some more, to look inside the model, are not noticed."""
_SAMPLES, _MEASURED = 2, 4


def leave_looks(run: Run, test: Sequence[Any], seconds: float) -> None:
    """Leave sections in a run's report: what watching gradients and calibration have found, and after a training that
    was long enough the gates of two sample inputs, gradients, the worst answers as pictures.

    Args:
        run: fresh from training, and judged.
        test: what it was judged by.
        seconds: that it has been trained.
    """
    from throughtime.training.threads import cpu_threads

    with stage("drawing for the report"), cpu_threads(run.model, run.task.settings.threads):
        try:
            leave_watched(run.folder)
            if run.folder.calibrated:
                leave_calibration(run.folder, calibrations(run, test))
            if seconds >= WORTH:
                look_inside(run, test)
        except ThroughtimeError as error:  # what has been learned and judged stands
            run.task.findings.suspicious("report", f"a section could not be made: {error}")


def look_inside(run: Run, test: Sequence[Any]) -> None:
    """Gates of two sample inputs, gradients of four, pictures of the worst answers."""
    task = run.task
    if isinstance(task, Symbols):
        _look_at_layers(run, task, test)
    if isinstance(task, Draws):
        leave_worst(run.folder, task, run.model, test)


def _look_at_layers(run: Run, task: Symbols, test: Sequence[Any]) -> None:
    from throughtime.insight.gates import gates
    from throughtime.insight.gradients import gradients, together
    from throughtime.insight.watching import spread

    inputs = (one for example in spread(test, _MEASURED) for one in islice(task.inputs_of(example), 1))
    readings = [reading for one in inputs for reading in islice(task.readings(run.model, one), 1)]
    if readings:
        leave_gates(run.folder, [gates(run.model, reading) for reading in readings[:_SAMPLES]])
        flows = together([gradients(run.model, reading) for reading in readings])
        leave_gradients(run.folder, {flow.name: flow for flow in flows}, f"mean of {len(readings)} test examples")
