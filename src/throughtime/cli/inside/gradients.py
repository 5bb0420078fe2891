"""`throughtime inspect gradients RUN [INPUT]`: how far back gradients reach, in a run or in cells side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from throughtime.cli.inside.showing import check_asked, say_written
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import report_console, show_findings, show_table
from throughtime.errors import ThroughtimeError
from throughtime.reports.notes.gradients import ADVICE, table

if TYPE_CHECKING:
    from throughtime.insight.gradients import Flow


@dataclass(frozen=True)
class Arguments:
    """Measure the norm of dL<T>/da<t> against the lag T - t, for each layer and direction of a run, or for cells."""

    run: tyro.conf.Positional[Path | None] = None
    """The run folder."""
    input: tyro.conf.Positional[str | None] = None
    """What to read: text, or a file that the task reads; none: examples of the run's own test split."""
    cells: tuple[str, ...] = ()
    """Cells that have learned nothing yet, beside the run or without one: rnn relu irnn orthogonal gru lstm."""
    lags: int = 100
    """Cells: how far back."""
    hidden_size: int = 100
    """Cells: units."""
    seed: int = 0
    """Cells: of weights and inputs."""
    out: Path | None = None
    """Draw them here, a .png file."""
    most: int = 16
    """Inputs that are looked at."""
    report: bool = True
    """Leave what was found as a section of the run's report."""
    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Measure, show, and draw if asked."""
    asked = tyro.cli(Arguments, prog="throughtime inspect gradients", args=arguments)
    check_asked(asked.out, asked.most)
    if asked.run is None and not asked.cells:
        raise ThroughtimeError("found neither RUN nor --cells, expected one of them, or both")
    cells = [name for word in asked.cells for name in word.split(",") if name]

    from throughtime import verbs

    named: dict[str, Flow] = {}
    of_run: tuple[Flow, ...] = ()
    findings: Any = ()
    what = ""
    if asked.run is not None:
        done = verbs.Run(asked.run)
        found = verbs.inspect_gradients(done, asked.input, most=asked.most, keep=asked.report)
        from throughtime.insight.gradients import together

        of_run = found[0] if len(found) == 1 else together(found)
        named |= {flow.name: flow for flow in of_run}
        findings = done.task.findings
        what = f"{asked.run}, " + ("one input" if len(found) == 1 else f"mean of {len(found)} inputs")
    if cells:
        from throughtime.insight.compared import compare

        compared = compare(cells, lags=asked.lags, hidden_size=asked.hidden_size, seed=asked.seed)
        named |= compared
        what = "; ".join([*([what] if what else []), "cells before they have learned anything"])
    _show(named, of_run, what, asked.json)
    if asked.out is not None:
        from throughtime.insight.pictures.gradients import draw_flows

        draw_flows(named, asked.out, what)
        if not asked.json:
            say_written(asked.out)
    show_findings(findings)
    return 0


def _show(named: Mapping[str, Flow], of_run: Sequence[Flow], what: str, as_json: bool) -> None:
    if as_json:
        print(plain_json({name: _json(flow) for name, flow in named.items()}, indent=2))
        return
    show_table(table(named, what))
    console = report_console()
    for verdict, advice in ADVICE.items():
        if any(flow.verdict == verdict for flow in of_run):
            console.print(advice, highlight=False, markup=False, soft_wrap=True)


def _json(flow: Flow) -> dict[str, Any]:
    return {
        "layer": flow.layer,
        "direction": flow.direction,
        "cell": flow.cell,
        "verdict": flow.verdict,
        "memory": flow.memory,
        "norms": {name: norms.tolist() for name, norms in flow.norms.items()},
        "singular_values": flow.jacobians.tolist(),
    }
