"""`throughtime inspect saliency RUN INPUT`: what each symbol of an input counts for the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from throughtime.cli.inside.showing import check_asked, say_written
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import show_findings, show_table
from throughtime.reports.notes.saliency import table

if TYPE_CHECKING:
    from throughtime.insight.saliency import Saliency


@dataclass(frozen=True)
class Arguments:
    """Say in nats what each symbol of an input counts for the answer (integrated gradients)."""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    input: tyro.conf.Positional[str]
    """What to read: text, or a file that the task reads."""
    step: int | None = None
    """Whose answer is explained, from 0, where each step has its own; none: that of the last."""
    out: Path | None = None
    """Draw the first input here, a .png file."""
    most: int = 16
    """Inputs of a file that are looked at."""
    report: bool = True
    """Leave what was found as a section of the run's report."""
    json: bool = False
    """Print JSON, an input a line."""


def run(arguments: Sequence[str]) -> int:
    """Explain, show, and draw if asked."""
    asked = tyro.cli(Arguments, prog="throughtime inspect saliency", args=arguments)
    check_asked(asked.out, asked.most)

    from throughtime import verbs

    done = verbs.Run(asked.run)
    found = verbs.inspect_saliency(done, asked.input, most=asked.most, step=asked.step, keep=asked.report)
    for one in found:
        if asked.json:
            print(plain_json(_json(one)))
        else:
            show_table(table(one))
    if asked.out is not None:
        from throughtime.insight.pictures.saliency import draw_saliency

        draw_saliency(found[0], asked.out)
        if not asked.json:
            say_written(asked.out, f"of the first of {len(found)} inputs" if len(found) > 1 else "")
    show_findings(done.task.findings)
    return 0


def _json(found: Saliency) -> dict[str, Any]:
    return {**vars(found), "scores": found.scores.tolist(), "error": found.error}
