"""How far a run has come: plain numbers, all of them in the checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Metric

if TYPE_CHECKING:
    from throughtime.data.batch import Batch
    from throughtime.training.step import Taken


@dataclass
class Sums:
    """What a number of steps add up to.

    Args:
        loss: summed loss, in nats.
        terms: how many terms were summed.
        norm: summed norm of the gradient, before clipping.
        steps, sequences, tokens: how many were learned from, counted as often as they were seen.
        seconds: time the steps took, evaluations not included.
        measures: what the model measured besides, by name: the sum, and of how many steps.
    """

    loss: float = 0.0
    terms: int = 0
    norm: float = 0.0
    steps: int = 0
    sequences: int = 0
    tokens: int = 0
    seconds: float = 0.0
    measures: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, batches: Sequence[Batch], taken: Taken, seconds: float) -> None:
        """Count one optimiser step."""
        self.loss += taken.loss
        self.terms += taken.terms
        self.norm += taken.norm
        self.steps += 1
        self.sequences += sum(batch.sequences for batch in batches)
        self.tokens += sum(batch.tokens for batch in batches)
        self.seconds += seconds
        for name, value in taken.measures.items():
            total, steps = self.measures.get(name, (0.0, 0))
            self.measures[name] = (total + value, steps + 1)

    @property
    def means(self) -> dict[str, float]:
        """Of what was measured besides."""
        return {name: total / steps for name, (total, steps) in self.measures.items()}

    def per_second(self, count: int) -> float:
        """A rate; 0 before the first step."""
        return count / self.seconds if self.seconds > 0 else 0.0


@dataclass
class Progress:
    """Counters of a run, from its very beginning, over all resumptions.

    Args:
        batches: in one epoch.
        epoch, batch: position in the data: passes completed, batches of the present one consumed.
        step: optimiser steps taken.
        seconds: time spent, evaluations included.
        evaluated: step of the last evaluation; -1: none yet.
        best: best validation metric so far.
        best_step: step it was reached at.
        stalled: evaluations since then.
        waited: evaluations without improvement since the last decay (plateau schedule).
        decays: decays so far (plateau schedule).
        warm: share of the run that the warm-up took.
        rows: the rows of metrics.csv.
        total: sums over all steps.
        since: sums since the last evaluation.
    """

    batches: int
    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    evaluated: int = -1
    best: float | None = None
    best_step: int = 0
    stalled: int = 0
    waited: int = 0
    decays: int = 0
    warm: float = 0.0
    rows: list[dict[str, float]] = field(default_factory=list)
    total: Sums = field(default_factory=Sums)
    since: Sums = field(default_factory=Sums)

    @property
    def epochs(self) -> float:
        """Passes over the data, the present one as a fraction."""
        return self.epoch + min(1.0, self.batch / max(1, self.batches))

    def share(self, settings: TrainingSettings) -> float:
        """How much of the run is done, from 0 to 1, by the limit that is nearest; 0 without a limit."""
        shares = [0.0]
        if settings.steps is not None:
            shares.append(self.step / max(1, settings.steps))
        if settings.epochs is not None:
            shares.append(self.epochs / max(1, settings.epochs))
        if settings.minutes is not None:
            shares.append(self.seconds / (60 * settings.minutes))
        return min(1.0, max(shares))

    def reason_to_stop(self, settings: TrainingSettings) -> str | None:
        """Which limit is reached, if any."""
        if settings.steps is not None and self.step >= settings.steps:
            return f"limit of {settings.steps} steps"
        if settings.epochs is not None and self.epoch >= settings.epochs:
            return f"limit of {settings.epochs} epochs"
        if settings.minutes is not None and self.seconds >= 60 * settings.minutes:
            return f"limit of {settings.minutes:g} minutes"
        if settings.patience is not None and self.stalled >= settings.patience:
            return f"{self.stalled} evaluations without improvement"
        return None

    def judge(self, value: float, metric: Metric, settings: TrainingSettings) -> bool:
        """Take note of an evaluation at this step; whether its value is the best so far."""
        self.evaluated = self.step
        if better := metric.better(value, self.best):
            self.best, self.best_step, self.stalled, self.waited = value, self.step, 0, 0
        else:
            self.stalled, self.waited = self.stalled + 1, self.waited + 1
        if settings.schedule == "plateau" and self.waited >= max(1, settings.decay_after):
            self.decays, self.waited = self.decays + 1, 0
        return better
