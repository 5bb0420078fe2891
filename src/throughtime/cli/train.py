"""`throughtime train TASK [DATA]`: learn from files or from the built-in data."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime import tasks as registry
from throughtime.cli.arguments import DataArguments, SettingsT, asked_for, parse, task_name
from throughtime.cli.show import show_findings, show_report
from throughtime.storage.energy import Footprint
from throughtime.tasks.base import Generates, Task


@dataclass(frozen=True)
class Arguments(DataArguments[SettingsT]):
    """Train a model, keep the best by the validation split, judge it on the test split.

    It stops at the first of its limits, and says so before it begins: the defaults below; or --steps or --epochs in
    place of all of them; or --minutes in place of the default minutes.
    """

    out: Path = field(default_factory=lambda: Path("runs") / time.strftime("%Y%m%d-%H%M%S"))
    """The run folder to be made (with --resume: to go on with)."""
    resume: bool = False
    """Go on where the run in --out stopped (killed, interrupted, or its limit reached), to the limits that it has;
    --steps, --epochs or --minutes given with it are learned from there on, in place of the limits before."""
    quiet: bool = False
    """Say nothing but the report."""


def run(arguments: Sequence[str]) -> int:
    """Train and show the report."""
    name, words = task_name("train", "[--out FOLDER] [--steps N] [--minutes M] [--resume]", arguments)
    defaults = registry.find(name).Settings()
    asked = parse(Arguments, "train", name, words, defaults)

    from throughtime import verbs

    if asked.resume:
        defaults = verbs.stored_settings(asked.out)  # what was asked anew differs from the run's own settings
    settings = asked_for(Arguments, "train", name, words, defaults)
    done = verbs.train(name, **asked.places, out=asked.out, resume=asked.resume, quiet=asked.quiet, **settings)
    show_report(done.folder.read_report(), done.task.metric, "held-out test")
    show_findings(done.task.findings)
    console = Console()
    for what, used in _energy(done.folder.read_energy()):
        console.print(f"{what}: {used}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"\nThe run is in {asked.out}. What to try next:", highlight=False, markup=False)
    for line in _next_steps(done.task, asked.out):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _energy(footprint: Footprint | None) -> Iterator[tuple[str, str]]:
    """What the whole run has used, and what an answer takes."""
    if footprint is not None:
        yield "energy of this run", footprint.in_words(footprint.training)
        if footprint.thousand is not None:
            yield "energy of 1,000 predictions", footprint.in_words(footprint.thousand)


def _next_steps(task: Task[Any, Any], folder: Path) -> list[str]:
    out = shlex.quote(str(folder))  # to be copied as it stands
    steps = [f"throughtime evaluate {out} FILE", f"throughtime predict {out} INPUT"]
    if isinstance(task, Generates):
        steps.insert(0, f"throughtime generate {out} --out new{task.ending} {task.safer}")
    return [*steps, f"throughtime train {task.name} --out {out} --resume --minutes 10  # learns for 10 more minutes"]
