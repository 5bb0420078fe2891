"""`throughtime bench`: how fast the recurrent layers are on this machine, and `--doctor`: why; what else is measured
stands in files of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import tyro
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from throughtime.cli import bench_agreement, bench_memory
from throughtime.errors import ArgumentError, ThroughtimeError

if TYPE_CHECKING:
    from throughtime.bench.doctor import Coverage, Finding
    from throughtime.bench.short import Row

_OTHERS: dict[str, Callable[[Sequence[str]], int]] = {
    "memory": bench_memory.run,
    "agreement": bench_agreement.run,
}
STYLES = {"fine": "green", "note": "yellow", "problem": "red"}


@dataclass(frozen=True)
class Arguments:
    """Measure the recurrent layers on this machine against torch.nn; it takes less than a minute.

    throughtime bench memory --help: how far back each cell remembers; throughtime bench agreement --help: whether a
    language model knows which verb goes with which subject.
    """

    doctor: bool = False
    """Measure nothing; explain which kernels run, why, and what to do where they do not."""
    threads: int | None = None
    """Threads of both sides; none: as torch chooses."""
    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Measure, or explain."""
    if arguments and arguments[0] in _OTHERS:
        return _OTHERS[arguments[0]](arguments[1:])
    asked = tyro.cli(Arguments, prog="throughtime bench", args=arguments)
    console = Console()
    (_explain if asked.doctor else _measure)(asked, console)
    return 0


def _measure(asked: Arguments, console: Console) -> None:
    import torch

    from throughtime.bench import machine, short

    if asked.threads is not None:
        if asked.threads < 1:
            raise ArgumentError(f"--threads is {asked.threads}, expected at least 1")
        torch.set_num_threads(asked.threads)
    about = _about()
    if asked.json:
        print(json.dumps({"machine": about, "rows": [asdict(row) for row in short.rows()]}, indent=2))
        return
    console.print(_grid(about), highlight=False)
    load = machine.load()
    if load is not None and load > 0.5:
        console.print(f"[yellow]other programs are at work (load {load:.1f}): read the ratios with care[/yellow]")
    with Live(console=console, vertical_overflow="visible") as live:
        shown: list[Row] = []
        for row in short.rows():
            shown.append(row)
            live.update(_speeds(shown))
    console.print(
        "ratio: torch.nn's time divided by ours, median and middle half of the rounds.\n"
        "*: torch.nn has no textbook GRU, its own stands in, which does as many products.\n"
        "Why a kernel runs: throughtime bench --doctor",
        highlight=False,
    )


def _about() -> dict[str, Any]:
    import torch

    from throughtime import kernels
    from throughtime.bench import machine
    from throughtime.kernels import fused

    return {
        "processor": machine.processor(),
        "cores": machine.cores(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "kernels": kernels.current(),
        "instruction set": fused.selected() or "none",
    }


def _grid(facts: dict[str, Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        grid.add_row(name, str(value))
    return grid


def _speeds(rows: Sequence[Row]) -> Group:
    """A table for each kind of work, all of the same widths, within 80 columns."""
    parts: list[RenderableType] = []
    for (work, shape), some in groupby(rows, key=lambda row: (row.work, row.shape)):
        parts.append(Text(f"{work}; T, B, I, H: {', '.join(map(str, shape))}", "italic"))
        parts.append(_speeds_of_one(list(some)))
    return Group(*parts)


def _speeds_of_one(rows: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("cell", min_width=15, no_wrap=True)
    table.add_column("kernel", min_width=9, no_wrap=True)
    for name, width in (("ours", 8), ("torch.nn", 8), ("ratio", 18)):
        table.add_column(name, justify="right", min_width=width, no_wrap=True)
    for row in rows:
        table.add_row(
            row.cell + ("" if row.equal else " *"),
            row.kernel,
            _milliseconds(row.ours),
            _milliseconds(row.torch),
            f"{row.ratio.median:.2f} ({row.ratio.low:.2f}-{row.ratio.high:.2f})",
            style="" if row.kernel == "fused" else "yellow",
        )
    return table


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"


def _explain(asked: Arguments, console: Console) -> None:
    from throughtime.bench import doctor

    found = list(doctor.findings())
    try:
        covered = list(doctor.coverage())
    except ThroughtimeError:  # told of among the findings
        covered = []
    if asked.json:
        both = {"findings": [asdict(one) for one in found], "coverage": [asdict(one) for one in covered]}
        print(json.dumps(both, indent=2))
        return
    console.print(_diagnosis(found))
    if covered:
        console.print(_matrix(covered))
        for number, reason in enumerate(_reasons(covered), 1):
            console.print(f"{number}: {reason}", highlight=False, markup=False)


def _diagnosis(findings: Iterable[Finding]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in findings:
        table.add_row(Text(one.level, STYLES[one.level]), one.subject, Text(one.found))
        if one.advice:
            table.add_row("", "", Text(f"-> {one.advice}", "bold"))
    return table


def _matrix(covered: Sequence[Coverage]) -> Table:
    """Options down, cells across, who runs them in the middle."""
    cells, options = (list(dict.fromkeys(getattr(one, name) for one in covered)) for name in ("cell", "option"))
    place, reasons = {(one.option, one.cell): one for one in covered}, _reasons(covered)
    columns = [Column(name, overflow="fold") for name in cells]
    table = Table(Column("option", no_wrap=True), *columns, box=box.SIMPLE_HEAD)
    for option in options:
        entries = []
        for cell in cells:
            one = place.get((option, cell))
            mark = f" {reasons.index(one.reason) + 1}" if one is not None and one.reason else ""
            entries.append("" if one is None else f"{one.kernel}{mark}")
        table.add_row(option, *entries)
    return table


def _reasons(covered: Iterable[Coverage]) -> list[str]:
    return list(dict.fromkeys(one.reason for one in covered if one.reason))
