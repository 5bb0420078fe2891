"""The verbs: check, train, evaluate, predict, generate; the last three need a run folder and nothing else."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from itertools import chain, groupby
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime import tasks as registry
from throughtime.data.progress import stage
from throughtime.errors import ArgumentError, DataError, ThroughtimeError
from throughtime.settings import LIMITS, TrainingSettings
from throughtime.storage.report import Report
from throughtime.tasks.base import Generates, Prediction, Splits, Streams, Task
from throughtime.tasks.base.summary import Summary, checksums_of, note_learned, summarise
from throughtime.training import limits
from throughtime.training.announce import announce
from throughtime.training.memory import check_memory, enough_memory
from throughtime.training.progress import Progress
from throughtime.training.stages import shown

if TYPE_CHECKING:
    from throughtime.models.base import Model
    from throughtime.storage.folder import RunFolder

# what may change when a run goes on: how long, how often, on what; never what is being learned
RESUMABLE = {*LIMITS, "patience", "checkpoint_every", "device", "threads", "workers"}


@dataclass(frozen=True)
class DataPaths:
    """Where the examples come from: one file or folder that is split, or one for each split, or (all None) built in."""

    data: Path | None = None
    train: Path | None = None
    valid: Path | None = None
    test: Path | None = None

    def __post_init__(self) -> None:
        given = [path for path in (self.train, self.valid, self.test) if path is not None]
        if self.data is not None and given:
            raise ThroughtimeError("found DATA together with --train/--valid/--test, expected one or the other")
        if given and len(given) < 3:
            raise ThroughtimeError("found only some of --train, --valid and --test, expected all three")

    def read(self, task: Task[Any, Any]) -> Splits[Any]:
        """Read all three splits."""
        if self.data is not None:
            return task.read_splits(self.data)
        if self.train is not None and self.valid is not None and self.test is not None:
            for path in (self.train, self.valid, self.test):  # before the first of them is read, which may take long
                if not any(path.parent.glob(f"{escape(path.name)}*")):  # two aligned files have a beginning in common
                    raise DataError(path, "nothing", "a file or folder")
            return Splits(task.read(self.train), task.read(self.valid), task.read(self.test))
        return task.built_in_data()

    def to_config(self) -> dict[str, str]:
        """As it stands in config.toml; absolute, so that a run resumes from any folder."""
        return {name: str(path.resolve()) for name, path in vars(self).items() if path is not None}


class Run:
    """A finished or running training: its folder, its task with fitted features, its best model.

    Args:
        folder: the run folder.

    Raises:
        ThroughtimeError: it is not a run folder, or something in it is missing or broken.
    """

    def __init__(self, folder: str | Path) -> None:
        from throughtime.storage.folder import RunFolder

        self.folder: RunFolder = RunFolder.open(Path(folder))
        config = self.folder.read_config()
        self.task = _task(config["task"], config["settings"], learns=False)
        self.paths = DataPaths(**{name: Path(path) for name, path in config["data"].items()})
        self.task.load_features(self.folder.features)
        self._model: Model | None = None

    @property
    def model(self) -> Model:
        """The best model by the validation metric, in evaluation mode."""
        if self._model is None:
            model = self.task.model()
            self.folder.load_model(model)
            self._model = model.eval()
        return self._model

    def __repr__(self) -> str:
        return f"Run({str(self.folder.path)!r}, task={self.task.name!r})"


@dataclass(frozen=True)
class Checked:
    """What `check` saw.

    Args:
        task: with its findings (`task.findings`).
        splits: the examples.
        summaries: of each split, by name.
    """

    task: Task[Any, Any]
    splits: Splits[Any]
    summaries: Mapping[str, Summary]

    def to_json(self) -> dict[str, Any]:
        """As it is stored in a run folder's data.json."""
        splits = {name: summary.to_json() for name, summary in self.summaries.items()}
        return {"splits": splits, "findings": self.task.findings.to_json()}


@enough_memory()
def check(
    task: str,
    data: str | Path | None = None,
    *,
    train: str | Path | None = None,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    quiet: bool = False,
    **settings: Any,
) -> Checked:
    """Read data as `train` would, learn nothing, and say how it was understood and what looks wrong.

    Args:
        task, data, train, valid, test, quiet, settings: as `train` takes them.

    Raises:
        ThroughtimeError: it cannot be read.
    """
    paths = DataPaths(*(None if path is None else Path(path) for path in (data, train, valid, test)))
    with shown(quiet):
        return _read(_task(task, settings), paths)


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
    begin = _go_on if resume else _begin
    with shown(quiet):
        seen, folder, paths = begin(task, paths, Path(out), settings)
    learner, splits = seen.task, seen.splits
    if not quiet:
        announce(seen.summaries, learner.findings)
    from throughtime.training import loop  # and with it torch: not before all that can be wrong has been looked at

    if not resume:
        folder.make()
    with folder.locked(), _nothing_half_done(folder, resume):
        if not resume:
            learner.save_features(folder.features)
            folder.write_data(seen.to_json(), {name: one.checksums for name, one in seen.summaries.items()})
        folder.write_config(task, paths.to_config(), learner.settings)
        loop.seed_everything(learner.settings.seed)
        with shown(quiet), stage("preparing the first step"):
            model = learner.model()
            if not folder.checkpoint.exists():
                learner.begin(model)
            check_memory(model, learner.settings)
            loader = learner.loader(splits.train, training=True)
        with _saying_how_to_go_on(task, folder):
            loop.fit(
                model,
                loader,
                lambda model: learner.validate(model, splits.valid),
                learner.metric,
                learner.settings,
                folder,
                resume=resume,
                patient_anew=resume and bool(limits.given(settings)),
                quiet=quiet,
            )
    run = Run(folder.path)
    with shown(quiet):
        folder.write_report(_judge(run, splits.test))
    return run


@enough_memory()
def evaluate(run: Run | str | Path, data: str | Path | None = None, *, quiet: bool = False) -> Report:
    """The metrics of a trained model, simple baselines beside it.

    Args:
        run: a run or its folder.
        data: a file or folder that the task reads; None: the test split of the run's own data.
        quiet: say nothing while it reads and judges.

    What is wrong with the examples, such as having been learned from, is in `run.task.findings` afterwards.
    """
    run = _open(run)
    run.task.findings.clear()
    with shown(quiet):
        with stage("reading"):
            examples = run.paths.read(run.task).test if data is None else run.task.read(Path(data))
        if (stored := run.folder.read_data()) is not None:
            described, findings = [run.task.describe(example) for example in examples], run.task.findings
            note_learned(described, stored[1]["train"], "an example that this run learned from", findings)
            changes = None if data is not None else _changes("test", checksums_of(described), stored[1]["test"])
            if changes is not None:
                findings.suspicious("changed data", f"the run's own data is not what it was in training: {changes}")
        return _judge(run, examples)


def predict(run: Run | str | Path, inputs: Iterable[Any]) -> Iterator[Prediction]:
    """One JSON-like answer for each input, as they come.

    Args:
        run: a run or its folder.
        inputs: what the task answers: sentences, lines, paths of files.

    Raises:
        ArgumentError: one input in place of several.
        ThroughtimeError: it is no run folder; and, as the answers come, what is wrong with an input.
    """
    if isinstance(inputs, (str, bytes, PurePath)):  # the letters of a sentence would be answered one by one
        raise ArgumentError(f"found the single input {inputs!r}, expected several: [{inputs!r}]")
    with enough_memory():
        return _answers(_open(run), inputs)


def _answers(run: Run, inputs: Iterable[Any]) -> Iterator[Prediction]:
    from throughtime.training.threads import cpu_threads

    with enough_memory():
        answers = _answered(run, inputs)
        while True:
            with cpu_threads(run.model, run.task.settings.threads):  # not while the caller works with an answer
                answer = next(answers, None)
            if answer is None:
                return
            yield answer


def _answered(run: Run, inputs: Iterable[Any]) -> Iterator[Prediction]:
    """Inputs that are whole are answered together, those that still come in one by one."""
    task = run.task
    if not isinstance(task, Streams):
        yield from task.predict(run.model, inputs)
        return
    opened = ((given, task.stream(given)) for given in inputs)
    for whole, some in groupby(opened, key=lambda pair: pair[1] is None):
        if whole:
            yield from task.predict(run.model, [given for given, _ in some])
        else:
            yield from chain.from_iterable(task.listen(run.model, stream) for _, stream in some)


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
    from throughtime.training.threads import cpu_threads

    run = _open(run)
    task = registry.require(run.task, Generates)
    with cpu_threads(run.model, run.task.settings.threads):
        return task.generate(run.model, Path(out), task.Generation(**options))


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


def _read(task: Task[Any, Any], paths: DataPaths) -> Checked:
    task.findings.clear()
    try:
        with stage("reading"):
            splits = paths.read(task)
        with stage("looking for what is wrong"):
            return Checked(task, splits, summarise(task, splits))
    except ThroughtimeError as error:  # how the data was understood often says why it failed
        error.findings = list(task.findings)
        raise


def _begin(task: str, paths: DataPaths, out: Path, settings: Mapping[str, Any]) -> tuple[Checked, RunFolder, DataPaths]:
    """A new run folder, still to be made."""
    from throughtime.storage.folder import RunFolder

    learner = _task(task, limits.from_the_beginning(settings))
    RunFolder.check_free(out)
    _check_possible(learner.settings)
    seen = _read(learner, paths)
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
    _check_possible(run.task.settings)
    seen = _read(run.task, run.paths)
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
        if (changes := _changes(name, seen.summaries[name].checksums, before)) is not None:
            raise ThroughtimeError(f"{folder.path}: the data has changed since this run began: {changes}")


def _changes(split: str, now: np.ndarray, before: np.ndarray) -> str | None:
    """How the checksums of a split differ from those of training; None: they do not."""
    if np.array_equal(now, before):
        return None
    new, gone = int((~np.isin(now, before)).sum()), int((~np.isin(before, now)).sum())
    how = f"{new} of them new, {gone} of the old ones gone" if new or gone else "in another order"
    return f"found {len(now)} examples in its {split} split ({how}), expected the {len(before)} of then"


def stored_settings(folder: str | Path) -> TrainingSettings:
    """The settings of the run in a folder; nothing else of it is read.

    Raises:
        ThroughtimeError: it is no run folder, or its configuration is broken.
    """
    from throughtime.storage.folder import RunFolder

    config = RunFolder.open(Path(folder)).read_config()
    return registry.find(config["task"]).Settings(**config["settings"])


def _judge(run: Run, examples: Sequence[Any]) -> Report:
    from throughtime.training.threads import cpu_threads

    with stage("judging"), cpu_threads(run.model, run.task.settings.threads):
        return run.task.evaluate(run.model, examples)


def _open(run: Run | str | Path) -> Run:
    return run if isinstance(run, Run) else Run(run)


def _task(name: str, settings: Mapping[str, Any], *, learns: bool = True) -> Task[Any, Any]:
    """A task; one that answers with what it has learned does without a cache that is kept."""
    from throughtime.data.sources import cache_folder

    task = registry.find(name)
    return task(task.Settings(**settings), cache_folder(needed=learns))


def _check_possible(settings: TrainingSettings) -> None:
    """Make sure, before anything is read, that there is a limit, and a machine that can do what is asked."""
    limits.require_one(settings)
    if settings.device not in ("auto", "cpu") or settings.precision == "16-mixed":  # any machine has all else
        from throughtime.training.hardware import check_hardware

        check_hardware(settings)


def _changed(settings: TrainingSettings, asked: Mapping[str, Any], folder: RunFolder) -> TrainingSettings:
    """The settings of a run that goes on, with what may be given anew."""
    changes = {name: value for name, value in asked.items() if getattr(settings, name, ...) != value}
    fixed = sorted(set(changes) - RESUMABLE)
    if fixed:
        raise ThroughtimeError(
            f"cannot change {', '.join(fixed)} of a run that goes on, only {', '.join(sorted(RESUMABLE))}; "
            "start a new run instead"
        )
    if more := limits.given(asked):  # also those that are as before: they count from here on
        changes |= limits.from_here_on(more, _progress(folder))
    return type(settings)(**(settings.model_dump() | changes))


def _progress(folder: RunFolder) -> Progress:
    """How far a run has come; one that was killed before its first checkpoint begins anew."""
    from throughtime.training.checkpoint import read_progress

    return read_progress(folder.checkpoint) if folder.checkpoint.exists() else Progress(batches=0)
