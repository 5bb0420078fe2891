"""Calibrate: after training, the temperature at which a classifier's probabilities are to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.data.progress import stage
from throughtime.insight.calibration import Calibration, best_temperature, calibration
from throughtime.tasks.base import Classifies
from throughtime.tasks.base.classifies import ClassifierSettings
from throughtime.verbs.run import Run


def calibrate(run: Run, valid: Sequence[Any]) -> None:
    """Find the temperature of a run that was asked to be calibrated, keep it in its folder, and let it answer so.

    Args:
        run: fresh from training.
        valid: the validation split, which the weights were chosen by and not learned from.
    """
    task, settings = run.task, run.task.settings
    if not (isinstance(task, Classifies) and isinstance(settings, ClassifierSettings) and settings.calibrate):
        return
    with stage("calibrating"):
        task.temperature = best_temperature(*task.class_probabilities(run.model, valid))
    if task.temperature == 1:
        what = (
            f"the {len(valid):,} examples of the validation split tell no temperature: probabilities stay as they are"
        )
        task.findings.suspicious("calibration", what)
    run.folder.write_temperature(task.temperature)


def calibrations(run: Run, examples: Sequence[Any]) -> list[Calibration]:
    """How far a run's probabilities are to be believed: as the model gives them, and as the run says them if it was
    calibrated; none of a task without probabilities of classes.
    """
    task = run.task
    if not isinstance(task, Classifies):
        return []
    probabilities, actual = task.class_probabilities(run.model, examples)
    return [calibration(probabilities, actual, one) for one in dict.fromkeys((1.0, task.temperature))]
