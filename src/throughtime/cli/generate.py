"""`throughtime generate RUN --out FILE`: make something new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import tyro
from rich.console import Console

from throughtime import tasks as registry
from throughtime.cli.show import show_findings
from throughtime.errors import ThroughtimeError
from throughtime.tasks.base import Generates, GenerateSettings

OptionsT = TypeVar("OptionsT", bound=GenerateSettings)


@dataclass(frozen=True)
class Arguments(Generic[OptionsT]):
    """Let a trained model make something new."""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    out: Path
    """The file to write; what goes with it (a sound, a picture) is written beside it."""
    options: tyro.conf.OmitArgPrefixes[OptionsT]


def run(arguments: Sequence[str]) -> int:
    """Generate and name the files written."""
    if not arguments or arguments[0].startswith("-"):
        # which options there are depends on the run's task, so the run comes first
        tyro.cli(Arguments[GenerateSettings], prog="throughtime generate", args=arguments)
        raise ThroughtimeError("found an option first, expected: throughtime generate RUN --out FILE ...")

    from throughtime import verbs

    done = verbs.Run(Path(arguments[0]))
    kind: Any = Arguments[registry.require(done.task, Generates).Generation]  # type: ignore[misc]
    asked = tyro.cli(kind, prog="throughtime generate", args=arguments)
    written = verbs.generate(done, asked.out, **asked.options.model_dump())
    console = Console()
    for path in written:
        console.print(f"wrote {path}", highlight=False, markup=False)
    show_findings(done.task.findings)
    return 0
