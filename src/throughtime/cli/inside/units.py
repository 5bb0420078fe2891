"""`throughtime inspect units RUN [DATA]`: what each unit responds to, and which of them tell a trait of the symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tyro
from numpy.typing import NDArray

from throughtime.cli.inside.showing import check_asked, say_written
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import show_findings, show_table
from throughtime.errors import ArgumentError, ThroughtimeError
from throughtime.reports.notes.units import leave_units, table
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.insight.units import Detector, Moment, Units

_MOMENTS = 5


@dataclass(frozen=True)
class Arguments:
    """Show which unit tells which trait of the symbols, where units are strongest, and where else a state was alike."""

    run: tyro.conf.Positional[Path]
    """The run folder."""
    data: tyro.conf.Positional[Path | None] = None
    """A file or folder that the task reads; none: the test split of the run's own data."""
    unit: tuple[int, ...] = ()
    """Units whose strongest moments are shown, from 0; none: those that tell a trait."""
    layer: int = 0
    """Layer of --unit and --like, as they are counted in the table of layers, from 1; 0: the last one."""
    like: str | None = None
    """Show where the state was nearest to that after this input."""
    marked: Path | None = None
    """In place of DATA: a file of {"text": ..., "spans": [[start, end, label], ...]} a line; its labels are the traits
    that are looked for ("not LABEL": where it is known not to be)."""
    gate: str | None = None
    """Look at the values of this gate (update, forget, ...) in place of the states."""
    out: Path | None = None
    """Draw the units that tell a trait, over symbols that have it, a .png file."""
    most: int = 200
    """Inputs that are looked at."""
    report: bool = True
    """Leave what was found as a section of the run's report."""
    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Look, show, and draw if asked."""
    asked = tyro.cli(Arguments, prog="throughtime inspect units", args=arguments)
    check_asked(asked.out, asked.most)
    if asked.data is not None and asked.marked is not None:
        raise ArgumentError(f"found both {asked.data} and --marked {asked.marked}, expected one of them")

    from throughtime import verbs
    from throughtime.verbs.inspecting import kept

    done = verbs.Run(asked.run)
    found, telling = verbs.inspect_units(done, asked.data, most=asked.most, marked=asked.marked, gate=asked.gate)
    findings = list(done.task.findings)
    layer = _layer(found, asked)
    moments = {f"{layer.name}, unit {unit}": layer.strongest(unit, _MOMENTS) for unit in asked.unit}
    if not asked.unit:
        by_name = {one.name: one for one in found}
        for one in telling:
            if one.there:
                strongest = by_name[one.layer].strongest(one.unit, _MOMENTS, lowest=not one.above)
                moments[f"{one.layer}, unit {one.unit} ({one.trait})"] = strongest
    if asked.like is not None:
        state = _state_after(done, asked, layer.name)
        moments[f"{layer.name}, states like that after {asked.like!r} (1 - cosine)"] = layer.nearest(state, _MOMENTS)
    if asked.json:
        print(plain_json(_json(telling, moments), indent=2))
    else:
        _show(found, telling, moments)
    if asked.out is not None:
        from throughtime.insight.pictures.units import draw_detectors

        draw_detectors(found, telling, asked.out)
        if not asked.json:
            say_written(asked.out)
    if asked.report:  # once all that was asked for is known to be there
        kept(done, partial(leave_units, done.folder, found, telling))
    findings += [one for one in done.task.findings if one not in findings]
    show_findings(findings)
    return 0


def _layer(found: Sequence[Units], asked: Arguments) -> Units:
    """The layer that is meant.

    Raises:
        ArgumentError: there is no such layer, or it has no such unit.
    """
    if not 0 <= asked.layer <= len(found):
        raise ArgumentError(f"--layer is {asked.layer}, expected one from 1 to {len(found)}, or 0 for the last")
    layer = found[asked.layer - 1]
    size = layer.states.shape[1]
    for unit in asked.unit:
        if not 0 <= unit < size:
            raise ArgumentError(f"--unit is {unit}, expected one from 0 to {size - 1}, those of {layer.name}")
    return layer


def _state_after(done: Any, asked: Arguments, name: str) -> NDArray[np.float32]:
    """The state of a layer after the last step of --like."""
    from throughtime.insight.units import units

    task, given = done.task, asked.like
    readings = [reading for one in task.read_inputs(given) for reading in task.readings(done.model, one)]
    if not readings:
        raise ThroughtimeError(f"{given!r}: found nothing to read, expected an input that is not empty")
    found, _ = units(done.model, readings[-1:], asked.gate)
    return next(one.states[-1] for one in found if one.name == name)


def _show(found: Sequence[Units], telling: Sequence[Detector], moments: dict[str, list[Moment]]) -> None:
    layers = [(str(number), one.name, one.states.shape[1]) for number, one in enumerate(found, 1)]
    show_table(
        Table(
            f"layers, over {len(found[0].states):,} steps of {len(found[0].symbols)} inputs", ("", "", "units"), layers
        )
    )
    show_table(table(telling))
    for title, some in moments.items():
        show_table(Table(title, ("value", "where"), [(f"{one.value:.3g}", _context(one)) for one in some]))


def _context(moment: Moment) -> str:
    """The symbols around a moment, its own in brackets: characters side by side, others with spaces between."""
    single = all(len(symbol) == 1 for symbol in (*moment.before, moment.symbol, *moment.after))
    space = "" if single else " "
    return f"{space.join(moment.before)}{space}[{moment.symbol}]{space}{space.join(moment.after)}"


def _json(telling: Sequence[Detector], moments: dict[str, list[Moment]]) -> dict[str, Any]:
    detectors = [asdict(one) | {"there": one.there} for one in telling]
    return {
        "detectors": detectors,
        "moments": {name: [one._asdict() for one in some] for name, some in moments.items()},
    }
