"""Stress: judge a trained model again under each of the conditions that its task names."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime import tasks as registry
from throughtime.data.progress import stage
from throughtime.errors import ArgumentError, ThroughtimeError
from throughtime.insight.stress import Curve, Stressed, Worst, best_method, largest_rises
from throughtime.reports.notes.stress import leave_stress
from throughtime.tasks.base import Attackable, Classifies, Condition, Conditions, Task
from throughtime.tasks.base.attackable import ATTACKS, Change
from throughtime.tasks.base.conditions import SEVERITIES
from throughtime.tasks.base.summary import checksums_of
from throughtime.training.memory import enough_memory
from throughtime.training.stages import shown
from throughtime.verbs.calibrating import calibrations
from throughtime.verbs.evaluating import examples_of
from throughtime.verbs.inspecting import kept
from throughtime.verbs.run import Run, opened

if TYPE_CHECKING:
    from throughtime.data.batch import Batch
    from throughtime.insight.attacks import Attack
    from throughtime.models.base import Model

LIMIT = 300
"""Examples that are judged if nothing else is asked for: each some thirty times."""
_LOOKED_AT = 60  # of these, those among which the worst are looked for


@enough_memory()
def stress(
    run: Run | str | Path,
    data: str | Path | None = None,
    *,
    conditions: Sequence[str] = (),
    severities: Sequence[int] = SEVERITIES,
    limit: int | None = LIMIT,
    seed: int = 0,
    out: str | Path | None = None,
    quiet: bool = False,
    keep: bool = False,
) -> Stressed:
    """Judge a trained model again under each condition, at each severity: how much does it bear?

    Args:
        run: a run or its folder.
        data: a file or folder that the task reads; None: the test split of the run's own data.
        conditions: names of those that are tried, and of attacks by gradients (fgsm, pgd, hotflip); none: all that the
            task names, and no attack.
        severities: which of 1 to 5.
        limit: examples that are judged, evenly spread; None: all.
        seed: decides all that is left to chance; the same gives the same.
        out: a folder in which the worst examples are kept as files, before and after; None: nowhere.
        quiet: say nothing while it judges.
        keep: leave what was found as a section of the run's report.

    Raises:
        ThroughtimeError: its task names no conditions, or not these; data that cannot be read.
        ArgumentError: no such severity, or nothing to be judged.
    """
    run = opened(run)
    check_stress(run, conditions, severities, limit)
    run.task.findings.clear()
    with shown(quiet), tempfile.TemporaryDirectory(prefix="throughtime-stress-") as folder:
        examples = examples_of(run, data)
        found = _Stress(run, Path(folder), sorted(set(severities)), seed).all_of(examples, conditions, limit, out)
    if keep:
        kept(run, partial(leave_stress, run.folder, found))
    return found


def check_stress(
    run: Run, conditions: Sequence[str] = (), severities: Sequence[int] = SEVERITIES, limit: int | None = LIMIT
) -> None:
    """Look, before anything is read, whether a run's task can be stressed so; raises as `stress` does."""
    known = [one.name for one in registry.require(run.task, Conditions).conditions(Path())]
    if set(conditions) & set(ATTACKS):
        known += registry.require(run.task, Attackable).surface().attacks
    if strange := [name for name in conditions if name not in known]:
        raise ThroughtimeError(f"found no condition {strange[0]!r} of {run.task.name}, expected of: {', '.join(known)}")
    if not severities or not set(severities) <= set(SEVERITIES):
        raise ArgumentError(
            f"found the severities {', '.join(map(str, severities)) or 'none'}, expected some of 1 to 5"
        )
    if limit is not None and limit < 1:
        raise ArgumentError(f"found a limit of {limit} examples, expected at least 1")


@dataclass(frozen=True)
class _Stress:
    """A run under stress.

    Args:
        run: it.
        room: a folder for disturbed files, and for what is computed of them, which nobody will need again.
        severities: rising.
        seed: of chance.
    """

    run: Run
    room: Path
    severities: Sequence[int]
    seed: int

    def all_of(
        self, examples: Sequence[Any], names: Sequence[str], limit: int | None, out: str | Path | None
    ) -> Stressed:
        task = registry.require(self.run.task, Conditions)
        some, of = task.sample(examples, limit), len(task.sample(examples, None))
        wanted = [one for one in task.conditions(self.room) if not names or one.name in names]
        attacks = self._attacks(names)
        total = 1 + (len(wanted) + len(attacks)) * len(self.severities)
        evaluations = iter(range(1, 1 + total))
        with stage(f"judging undisturbed: evaluation {next(evaluations)} of {total}"):
            report = self._judged(some)
            calibrated = calibrations(self.run, some)
        metric: Any = self.run.task.metric
        method = best_method(metric, report.baselines)
        checksums = self._checksums(some)
        curves = []
        for one in wanted:
            values = []
            for severity in self.severities:
                with stage(f"{one.name}, severity {severity}: evaluation {next(evaluations)} of {total}"):
                    disturbed = one.disturb(some, severity, self.seed)
                    found = self._judged(disturbed)
                    simple = math.nan if method is None else found.baselines[method].get(metric.name, math.nan)
                    values.append((found.metrics.get(metric.name, math.nan), simple))
            changed = float((self._checksums(disturbed) != checksums).mean())
            own, others = np.array(values, dtype=np.float64).T
            steps = [one.at(severity) for severity in self.severities]
            curves.append(Curve(one.name, str(one), steps, np.array(self.severities), own, others, changed))
        for attack in attacks:
            values = []
            for severity in self.severities:
                with stage(f"{attack.name}, severity {severity}: evaluation {next(evaluations)} of {total}"):
                    amount = attack.amounts[severity - 1]
                    change = _Counted(partial(self._attacked, attack, amount))
                    values.append(self._judged(some, change).metrics.get(metric.name, math.nan))
            steps = [attack.at(severity) for severity in self.severities]
            nothing = np.full(len(values), math.nan)  # a simple method has no gradient to be attacked by
            severities, own = np.array(self.severities), np.array(values, dtype=np.float64)
            curves.append(Curve(attack.name, str(attack), steps, severities, own, nothing, change.share))
        value = report.metrics.get(metric.name, math.nan)
        known = math.nan if method is None else report.baselines[method][metric.name]
        worst = list(self._worst(wanted, some, out)) if wanted else []
        return Stressed(metric, len(some), of, value, method, known, curves, worst, self.seed, calibrated)

    def _attacked(self, attack: Attack, amount: float, batch: Batch) -> Batch:
        return attack.change(self.run.model, batch, amount)

    def _attacks(self, names: Sequence[str]) -> list[Attack]:
        """Those that were asked for."""
        if not set(names) & set(ATTACKS):
            return []
        from throughtime.insight.attacks import attacks_of

        return [one for one in attacks_of(registry.require(self.run.task, Attackable).surface()) if one.name in names]

    def _twin(self) -> Task[Any, Any]:
        """The task once more, that remembers nothing of other examples and keeps what it computes in the room."""
        task = self.run.task
        twin: Task[Any, Any] = type(task)(task.settings, self.room)
        twin.load_features(self.run.folder.features)
        if isinstance(task, Classifies) and isinstance(twin, Classifies):
            twin.temperature, twin.thresholds = task.temperature, task.thresholds
        return twin

    def _judged(self, examples: Sequence[Any], change: Change | None = None) -> Any:
        from throughtime.training.threads import cpu_threads

        twin: Any = self._twin()
        if change is not None:
            twin.change = change
        with cpu_threads(self.run.model, self.run.task.settings.threads):
            return twin.evaluate(self.run.model, examples)

    def _checksums(self, examples: Sequence[Any]) -> np.ndarray:
        return checksums_of([self.run.task.describe(example) for example in examples])

    def _worst(self, wanted: Sequence[Condition[Any]], some: Sequence[Any], out: str | Path | None) -> Iterator[Worst]:
        """The examples that suffer most of the highest severity."""
        task, highest = registry.require(self.run.task, Conditions), self.severities[-1]
        few = [some[at] for at in np.linspace(0, len(some) - 1, min(len(some), _LOOKED_AT)).astype(int)]
        versions = [few, *(one.disturb(few, highest, self.seed) for one in wanted)]
        with stage("looking for the worst examples", len(versions)) as here:
            losses = []
            for version in versions:
                losses.append(self._losses(version))
                here.done += 1
        for number, (condition, at) in enumerate(largest_rises(losses[0], np.stack(losses[1:])), 1):
            before, after = few[at], versions[1 + condition][at]
            if out is not None:
                task.store(before, Path(out) / f"worst-{number}-before")
                task.store(after, Path(out) / f"worst-{number}-after")
            one, other = (self._named(self.run.task.show(example)) for example in (before, after))
            yield Worst(
                wanted[condition].name,
                wanted[condition].at(highest),
                one,
                other,
                self._answers(before, after),
                (float(losses[0][at]), float(losses[1 + condition][at])),
            )

    def _losses(self, examples: Sequence[Any]) -> np.ndarray:
        """The model's mean loss of each example by itself; NaN where one alone cannot be judged."""
        task, model = self._twin(), self.run.model
        return np.array([_loss(task, model, example, self.seed) for example in examples])

    def _answers(self, before: Any, after: Any) -> tuple[str, str] | None:
        questions = [registry.require(self.run.task, Conditions).question(example) for example in (before, after)]
        if any(question is None for question in questions):
            return None
        twin = self._twin()
        answers = (next(iter(twin.predict(self.run.model, [question]))) for question in questions)
        one, other = (self._named(twin.render(answer)) for answer in answers)
        return one, other

    def _named(self, text: str) -> str:
        """On one line; files that are nowhere afterwards by their names alone."""
        return " ".join(text.replace(f"{self.room}{os.sep}", "").split())


class _Counted:
    """A change of batches, and how many of their rows are other rows then.

    Args:
        change: of a batch.
    """

    def __init__(self, change: Change) -> None:
        self._change, self._rows, self._changed = change, 0, 0

    def __call__(self, batch: Batch) -> Batch:
        after = self._change(batch)
        self._rows += batch.sequences
        self._changed += int((after["inputs"] != batch["inputs"]).flatten(1).any(dim=1).sum())
        return after

    @property
    def share(self) -> float:
        """Of the rows, which were changed."""
        return self._changed / max(1, self._rows)


def _loss(task: Task[Any, Any], model: Model, example: Any, seed: int) -> float:
    import torch

    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # a latent code is drawn alike before and after
            return model.mean_loss(task.loader([example], training=False))
    except ThroughtimeError:  # too short to be judged alone
        return math.nan
