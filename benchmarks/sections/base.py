"""What all parts share: what was asked, a line of a table, and how both are shown."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from throughtime.bench.clock import Spread, Timings, Way, in_turns
from throughtime.bench.subjects import SUBJECTS, Subject

Shape = tuple[int, int, int, int]
"""(T, B, I, H)"""

SHAPES: list[Shape] = [
    (100, 32, 128, 128),
    (100, 64, 256, 256),
    (500, 32, 256, 256),
    (50, 128, 512, 512),
    (200, 8, 512, 512),
]


@dataclass(frozen=True)
class Asked:
    """What the command line asks of every part.

    Args:
        rounds: how often each side is measured.
        threads: of each side.
        cells: names of the subjects.
        shapes: those of the large tables.
    """

    rounds: int
    threads: int
    cells: Sequence[str] = tuple(SUBJECTS)
    shapes: Sequence[Shape] = tuple(SHAPES)

    @property
    def subjects(self) -> list[Subject]:
        return [SUBJECTS[name] for name in self.cells]

    def measure(self, ways: dict[str, Way]) -> Timings:
        return in_turns(ways, self.rounds, block=0.05, pause=0.01)


@dataclass(frozen=True)
class Line:
    """One line of a part's table: whom it is about, and numbers by the name of their column."""

    cell: str
    case: str
    numbers: dict[str, Any] = field(default_factory=dict)


def against(timings: Timings, ours: str, others: Sequence[str]) -> dict[str, Any]:
    """Milliseconds of all sides, and the others' times divided by ours."""
    numbers: dict[str, Any] = {f"{way}, ms": timings.seconds(way) * 1e3 for way in (ours, *others)}
    return numbers | {f"{other} / {ours}": timings.ratio(other, ours) for other in others}


def mean_line(cell: str, lines: Sequence[Line], column: str) -> Line:
    """The geometric mean of a column's ratios over the shapes, and the least of them."""
    ratios = [line.numbers[column].median for line in lines]
    return Line(cell, "all shapes", {f"{column}: mean": statistics.geometric_mean(ratios), "least": min(ratios)})


def show(title: str, lines: Iterator[Line], console: Console) -> list[dict[str, Any]]:
    """Print the lines as they come, then nothing more; all of them as plain data."""
    console.print(f"\n[bold]{title}[/bold]", highlight=False)
    kept, columns = [], None
    for line in lines:
        kept.append(asdict(line))
        table = Table(box=None, show_header=list(line.numbers) != columns, padding=(0, 1), pad_edge=False)
        table.add_column("", width=16)
        table.add_column("", width=26)
        for name in line.numbers:
            table.add_column(name, justify="right", width=max(19, len(name)))
        columns = list(line.numbers)
        table.add_row(line.cell, line.case, *(_text(value) for value in line.numbers.values()))
        console.print(table, highlight=False)
    return kept


def _text(value: Any) -> str:
    if isinstance(value, Spread):
        return f"{value.median:.2f} ({value.low:.2f}-{value.high:.2f})"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
