"""`throughtime stress RUN [DATA]`: judge a trained model again under each of the conditions that its task names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro
from rich.console import Console
from rich.text import Text

from throughtime.cli.arguments import new_folder
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import report_console, show_findings, show_table
from throughtime.insight.calibration import BINS
from throughtime.reports.notes.stress import tables
from throughtime.storage.report import Table
from throughtime.verbs.stressing import LIMIT, check_stress, stress

if TYPE_CHECKING:
    from throughtime.insight.calibration import Calibration
    from throughtime.insight.stress import Stressed, Worst

_ANSWERED = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # shares of the examples
_WIDEST = 400  # characters of an example that are shown


@dataclass(frozen=True)
class Arguments:
    """Judge a trained model again under each condition that its task names: where does it break?"""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    data: tyro.conf.Positional[Path | None] = None
    """A file or folder that the task reads; none: the run's own test split."""
    conditions: tuple[str, ...] = ()
    """Names of those that are tried, and of attacks by gradients: fgsm, pgd (numbers), hotflip (words); none: all that
    are no attacks."""
    severities: tuple[int, ...] = (1, 2, 3, 4, 5)
    """How much of each, from 1 to 5."""
    limit: int | None = LIMIT
    """Examples that are judged, evenly spread; none: all."""
    seed: int = 0
    """Of all that is left to chance."""
    out: Path | None = None
    """A new or empty folder: the curves as a picture and as JSON, and the worst examples as files."""
    report: bool = True
    """Leave what was found as a section of the run's report."""
    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Stress, and print the curves, where it breaks, and the worst examples."""
    asked = tyro.cli(Arguments, prog="throughtime stress", args=arguments)

    from throughtime import verbs

    done = verbs.Run(asked.run)
    check_stress(done, asked.conditions, asked.severities, asked.limit)
    if asked.out is not None:
        new_folder(asked.out, "the curves and the worst examples")
    found = stress(
        done,
        asked.data,
        conditions=asked.conditions,
        severities=asked.severities,
        limit=asked.limit,
        seed=asked.seed,
        out=asked.out,
        keep=asked.report,
    )
    content = plain_json(found.to_json(), indent=2)
    if asked.out is not None:
        from throughtime.insight.pictures.calibration import draw_calibrations
        from throughtime.insight.pictures.stress import draw_curves
        from throughtime.storage.atomic import write_atomically

        draw_curves(found, asked.out / "stress.png")
        if found.calibrations:
            draw_calibrations(found.calibrations, asked.out / "calibration.png")
        write_atomically(asked.out / "stress.json", content + "\n")
    if asked.json:
        print(content)
    else:
        _show(found, report_console())
    show_findings(done.task.findings)
    return 0


def _show(found: Stressed, console: Console) -> None:
    """All of it for people, within 80 columns."""
    for table in tables(found):
        show_table(table)
    for sentence in found.sentences():
        console.print(Text(sentence))
    console.print(Text("\nwhat the conditions do, at severities 1 to 5", "italic"))
    for curve in found.curves:
        console.print(Text(f"  {curve.says}"))
    for number, one in enumerate(found.worst, 1):
        _show_worst(number, one, console)
    for calibrated in found.calibrations:
        _show_calibration(calibrated, console)


def _show_worst(number: int, one: Worst, console: Console) -> None:
    """An example before and after."""
    console.print(Text(f"\nworst example {number}, {one.condition}: {one.step}", "italic"))
    answers = ("", "") if one.answers is None else one.answers
    for when, shown, loss, answer in zip(
        ("before", "after"), (one.before, one.after), one.losses, answers, strict=True
    ):
        console.print(Text(f"  {when:<6}  {_cut(shown)}"))
        said = f"; answer: {_cut(answer)}" if answer else ""
        console.print(Text(f"          loss {_number(loss)}{said}", "dim"))


def _show_calibration(one: Calibration, console: Console) -> None:
    """How sure it is and how often right, and what it gains by silence."""
    said = f", calibrated (temperature {one.temperature:.3g})" if one.temperature != 1 else ""
    rows = [
        [f"{number / BINS:.0%} to {(number + 1) / BINS:.0%}", f"{count:,}", f"{sure:.1%}", f"{right:.1%}"]
        for number, (count, sure, right) in enumerate(zip(*one.reliability(), strict=True))
        if count
    ]
    console.print()
    show_table(Table(f"how sure it is, and how often right{said}", ("how sure", "examples", "mean", "right"), rows))
    answers = dict(one.right_at(share) for share in _ANSWERED)
    heads = ("answered", *(f"{share:.0%}" for share in answers))
    right = ["right", *(f"{right:.1%}" for right in answers.values())]
    show_table(Table("where it answers only what it is surest of", heads, [right]))
    for sentence in one.sentences():
        console.print(Text(sentence))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."


def _number(value: float) -> str:
    return f"{value:.3g}"
