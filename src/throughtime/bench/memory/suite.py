"""Problems times cells times seeds, each learned in a run folder of its own; what is done already is not done again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from throughtime.bench import machine
from throughtime.bench.memory.problem import Problem
from throughtime.bench.memory.start import chrono
from throughtime.errors import ArgumentError, NotANumberError, ThroughtimeError
from throughtime.layers.kinds import KINDS
from throughtime.models.base import Model
from throughtime.settings import TrainingSettings
from throughtime.storage.atomic import clear_errors, write_atomically
from throughtime.storage.folder import RunFolder
from throughtime.storage.written import readable
from throughtime.training.checkpoint import read_progress
from throughtime.training.loop import fit, seed_everything

CELLS = ("rnn", "relu", "irnn", "gru", "reset_after", "lstm")
"""What is compared, in the order of the tables."""
GATED = ("gru", "reset_after", "lstm")


@dataclass(frozen=True)
class Trial:
    """One training.

    Args:
        problem: what is learned.
        cell: one of `CELLS`.
        seed: of weights and data.
        plain: begin with the gates half open, not with memories of all lengths (`start.chrono`).
    """

    problem: Problem
    cell: str
    seed: int
    plain: bool = False

    @property
    def settings(self) -> TrainingSettings:
        """How it is learned: the problem's settings with what this cell needs."""
        own = {} if self.cell in GATED else self.problem.ungated
        return self.problem.settings.model_copy(update={**own, "seed": self.seed})

    @property
    def folder(self) -> Path:
        """Its run folder, below that of the whole."""
        return Path(self.problem.name) / f"{self.cell}{'-plain' * self.plain}-{self.seed}"

    def model(self) -> Model:
        """A fresh model."""
        problem = self.problem
        seed_everything(self.seed)
        layers = KINDS[self.cell](problem.input_size, problem.hidden_size, batch_first=True)
        if not self.plain:
            chrono(layers, problem.longest)
        return problem.model(layers)


@dataclass(frozen=True)
class Result:
    """What a training came to.

    Args:
        problem, cell, seed, plain: which.
        metric, unit, best: the metric's name, what it counts, and whether less is better.
        guess: what whoever remembers nothing comes to.
        published: what others have reached; "" where that is not known.
        source: who.
        valid: the metric of the best model on the validation split, by which it was chosen.
        test: the metric on the test split, and what else was judged there, by name.
        steps, best_step: of training, and where the best model was found.
        minutes: that it took, the validation included.
        weights: how many numbers were learned.
        settings: all that was asked.
        where: processor, threads, torch.
        stopped: why training ended before its time; the best model until then is judged.
    """

    problem: str
    cell: str
    seed: int
    plain: bool
    metric: str
    unit: str
    best: str
    guess: float
    published: str
    source: str
    valid: float
    test: dict[str, float]
    steps: int
    best_step: int
    minutes: float
    weights: int
    settings: dict[str, Any]
    where: dict[str, Any]
    stopped: str = ""

    @property
    def value(self) -> float:
        """The metric on the test split."""
        return self.test[self.metric]


def trials(
    problems: Iterable[Problem], cells: Sequence[str], seeds: Sequence[int], *, plain: bool = False
) -> list[Trial]:
    """All trainings, problem by problem.

    Raises:
        ArgumentError: an unknown cell, or none of something.
    """
    if wrong := [cell for cell in cells if cell not in CELLS]:
        raise ArgumentError(f"found the cell {wrong[0]!r}, expected some of {', '.join(CELLS)}")
    found = [Trial(problem, cell, seed, plain) for problem in problems for cell in cells for seed in seeds]
    if not found:
        raise ArgumentError("found no problem, no cell or no seed, expected at least one of each")
    return found


def results(asked: Sequence[Trial], out: Path, say: Callable[[str], None], *, quiet: bool = False) -> Iterator[Result]:
    """Do all trainings, one after the other; those that are done are read, one that was killed goes on.

    Args:
        asked: which.
        out: where each has its run folder; made if need be.
        say: told which one begins.
        quiet: no course of the trainings.

    Raises:
        ThroughtimeError: what is there was learned otherwise, or it cannot be written.
        KeyboardInterrupt: on Ctrl-C, after a checkpoint.
    """
    with clear_errors(out, "make the folder"):
        out.mkdir(parents=True, exist_ok=True)
    for number, trial in enumerate(asked, 1):
        place = out / trial.folder
        kept = place / "result.json"
        if kept.exists():
            yield _read(kept, trial)
            continue
        say(f"{number} of {len(asked)}: {trial.problem.title}: {trial.cell}, seed {trial.seed}")
        result = _learn(trial, place, quiet=quiet)
        write_atomically(kept, json.dumps(asdict(result), indent=2) + "\n")
        yield result


def _read(kept: Path, trial: Trial) -> Result:
    with readable(kept, "result of this program"):
        result = Result(**json.loads(kept.read_bytes()))
    _same(kept, result.settings, trial)
    return result


def _same(kept: Path, settings: dict[str, Any], trial: Trial) -> None:
    """Make sure that what is kept was learned as it is asked for now."""
    wanted = trial.settings.model_dump(mode="json")
    for name, value in wanted.items():
        if name in settings and settings[name] != value:
            found = f"a training with {name} = {settings[name]}"
            raise ThroughtimeError(f"{kept}: found {found}, expected {value}: choose another --out")


def _learn(trial: Trial, place: Path, *, quiet: bool) -> Result:
    problem, settings = trial.problem, trial.settings
    folder, asked = RunFolder(place), place / "asked.json"
    if asked.exists():
        with readable(asked, "account of what was asked"):
            _same(asked, json.loads(asked.read_bytes()), trial)
    else:
        folder.make()
        write_atomically(asked, json.dumps(settings.model_dump(mode="json"), indent=2) + "\n")
    with folder.locked():
        model = trial.model()
        stopped = _fit(trial, model, folder, quiet=quiet)
        came = read_progress(folder.checkpoint)
        folder.load_model(model)
        test = problem.judge(model.eval(), "test")
    return Result(
        problem=problem.name,
        cell=trial.cell,
        seed=trial.seed,
        plain=trial.plain,
        metric=problem.metric.name,
        unit=problem.metric.unit,
        best=problem.metric.best,
        guess=problem.guess,
        published=problem.published.get(trial.cell, ""),
        source=problem.source,
        valid=math.nan if came.best is None else came.best,
        test=test,
        steps=came.step,
        best_step=came.best_step,
        minutes=came.seconds / 60,
        weights=sum(weight.numel() for weight in model.parameters()),
        settings=settings.model_dump(mode="json"),
        where={"processor": machine.processor(), "threads": torch.get_num_threads(), "torch": torch.__version__},
        stopped=stopped,
    )


def _fit(trial: Trial, model: Model, folder: RunFolder, *, quiet: bool) -> str:
    """Learn; why it ended before its time, where the gradient exploded: that is a result as well.

    Raises:
        NotANumberError: it did so before there was a model to judge.
    """
    problem = trial.problem
    try:
        fit(
            model,
            problem.loader("train", trial.seed),
            lambda model: problem.judge(model.eval(), "valid")[problem.metric.name],
            problem.metric,
            trial.settings,
            folder,
            resume=True,
            quiet=quiet,
        )
    except NotANumberError as error:
        if not folder.weights.exists():
            raise
        return str(error)
    return ""
