"""`throughtime inspect gates RUN INPUT`: every gate and state over the symbols of an input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from throughtime.cli.inside.showing import check_asked, say_written
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import report_console, show_findings, show_table
from throughtime.errors import ArgumentError
from throughtime.reports.notes.gates import leave_gates, tables
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.insight.gates import Gates, Opening


@dataclass(frozen=True)
class Arguments:
    """Show every gate and state of a run's recurrent layers over an input's own symbols."""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    input: tyro.conf.Positional[str | None] = None
    """What to read: text, or a file that the task reads; none: examples of the run's own test split."""
    unit: tuple[int, ...] = ()
    """Show what these units did, symbol by symbol, from 0; none: all of them together."""
    gate: str | None = None
    """Of --unit: which gate (update, forget, ...); none: the state."""
    layer: int = 0
    """Of --unit: layer and direction, as the tables count them, from 1; 0: the last one."""
    out: Path | None = None
    """Draw the first input here, a .png file; with --unit the first six."""
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
    from throughtime.verbs.inspecting import kept

    done = verbs.Run(asked.run)
    found = verbs.inspect_gates(done, asked.input, most=asked.most)

    from throughtime.insight.gates import openings, verdict

    opened = openings(found)
    layer, traced = _traced(found[0], asked)
    if asked.json:
        for one in found:
            print(plain_json(_json(one)))
    elif asked.unit:
        _show_units(found, layer, traced, asked.unit)
    else:
        for table in tables(found, opened):
            show_table(table)
        report_console().print(verdict(opened), highlight=False, markup=False, soft_wrap=True)
    if asked.out is not None:
        most = _draw(found, opened, layer, traced, asked)
        if not asked.json:
            which = (
                "" if len(found) <= most else f"of the first {'' if most == 1 else f'{most} '}of {len(found)} inputs"
            )
            say_written(asked.out, which)
    if asked.report:  # once all that was asked for is known to be there
        kept(done, partial(leave_gates, done.folder, found))
    show_findings(done.task.findings)
    return 0


def _traced(first: Gates, asked: Arguments) -> tuple[int, str]:
    """Which layer is meant, and the name of its gate or state.

    Raises:
        ArgumentError: there is no such layer, gate or unit.
    """
    if not 0 <= asked.layer <= len(first.layers):
        raise ArgumentError(f"--layer is {asked.layer}, expected one from 1 to {len(first.layers)}, or 0 for the last")
    layer = (asked.layer or len(first.layers)) - 1
    own = first.layers[layer]
    name = list(own.states)[-1] if asked.gate is None else asked.gate
    values = {**own.gates, **own.states}
    if name not in values:
        raise ArgumentError(f"found the gate {name!r}, expected one of: {', '.join(values)}")
    units = values[name].shape[1]
    for unit in asked.unit:
        if not 0 <= unit < units:
            raise ArgumentError(f"--unit is {unit}, expected one from 0 to {units - 1}, those of {own.name}")
    return layer, name


def _show_units(found: Sequence[Gates], layer: int, name: str, units: Sequence[int]) -> None:
    """A table an input: symbols down, units across."""
    for one in found:
        own = one.layers[layer]
        values = {**own.gates, **own.states}[name][:, list(units)]
        rows = [(symbol, *(f"{value:.2f}" for value in row)) for symbol, row in zip(one.symbols, values, strict=True)]
        show_table(Table(f"{own.name} ({own.cell}): {name}", ("", *(f"unit {unit}" for unit in units)), rows))


def _draw(found: Sequence[Gates], opened: Sequence[Opening], layer: int, traced: str, asked: Arguments) -> int:
    """Draw what is asked for; how many inputs there was room for."""
    assert asked.out is not None
    if asked.unit:
        from throughtime.insight.pictures.traces import MOST, draw_traces

        draw_traces(found, layer, traced, asked.unit, asked.out)
        return MOST
    from throughtime.insight.pictures.gates import draw_gates

    draw_gates(found[0], opened, asked.out)
    return 1


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
