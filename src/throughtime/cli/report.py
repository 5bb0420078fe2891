"""`throughtime report RUN...`: one HTML page of a run, or of several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console


@dataclass(frozen=True)
class Arguments:
    """Write what there is to know of a run on one page, or compare several runs of one task."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """The run folder, or several."""
    out: Path | None = None
    """The HTML file to write; none: report.html in the run folder."""


def run(arguments: Sequence[str]) -> int:
    """Write the page and name it."""
    asked = tyro.cli(Arguments, prog="throughtime report", args=arguments)

    from throughtime import verbs

    written = verbs.report(*asked.runs, out=asked.out)
    Console().print(f"wrote {written}", highlight=False, markup=False, soft_wrap=True)
    return 0
