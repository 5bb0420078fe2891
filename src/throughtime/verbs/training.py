"""Train: from data to a model that has been judged; a new run, or one that goes on."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime import tasks as registry
from throughtime.data.progress import stage
from throughtime.errors import ThroughtimeError
from throughtime.reports.writing import write_report
from throughtime.settings import LIMITS, TrainingSettings
from throughtime.tasks.base import Symbols, Task, Watches
from throughtime.training import limits
from throughtime.training.announce import announce
from throughtime.training.energy import Account, Meter
from throughtime.training.memory import check_memory, enough_memory
from throughtime.training.progress import Progress
from throughtime.training.stages import shown
from throughtime.verbs.calibrating import calibrate
from throughtime.verbs.checking import Checked, changes, read
from throughtime.verbs.evaluating import judge
from throughtime.verbs.looking import leave_looks
from throughtime.verbs.paths import DataPaths
from throughtime.verbs.run import Run, task_of

if TYPE_CHECKING:
    from throughtime.insight.watching import Watcher
    from throughtime.models.base import Model
    from throughtime.storage.folder import RunFolder

# what may change when a run goes on: how long, how often, on what; never what is being learned
RESUMABLE = {*LIMITS, "patience", "checkpoint_every", "device", "threads", "workers", "calibrate", "watch_gradients"}


@enough_memory()
def train(
    task: str,
    data: str | Path | None = None,
    *,
    out: str | Path,
    train: str | Path | None = None,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    resume: bool = False,
    quiet: bool = False,
    **settings: Any,
) -> Run:
    """Train a task's model and judge it on the test split.

    Args:
        task: its name, one of `throughtime.tasks.names`.
        data: a file or folder, split by the task; None with no splits given: the built-in data.
        out: the run folder to be made; it must not exist unless `resume`.
        train, valid, test: files or folders of the splits, in place of `data`.
        resume: go on where the run in `out` stopped, to the limits that it has, or to new ones: steps, epochs and
            minutes that are given are then what is to be learned from there on, in place of those before. Besides them
            only patience and what concerns the machine may be given anew.
        quiet: say nothing while it reads and trains.
        settings: fields of the task's Settings, such as `steps=1000`, `hidden_size=512`. Steps or epochs stand in place
            of all default limits, minutes beside the default limit of epochs.

    Returns:
        The run; its `folder` holds the model, the metrics and `report.json`.

    Raises:
        ThroughtimeError: data, settings or folder are not as they must be; the sentence says how.
    """
    paths = DataPaths(*(None if path is None else Path(path) for path in (data, train, valid, test)))
    begin, meter = _go_on if resume else _begin, Meter()
    with shown(quiet):
        seen, folder, paths = begin(task, paths, Path(out), settings)
    learner = seen.task
    if not quiet:
        announce(seen.summaries, learner.findings)
    from throughtime.training import loop  # and with it torch: not before all that can be wrong has been looked at
    from throughtime.training.hardware import find_device

    if not resume:
        folder.make()
    with folder.locked(), _nothing_half_done(folder, resume):
        if not resume:
            learner.save_features(folder.features)
            folder.write_data(seen.to_json(), {name: one.checksums for name, one in seen.summaries.items()})
        folder.forget_calibration()
        gone = folder.forget_notes()
        folder.write_config(task, paths.to_config(), learner.settings)
        loop.seed_everything(learner.settings.seed)
        meter.watch(find_device(learner.settings.device))
        with Account(folder, meter) as account:
            _learn(seen, folder, account, resume, patient_anew=resume and bool(limits.given(settings)), quiet=quiet)
            run = Run(folder.path)
            if gone:
                what = f"what was found of the weights before: {', '.join(gone)}; look again where it is wanted"
                run.task.findings.left_out("report", what)
            with shown(quiet):
                calibrate(run, seen.splits.valid)
                folder.write_report(judge(run, seen.splits.test))
                leave_looks(run, seen.splits.test, _progress(folder).seconds)
    write_report(folder.path)
    return run


def _learn(
    seen: Checked, folder: RunFolder, account: Account, resume: bool, *, patient_anew: bool, quiet: bool
) -> None:
    """From a fresh or half-learned model to the best one, which is in the folder then."""
    from throughtime.training import loop

    learner, splits = seen.task, seen.splits
    with shown(quiet), stage("preparing the first step"):
        model = folder.build_model(learner.model) if folder.weights.exists() else learner.model()
        if not folder.checkpoint.exists():
            learner.begin(model)
        check_memory(model, learner.settings)
        loader = learner.loader(splits.train, training=True)

    def validate(model: Model) -> float:
        with account.answering(len(splits.valid)):
            return learner.validate(model, splits.valid)

    with _saying_how_to_go_on(learner.name, folder):
        loop.fit(
            model,
            loader,
            validate,
            learner.metric,
            learner.settings,
            folder,
            resume=resume,
            patient_anew=patient_anew,
            quiet=quiet,
            watch=learner.watch if isinstance(learner, Watches) else None,
            gradients=_watcher(learner, splits.valid, folder),
        )


def _watcher(learner: Task[Any, Any], valid: Sequence[Any], folder: RunFolder) -> Watcher | None:
    """What measures gradients while a model learns, where it is asked for."""
    if learner.settings.watch_gradients is None:
        return None
    from throughtime.insight.watching import Watcher

    return Watcher(registry.require(learner, Symbols), valid, folder.path)


@contextmanager
def _nothing_half_done(folder: RunFolder, resume: bool) -> Iterator[None]:
    """If a new run fails before there is anything to go on with, leave no half of it; inside its folder's lock only,
    since the half may else be another training's.
    """
    try:
        yield
    except BaseException:  # also Ctrl-C
        if not resume and not folder.checkpoint.exists():
            shutil.rmtree(folder.path, ignore_errors=True)  # what cannot be removed must not hide the error itself
        raise


@contextmanager
def _saying_how_to_go_on(task: str, folder: RunFolder) -> Iterator[None]:
    """Add to the word of a training that was interrupted and has a checkpoint what to type next."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if not str(interrupt):  # a second Ctrl-C
            raise
        again = f"throughtime train {task} --out {shlex.quote(str(folder.path))} --resume"
        raise KeyboardInterrupt(f"{interrupt}; to go on from there: {again}") from None


def _begin(task: str, paths: DataPaths, out: Path, settings: Mapping[str, Any]) -> tuple[Checked, RunFolder, DataPaths]:
    """A new run folder, still to be made."""
    from throughtime.storage.folder import RunFolder

    learner = task_of(task, limits.from_the_beginning(settings))
    RunFolder.check_free(out)
    _check_possible(learner)
    seen = read(learner, paths)
    with stage("fitting features and baselines"):
        learner.fit(seen.splits.train)
    for held_out in (seen.splits.valid, seen.splits.test):  # what does not fit is said before anything is written
        learner.accept(held_out)
    return seen, RunFolder(out), paths


def _go_on(task: str, paths: DataPaths, out: Path, settings: Mapping[str, Any]) -> tuple[Checked, RunFolder, DataPaths]:
    """The run that is there, perhaps with other limits."""
    run = Run(out)
    if run.task.name != task:
        raise ThroughtimeError(f"{out} is a run of the task {run.task.name}, not {task}")
    if paths != DataPaths() and paths.to_config() != run.paths.to_config():
        raise ThroughtimeError(f"{out} goes on with the data it began with; start a new run for other data")
    if run.folder.finished and not run.folder.checkpoint.exists():  # to begin anew would overwrite what it has learned
        raise ThroughtimeError(f"{run.folder.checkpoint}: found nothing, expected what a finished run goes on from")
    run.task.settings = _changed(run.task.settings, settings, run.folder)
    _check_possible(run.task)
    seen = read(run.task, run.paths)
    _check_unchanged(seen, run.folder)
    return seen, run.folder, run.paths


def _check_unchanged(seen: Checked, folder: RunFolder) -> None:
    """Make sure that a run goes on with the very examples that it began with."""
    stored = folder.read_data()
    if stored is None:
        what = "this run is from before checksums were kept: whether its data has changed cannot be said"
        seen.task.findings.suspicious("changed data", what)
        return
    for name, before in stored[1].items():
        if (changed := changes(name, seen.summaries[name].checksums, before)) is not None:
            raise ThroughtimeError(f"{folder.path}: the data has changed since this run began: {changed}")


def _check_possible(task: Task[Any, Any]) -> None:
    """Make sure, before anything is read, that there is a limit, and a task and a machine that can do what is asked."""
    settings = task.settings
    limits.require_one(settings)
    if settings.watch_gradients is not None and not isinstance(task, Symbols):
        raise ThroughtimeError(
            f"found watch_gradients with the task {task.name}, which {Symbols.lacking}, "
            f"expected it with one of: {', '.join(registry.able(Symbols))}"
        )
    if settings.device not in ("auto", "cpu") or settings.precision == "16-mixed":  # any machine has all else
        from throughtime.training.hardware import check_hardware

        check_hardware(settings)


def _changed(settings: TrainingSettings, asked: Mapping[str, Any], folder: RunFolder) -> TrainingSettings:
    """The settings of a run that goes on, with what may be given anew."""
    new = {name: value for name, value in asked.items() if getattr(settings, name, ...) != value}
    fixed = sorted(set(new) - RESUMABLE)
    if fixed:
        raise ThroughtimeError(
            f"cannot change {', '.join(fixed)} of a run that goes on, only {', '.join(sorted(RESUMABLE))}; "
            "start a new run instead"
        )
    if more := limits.given(asked):  # also those that are as before: they count from here on
        new |= limits.from_here_on(more, _progress(folder))
    return type(settings)(**(settings.model_dump() | new))


def _progress(folder: RunFolder) -> Progress:
    """How far a run has come; one that was killed before its first checkpoint begins anew."""
    from throughtime.training.checkpoint import read_progress

    return read_progress(folder.checkpoint) if folder.checkpoint.exists() else Progress(batches=0)
