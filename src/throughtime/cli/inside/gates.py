"""`throughtime inspect gates RUN INPUT`: every gate and state over the symbols of an input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from throughtime.cli.inside.showing import check_asked, say_written
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import report_console, show_findings, show_table
from throughtime.reports.notes.gates import tables

if TYPE_CHECKING:
    from throughtime.insight.gates import Gates


@dataclass(frozen=True)
class Arguments:
    """Show every gate and state of a run's recurrent layers over an input's own symbols."""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    input: tyro.conf.Positional[str]
    """What to read: text, or a file that the task reads."""
    out: Path | None = None
    """Draw the first input here, a .png file."""
    most: int = 100
    """Inputs of a file that are looked at."""
    report: bool = True
    """Leave what was found as a section of the run's report."""
    json: bool = False
    """Print all values as JSON, an input a line."""


def run(arguments: Sequence[str]) -> int:
    """Look, show, and draw if asked."""
    asked = tyro.cli(Arguments, prog="throughtime inspect gates", args=arguments)
    check_asked(asked.out, asked.most)

    from throughtime import verbs

    done = verbs.Run(asked.run)
    found = verbs.inspect_gates(done, asked.input, most=asked.most, keep=asked.report)

    from throughtime.insight.gates import openings, verdict

    opened = openings(found)
    if asked.json:
        for one in found:
            print(plain_json(_json(one)))
    else:
        for table in tables(found, opened):
            show_table(table)
        report_console().print(verdict(opened), highlight=False, markup=False, soft_wrap=True)
    if asked.out is not None:
        from throughtime.insight.pictures.gates import draw_gates

        draw_gates(found[0], opened, asked.out)
        if not asked.json:
            say_written(asked.out, f"of the first of {len(found)} inputs" if len(found) > 1 else "")
    show_findings(done.task.findings)
    return 0


def _json(found: Gates) -> dict[str, Any]:
    layers = [
        {
            "layer": layer.layer,
            "direction": layer.direction,
            "cell": layer.cell,
            "memory": None if layer.memory is None else [_finite(life) for life in layer.memory.tolist()],
            "order": layer.order.tolist(),
            "gates": {name: values.tolist() for name, values in layer.gates.items()},
            "states": {name: values.tolist() for name, values in layer.states.items()},
        }
        for layer in found.layers
    ]
    return {"symbols": found.symbols, "unit": found.unit, "answer": found.answer, "layers": layers}


def _finite(life: float) -> float | None:
    """JSON has no infinite number."""
    return life if math.isfinite(life) else None
