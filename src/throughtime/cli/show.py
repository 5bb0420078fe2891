"""How a report looks: a table of the model beside its baselines, or JSON."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from throughtime.cli.plain_json import plain_json
from throughtime.data.findings import STYLES, Finding
from throughtime.storage import report as stored
from throughtime.storage.report import Report
from throughtime.tasks.base import Metric

_UNLIMITED = 10_000
_BETWEEN = 3  # blanks between two columns


def show_report(report: Report, metric: Metric, judged_on: str) -> None:
    """Print the metrics, model first, and the report's own tables.

    Args:
        report: what an evaluation found.
        metric: the task's own.
        judged_on: what the numbers are of, such as "held-out test" or the name of a file.
    """
    console = report_console()
    # names of classes and files are shown as they are, whatever brackets they have
    columns = [Column(), *(Column(Text(name), justify="right") for name in report.metrics)]
    rows = [
        [who, *(_number(numbers[name]) if name in numbers else "" for name in report.metrics)]
        for who, numbers in [("model", report.metrics), *report.baselines.items()]
    ]
    _show_table(console, f"{judged_on}; {metric.name}: {metric.unit}", columns, rows, first_style="bold")
    for extra in report.tables:
        show_table(extra)


def show_table(table: stored.Table) -> None:
    """Print a table, beside each other as many of its columns as there is room for."""
    columns = [Column(Text(name)) for name in table.columns]
    rows = [[value if isinstance(value, str) else _number(value) for value in row] for row in table.rows]
    _show_table(report_console(), table.title, columns, rows)


def _show_table(
    console: Console, title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], first_style: str = ""
) -> None:
    # not as the table's own title, which would be broken where the table is narrow
    console.print(Text(title, style="italic"))
    for part in _side_by_side(columns, rows, console.width):
        table = Table(*(columns[at].copy() for at in part), box=box.SIMPLE_HEAD)
        longest = [max(cell_len(cell) for cell in _cells(columns, rows, at)) for at in part]
        least = [column.min_width or 0 for column in table.columns]
        for column, width in zip(table.columns, _widths(least, longest, console.width), strict=True):
            column.width = width
        for number, row in enumerate(rows):
            table.add_row(*(Text(row[at]) for at in part), style=first_style if number == 0 else "")
        console.print(table, highlight=False)


def _cells(columns: Sequence[Column], rows: Sequence[Sequence[str]], at: int) -> list[str]:
    """What stands in a column, its head first."""
    return [str(columns[at].header), *(row[at] for row in rows)]


def _widths(least: Sequence[int], longest: Sequence[int], room: int) -> list[int]:
    """Widths of columns that fit into the room: those that lack little get what they lack first.

    Left to itself, rich makes columns narrower than their least width, and then the table wider than the terminal.
    """
    widths = list(least)
    left = room - 1 - sum(least) - _BETWEEN * len(least)
    for at in sorted(range(len(least)), key=lambda at: longest[at] - least[at]):
        more = max(0, min(longest[at] - least[at], left))
        widths[at] += more
        left -= more
    return widths


def _side_by_side(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """The numbers of the columns that fit side by side: the first one and as many others as there is room for, then the
    first one again and further others. A number is never cut or broken in two.
    """
    parts: list[list[int]] = [[0]]
    room = 0
    for at, column in enumerate(columns):
        column.overflow = "fold"
        longest = max(cell_len(word) for cell in _cells(columns, rows, at) for word in cell.split() or [""])
        column.min_width = min(longest, width // 3)
        needed = column.min_width + _BETWEEN
        if at == 0:
            room = width - needed - 1
            left = room
        elif needed > left and len(parts[-1]) > 1:
            parts.append([0, at])
            left = room - needed
        else:
            parts[-1].append(at)
            left -= needed
    return parts


def show_findings(findings: Iterable[Finding], taken: bool = False) -> None:
    """Print what was left out of the data or looks wrong with it to standard error.

    Args:
        findings: of reading it.
        taken: print what was taken for what, too.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for finding in findings:
        if taken or finding.level != "taken":
            console.print(Text(str(finding), STYLES[finding.level]))


def report_console() -> Console:
    """Where reports are printed: as wide as the terminal; a file or pipe has no width of its own, so that what fits
    no terminal is whole there, unless COLUMNS says otherwise.
    """
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=_UNLIMITED)


def report_json(report: Report) -> str:
    """The whole report as JSON."""
    return plain_json(report.to_json(), indent=2)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
