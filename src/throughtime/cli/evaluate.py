"""`throughtime evaluate RUN [DATA]`: judge a trained model, simple baselines beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from throughtime.cli.show import report_json, show_findings, show_report


@dataclass(frozen=True)
class Arguments:
    """Judge a trained model on a file or folder, or on the test split of the run's own data."""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    data: tyro.conf.Positional[Path | None] = None
    """A file or folder that the task reads; none: the run's own test split."""
    inception: Path | None = None
    """Of models that make pictures: a file of Inception's weights (pt_inception-2015-12-05), to report FID too."""
    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Evaluate and print the report."""
    asked = tyro.cli(Arguments, prog="throughtime evaluate", args=arguments)

    from throughtime import verbs

    done = verbs.Run(asked.run)
    report = verbs.evaluate(done, asked.data, inception=asked.inception)
    if asked.json:
        print(report_json(report))
    else:
        judged_on = "the run's own held-out test" if asked.data is None else str(asked.data)
        show_report(report, done.task.metric, judged_on)
    show_findings(done.task.findings)  # on standard error, so also beside JSON
    return 0
