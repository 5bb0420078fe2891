"""`throughtime check TASK [DATA]`: how data is understood and what looks wrong with it, before anything is learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from throughtime import tasks as registry
from throughtime.cli.arguments import DataArguments, SettingsT, parse, task_name
from throughtime.cli.plain_json import plain_json
from throughtime.cli.show import show_findings
from throughtime.data.findings import STYLES
from throughtime.errors import ThroughtimeError

if TYPE_CHECKING:
    from throughtime.verbs import Checked

_EXAMPLES = 3
_CLASSES = 20
_WIDEST = 300  # characters of an example that are shown


@dataclass(frozen=True)
class Arguments(DataArguments[SettingsT]):
    """Read data as `train` would and learn nothing: exit status 0, or 1 where something looks wrong."""

    json: bool = False
    """Print JSON."""


def run(arguments: Sequence[str]) -> int:
    """Read, and show how it was understood."""
    name, words = task_name("check", "[--json]", arguments)
    defaults = registry.find(name).Settings()
    asked = parse(Arguments, "check", name, words, defaults)

    from throughtime import verbs

    places: dict[str, Any] = asked.places
    try:
        seen = verbs.check(name, **places, **asked.changed(defaults))
    except ThroughtimeError as error:  # how it was understood helps to see why it cannot be read
        show_findings(error.findings, taken=True)
        raise
    if asked.json:
        print(plain_json(seen.to_json() | {"shown": _examples(seen)}, indent=2))
    else:
        _show(seen, Console(highlight=False))
    return 1 if seen.task.findings.worst == "suspicious" else 0


def _show(seen: Checked, console: Console) -> None:
    console.print(_splits(seen))
    if seen.summaries["train"].classes:
        console.print(_classes(seen))
    console.print(Text("examples, as the model will see them", "italic"))
    for example in _examples(seen):
        console.print(Text(f"  {example}"))
    console.print(Text("\nfindings", "italic"))
    for finding in seen.task.findings:
        console.print(Text(f"  {finding.level:<10}  {finding}", STYLES[finding.level]), soft_wrap=True)


def _splits(seen: Checked) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    unit = seen.summaries["train"].unit
    for head in ("", "examples", f"median {unit}", "longest"):
        table.add_column(head, justify="right" if head else "left", overflow="fold")
    table.add_column("short to long", no_wrap=True)
    for name, one in seen.summaries.items():
        table.add_row(name, f"{len(one):,}", f"{one.median:,g}", f"{one.longest:,g}", one.histogram())
    return table


def _classes(seen: Checked) -> Table:
    """How many examples each class has to learn from, and its share."""
    counts = seen.summaries["train"].classes
    total = sum(counts.values())
    columns = (Column(name, justify="right", no_wrap=True) for name in (*seen.summaries, "share"))
    table = Table(Column("class", overflow="fold"), *columns, box=box.SIMPLE_HEAD)
    for name, count in islice(counts.items(), _CLASSES):
        others = (summary.classes.get(name, 0) for summary in seen.summaries.values())
        table.add_row(Text(name), *(f"{other:,}" for other in others), f"{count / total:.1%}")
    if len(counts) > _CLASSES:
        table.add_row(f"and {len(counts) - _CLASSES:,} more", *[""] * (len(seen.summaries) + 1))
    return table


def _examples(seen: Checked) -> list[str]:
    return [shown if len(shown) <= _WIDEST else f"{shown[:_WIDEST]}..." for shown in _shown(seen)]


def _shown(seen: Checked) -> Iterator[str]:
    for example in islice(seen.splits.train, _EXAMPLES):
        yield " ".join(seen.task.show(example).split())
