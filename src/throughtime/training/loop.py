"""The training loop: steps, evaluations and checkpoints, until a limit is reached."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import torch

from throughtime.data.batch import Batch, Loader
from throughtime.errors import NotANumberError, ThroughtimeError
from throughtime.models.base import Model
from throughtime.settings import TrainingSettings
from throughtime.storage.folder import RunFolder
from throughtime.tasks.base import Metric
from throughtime.training import limits
from throughtime.training.average import WeightAverage, has_stalled
from throughtime.training.checkpoint import State
from throughtime.training.forecast import Forecast
from throughtime.training.hardware import make_fabric
from throughtime.training.interrupt import Interrupts
from throughtime.training.log import Log
from throughtime.training.optimiser import learning_rate
from throughtime.training.progress import Progress, Sums
from throughtime.training.seeds import seed_everything, unchanged_randomness
from throughtime.training.step import Stepper
from throughtime.training.threads import cpu_threads

__all__ = ["Outcome", "fit", "seed_everything"]

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True)
class Outcome:
    """What a run came to, from its very beginning.

    Args:
        steps: optimiser steps taken.
        epochs: passes over the data, the last one perhaps a fraction.
        best: the best validation metric.
        best_step: step it was reached at.
        seconds: time spent, evaluations included.
        sequences_per_second, tokens_per_second: rates of the training steps alone.
        reason: why it stopped.
    """

    steps: int
    epochs: float
    best: float
    best_step: int
    seconds: float
    sequences_per_second: float
    tokens_per_second: float
    reason: str


def fit(
    model: ModelT,
    loader: Loader,
    validate: Callable[[ModelT], float],
    metric: Metric,
    settings: TrainingSettings,
    folder: RunFolder,
    *,
    resume: bool = False,
    patient_anew: bool = False,
    quiet: bool = False,
    watch: Callable[[ModelT, Path], str | None] | None = None,
    gradients: Callable[[ModelT, int], None] | None = None,
) -> Outcome:
    """Train a model; in the end the folder's model.safetensors holds the best one by the validation metric.

    Args:
        model: changed in place.
        loader: batches of the training split; those with `first=False` are given the state of the batch before.
        validate: the metric of a model on the validation split; called without gradients.
        metric: its name, and which way is better.
        settings: everything else; at least one limit (steps, epochs, minutes, patience) must be among them.
        folder: where model, checkpoint and metrics go.
        resume: go on from the folder's checkpoint, as if nothing had happened (on a CPU bit for bit).
        patient_anew: a resumed run waits for an improvement as long as one that begins; False: as long as is left.
        quiet: say nothing; else a live display on a terminal, plain lines elsewhere.
        watch: called after each evaluation with the model and a file of the folder's `samples` to draw it into; what it
            answers is said.
        gradients: called before the first step and after every `watch_gradients` steps, with the model and how many
            steps it has taken; it leaves the model as it is.

    Raises:
        NotANumberError: loss, gradient or metric is no longer a number; the last checkpoint is intact.
        ThroughtimeError: no limit, no such device, a checkpoint that does not fit, or a file that cannot be written.
        KeyboardInterrupt: on Ctrl-C or SIGTERM, at the next step, after a checkpoint; says where.
    """
    limits.require_one(settings)
    if not resume and folder.checkpoint.exists():
        raise ThroughtimeError(f"{folder.path} holds a run already; go on with --resume, or choose another --out")
    folder.remove_unfinished()
    fabric = make_fabric(settings)
    seed_everything(settings.seed)
    stepper = Stepper(model, fabric, settings)
    state = State(
        model, stepper.optimisers, fabric.strategy.precision, WeightAverage(model), Progress(batches=len(loader))
    )
    if resume and folder.checkpoint.exists():  # one that was killed before its first checkpoint begins anew
        state.load(folder.checkpoint, fabric.device)
    progress = state.progress
    if patient_anew:
        progress.stalled = 0
    with (
        cpu_threads(model, settings.threads),
        Log(folder.path, progress, metric, settings, quiet) as log,
        Interrupts() as interrupts,
    ):
        see = None if watch is None else partial(watch, model)
        flow = None if gradients is None else partial(gradients, model)
        run = _Run(
            loader, partial(validate, model), see, flow, metric, settings, folder, stepper, state, log, interrupts
        )
        reason = run.train()
    assert progress.best is not None
    return Outcome(
        steps=progress.step,
        epochs=progress.epochs,
        best=progress.best,
        best_step=progress.best_step,
        seconds=progress.seconds,
        sequences_per_second=progress.total.per_second(progress.total.sequences),
        tokens_per_second=progress.total.per_second(progress.total.tokens),
        reason=reason,
    )


class _Run:
    """The loop itself; everything it works with is made in `fit`."""

    def __init__(
        self,
        loader: Loader,
        validate: Callable[[], float],
        watch: Callable[[Path], str | None] | None,
        flow: Callable[[int], None] | None,
        metric: Metric,
        settings: TrainingSettings,
        folder: RunFolder,
        stepper: Stepper,
        state: State,
        log: Log,
        interrupts: Interrupts,
    ) -> None:
        self.loader, self.validate, self.watch, self.flow = loader, validate, watch, flow
        self.metric, self.settings, self.folder = metric, settings, folder
        self.stepper, self.state, self.log, self.interrupts = stepper, state, log, interrupts
        self.progress = state.progress
        self.forecast = Forecast(self.progress, settings)
        self.begun = time.monotonic() - self.progress.seconds
        self.measuring = 0.0
        self.checkpointed, self.checkpointed_step = time.monotonic(), self.progress.step

    def train(self) -> str:
        """Until a limit is reached; which one it was."""
        progress, settings = self.progress, self.settings
        if progress.step:
            self.log.say(f"going on after step {progress.step}, epoch {progress.epochs:.4g}")
        self.log.say(limits.in_words(settings, progress))
        began = time.monotonic()
        if not progress.step:
            self.measure_gradients()
        while (reason := progress.reason_to_stop(settings)) is None:
            for batches in _groups(self.loader.epoch(progress.epoch, progress.batch), settings.accumulate):
                self.step(batches)
                if settings.watch_gradients is not None and progress.step % settings.watch_gradients == 0:
                    self.measure_gradients()
                if settings.evaluate_every is not None and progress.step % settings.evaluate_every == 0:
                    self.evaluate()
                elif time.monotonic() - self.checkpointed >= settings.checkpoint_every:
                    self.checkpoint()
                self.heed_interrupts()
                if progress.reason_to_stop(settings):
                    break
            else:
                self.end_epoch()
        if progress.evaluated != progress.step:
            self.evaluate()
        self.heed_interrupts()
        if self.measuring:
            self.log.say(f"watching gradients took {self.measuring / (time.monotonic() - began):.1%} of the time")
        self.log.say(f"stopped: {reason}; best {self.metric.name} {progress.best:.4f} at step {progress.best_step}")
        return reason

    def step(self, batches: list[Batch]) -> None:
        """One optimiser step, and what there is to count."""
        started = time.monotonic()
        progress, settings = self.progress, self.settings
        self.stepper.model.train()
        try:
            rate = learning_rate(settings, progress)
            taken = self.stepper.step(batches, self.state.carried, rate, progress.step)
        except NotANumberError as error:
            where = f"step {progress.step + 1} (epoch {progress.epoch + 1}, batch {progress.batch + len(batches)})"
            raise NotANumberError(f"{where}: {error}; {self.last_checkpoint()}") from None
        self.state.carried = taken.carried
        self.state.average.update()
        progress.step += 1
        progress.batch += len(batches)
        progress.seconds = time.monotonic() - self.begun
        if progress.step == settings.warmup_steps:
            progress.warm = progress.share(settings)
        for sums in (progress.total, progress.since):
            sums.add(batches, taken, time.monotonic() - started)
        self.log.step(taken.loss / max(1, taken.terms))
        if said := self.forecast.stepped():
            self.log.say(said)

    def end_epoch(self) -> None:
        """All batches have been seen."""
        progress = self.progress
        if progress.batch == 0:
            raise ThroughtimeError("found no batch in an epoch of training data, expected at least one")
        progress.epoch, progress.batch = progress.epoch + 1, 0
        # a run that stopped here and goes on has been evaluated already
        if self.settings.evaluate_every is None and progress.evaluated != progress.step:
            self.evaluate()

    def evaluate(self) -> None:
        """Measure on the validation split, keep the best model, write everything down."""
        progress, average = self.progress, self.state.average
        with average.applied():
            with unchanged_randomness(), torch.no_grad(), self.stepper.fabric.autocast():
                value = float(self.validate())
            if math.isnan(value):
                raise NotANumberError(
                    f"step {progress.step}: the validation {self.metric.name} is no number: try a lower learning rate "
                    f"(now {self.settings.learning_rate:g}), and look at the validation data; {self.last_checkpoint()}"
                )
            progress.seconds = time.monotonic() - self.begun
            better = progress.judge(value, self.metric, self.settings)
            if better:
                self.folder.save_model(self.stepper.model)
            said = self.look()
        self.log.evaluation(value, self.stepper.rate, better)
        if said:
            self.log.say(said)
        progress.since = Sums()
        if self.settings.optimiser == "asgd" and not average.running and has_stalled(self.log.values, self.metric):
            average.begin()
        self.checkpoint()

    def look(self) -> str | None:
        """Let what the model makes now be drawn; what is to be said of it."""
        if self.watch is None:
            return None
        self.folder.samples.mkdir(exist_ok=True)
        with unchanged_randomness(), torch.no_grad(), self.stepper.fabric.autocast():
            return self.watch(self.folder.samples / f"step-{self.progress.step:07}.png")

    def measure_gradients(self) -> None:
        """Have it written down how far gradients reach back now."""
        if self.flow is None:
            return
        started = time.monotonic()
        with unchanged_randomness():
            self.flow(self.progress.step)
        self.measuring += time.monotonic() - started

    def checkpoint(self) -> None:
        """Write all that is needed to go on from here."""
        self.state.save(self.folder.checkpoint)
        self.checkpointed, self.checkpointed_step = time.monotonic(), self.progress.step

    def last_checkpoint(self) -> str:
        """Where a run that cannot go on from here could."""
        written = self.folder.checkpoint.exists()
        return f"the checkpoint of step {self.checkpointed_step} is intact" if written else "there is no checkpoint yet"

    def heed_interrupts(self) -> None:
        """Stop if asked to, with a checkpoint."""
        if self.interrupts.asked:
            self.checkpoint()
            raise KeyboardInterrupt(f"stopped by {self.interrupts.asked} after step {self.progress.step}")


def _groups(batches: Iterator[Batch], size: int) -> Iterator[list[Batch]]:
    """Batches by `size`; the last group of an epoch may be smaller."""
    while group := list(islice(batches, size)):
        yield group
