"""What is said of the data before the first step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.text import Text

from throughtime.data.findings import STYLES, Findings
from throughtime.tasks.base.summary import Summary

_CLASSES = 5


def announce(summaries: Mapping[str, Summary], findings: Findings) -> None:
    """Print a short summary of what was read, and all that was found, to standard error.

    Args:
        summaries: of each split, by name.
        findings: of reading it.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for line in _lines(summaries, findings):
        console.print(line)


def _lines(summaries: Mapping[str, Summary], findings: Findings) -> Iterator[Text]:
    counts = ", ".join(f"{len(summary):,} {name}" for name, summary in summaries.items())
    train = summaries["train"]
    yield Text(f"examples: {counts}; {train.unit}: median {train.median:g}, longest {train.longest:g}")
    if train.classes:
        shown = [f"{name} {count:,}" for name, count in list(train.classes.items())[:_CLASSES]]
        more = len(train.classes) - len(shown)
        yield Text(f"classes: {', '.join(shown)}" + (f", and {more:,} more" if more else ""))
    for finding in findings:
        yield Text(str(finding), STYLES[finding.level])
