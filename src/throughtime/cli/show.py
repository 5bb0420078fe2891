"""How a report looks: a table of the model beside its baselines, or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich import box
from rich.console import Console
from rich.table import Table

from throughtime.storage.report import Report
from throughtime.tasks.base import Metric


def show_report(report: Report, metric: Metric, console: Console) -> None:
    """Print the metrics, model first, and the report's own tables."""
    table = Table(box=box.SIMPLE_HEAD, title=f"held-out test; {metric.name}: {metric.unit}", title_justify="left")
    table.add_column("")
    for name in report.metrics:
        table.add_column(name, justify="right")
    for who, numbers in [("model", report.metrics), *report.baselines.items()]:
        cells = [_number(numbers[name]) if name in numbers else "" for name in report.metrics]
        table.add_row(who, *cells, style="bold" if who == "model" else "")
    console.print(table, highlight=False)
    for extra in report.tables:
        shown = Table(*extra.columns, box=box.SIMPLE_HEAD, title=extra.title, title_justify="left")
        for row in extra.rows:
            shown.add_row(*(value if isinstance(value, str) else _number(value) for value in row))
        console.print(shown, highlight=False, markup=False)


def report_json(report: Report) -> str:
    """The whole report as JSON."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=2)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
