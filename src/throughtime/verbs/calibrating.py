"""Calibrate: after training, what makes answers of a classifier's probabilities, and how far to believe them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.data.progress import stage
from throughtime.insight.calibration import Calibration, best_temperature, calibration
from throughtime.tasks.base import Classifies
from throughtime.tasks.base.classifies import ClassifierSettings
from throughtime.verbs.run import Run


def calibrate(run: Run, valid: Sequence[Any]) -> None:
    """Find what makes answers of a run's probabilities, keep it in its folder, and let the run answer so: the
    temperature, where it was asked for, and thresholds, where an example may be of several classes.

    Args:
        run: fresh from training.
        valid: the validation split, which the weights were chosen by and not learned from.
    """
    task, settings = run.task, run.task.settings
    if not isinstance(task, Classifies):
        return
    asked = isinstance(settings, ClassifierSettings) and settings.calibrate
    with stage("calibrating"):
        if asked:
            task.temperature = best_temperature(*task.class_probabilities(run.model, valid))
        task.thresholds = task.best_thresholds(run.model, valid)
    if asked and task.temperature == 1:
        what = (
            f"the {len(valid):,} examples of the validation split tell no temperature: probabilities stay as they are"
        )
        task.findings.suspicious("calibration", what)
    if asked or task.thresholds:
        run.folder.write_calibration(task.temperature, task.thresholds)


def calibrations(run: Run, examples: Sequence[Any]) -> list[Calibration]:
    """How far a run's probabilities are to be believed: as the model gives them, and as the run says them if it was
    calibrated; none of a task without probabilities of classes.
    """
    task = run.task
    if not isinstance(task, Classifies):
        return []
    probabilities, actual = task.class_probabilities(run.model, examples)
    return [calibration(probabilities, actual, one) for one in dict.fromkeys((1.0, task.temperature))]
