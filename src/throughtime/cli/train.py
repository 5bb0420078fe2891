"""`throughtime train TASK [DATA]`: learn from files or from the built-in data."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import tyro
from rich.console import Console

from throughtime import tasks as registry
from throughtime import verbs
from throughtime.cli.show import show_report
from throughtime.errors import ThroughtimeError
from throughtime.settings import TrainingSettings
from throughtime.tasks.base import Task

SettingsT = TypeVar("SettingsT", bound=TrainingSettings)


@dataclass(frozen=True)
class Arguments(Generic[SettingsT]):
    """Train a model, keep the best by the validation split, judge it on the test split."""

    settings: tyro.conf.OmitArgPrefixes[SettingsT]
    data: Annotated[Path | None, tyro.conf.arg(name="data"), tyro.conf.Positional] = None
    """A file or folder, to be split into train, valid and test; none: the built-in data."""
    out: Path = field(default_factory=lambda: Path("runs") / time.strftime("%Y%m%d-%H%M%S"))
    """The run folder to be made (with --resume: to go on with)."""
    train: Path | None = None
    """File or folder to learn from, in place of DATA (with --valid and --test)."""
    valid: Path | None = None
    """File or folder to choose the best model by."""
    test: Path | None = None
    """File or folder to judge by."""
    resume: bool = False
    """Go on where the run in --out stopped (killed, interrupted, or its limit reached)."""
    quiet: bool = False
    """Say nothing but the report."""


def run(arguments: Sequence[str]) -> int:
    """Train and show the report."""
    name, words = _task_name(arguments)
    defaults = registry.find(name).Settings()
    asked = _parse(name, words, defaults)
    if asked.resume:
        # once more, upon the run's own settings: what was asked anew differs from them
        defaults = verbs.stored_settings(asked.out)
        asked = _parse(name, words, defaults)
    settings = {key: value for key, value in asked.settings.model_dump().items() if value != getattr(defaults, key)}

    done = verbs.train(
        name,
        asked.data,
        out=asked.out,
        train=asked.train,
        valid=asked.valid,
        test=asked.test,
        resume=asked.resume,
        quiet=asked.quiet,
        **settings,
    )
    show_report(done.folder.read_report(), done.task.metric, "held-out test")
    console = Console()
    console.print(f"\nThe run is in {asked.out}. What to try next:", highlight=False, markup=False)
    for line in _next_steps(done.task, asked.out):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _task_name(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The first word is the task; without one, say which there are."""
    if arguments and arguments[0] not in ("-h", "--help"):
        return arguments[0], list(arguments[1:])
    if not arguments:
        raise ThroughtimeError(f"found no TASK, expected one of: {', '.join(registry.names)}")
    print("usage: throughtime train TASK [DATA] [--out FOLDER] [--steps N] [--minutes M] [--resume] ...\n")
    print(f"TASK is one of: {', '.join(registry.names)}")
    print("throughtime train TASK --help lists the options of a task")
    raise SystemExit(0)


def _parse(name: str, words: Sequence[str], defaults: TrainingSettings) -> Arguments[TrainingSettings]:
    # flags and their help come from the task's own settings
    kind: Any = Arguments[type(defaults)]  # type: ignore[misc]
    parsed: Arguments[TrainingSettings] = tyro.cli(
        kind, prog=f"throughtime train {name}", args=words, default=kind(settings=defaults)
    )
    return parsed


def _next_steps(task: Task[Any, Any], folder: Path) -> list[str]:
    out = shlex.quote(str(folder))  # to be copied as it stands
    steps = [f"throughtime evaluate {out} FILE", f"throughtime predict {out} INPUT"]
    if task.Generation is not None:
        steps.insert(0, f"throughtime generate {out} --out new{task.ending} --temperature 0.9")
    return [*steps, f"throughtime train {task.name} --out {out} --resume --minutes 10    (goes on learning)"]
