"""`throughtime tasks`: what there is to learn, what files look like, which data is built in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tyro
from rich.console import Console
from rich.table import Column, Table

from throughtime import tasks as registry


@dataclass(frozen=True)
class Arguments:
    """List the tasks."""


def run(arguments: Sequence[str]) -> int:
    """Print one block for each task."""
    tyro.cli(Arguments, prog="throughtime tasks", args=arguments)
    console = Console()
    for name in registry.names:
        task = registry.find(name)
        table = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2))
        table.add_row("  reads", task.reads)
        table.add_row("  built in", task.built_in)
        table.add_row("  reports", f"{task.metric.name} ({task.metric.unit})")
        table.add_row("  start", f"throughtime train {name}")
        console.print(f"[bold]{name}[/bold]: {task.summary}", highlight=False)
        console.print(table, highlight=False, markup=False)
        console.print()
    return 0
