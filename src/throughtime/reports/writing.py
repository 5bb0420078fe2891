"""Writing the page: of a run into its folder, of several where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from throughtime.reports.compared import compared
from throughtime.reports.material import Material
from throughtime.reports.page import page
from throughtime.reports.sections import headline, sections
from throughtime.storage.atomic import write_atomically


def write_report(folder: Path, out: Path | None = None) -> Path:
    """One run's report.

    Args:
        folder: of the run.
        out: the file; None: report.html in the run folder.

    Raises:
        ThroughtimeError: it is no run folder, a file in it is broken, or the page cannot be written.
    """
    run = Material.of(folder)
    out = run.folder.page if out is None else out
    lead = [headline(run), f"task {run.task.name}: {run.task.summary}"]
    write_atomically(out, page(run.name, lead, [*sections(run)]))
    return out


def write_comparison(folders: Sequence[Path], out: Path) -> Path:
    """Several runs of one task side by side.

    Raises:
        ThroughtimeError: as for one run, or runs of several tasks.
    """
    runs = [Material.of(folder) for folder in folders]
    parts = [*compared(runs)]
    lead = [f"task {runs[0].task.name}: {runs[0].task.summary}"]
    write_atomically(out, page(f"{len(runs)} runs compared", lead, parts))
    return out
