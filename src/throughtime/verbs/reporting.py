"""Report: one HTML page of a run, or of several side by side."""

from __future__ import annotations

from pathlib import Path

from throughtime.errors import ArgumentError, DataError
from throughtime.reports.writing import write_comparison, write_report
from throughtime.tasks.base import check_writable
from throughtime.verbs.run import Run


def report(*runs: Run | str | Path, out: str | Path | None = None) -> Path:
    """Write the report of a run, or compare several runs of one task; it needs their folders and nothing else.

    Args:
        runs: runs or their folders.
        out: the file to write, ending in .html; None: report.html in the folder of the one run.

    Returns:
        The file.

    Raises:
        ArgumentError: no run, or several and no `out`.
        ThroughtimeError: a folder is no run folder, a file in it is broken, or the page cannot be written.
    """
    folders = [run.folder.path if isinstance(run, Run) else Path(run) for run in runs]
    if not folders:
        raise ArgumentError("found no run, expected one or more")
    page = None if out is None else Path(out)
    if page is not None:
        check_writable(page)
        if page.suffix.lower() not in (".html", ".htm"):
            raise DataError(page, f"the ending {page.suffix!r}", "the name of a .html file")
    if len(folders) == 1:
        return write_report(folders[0], page)
    if page is None:
        raise ArgumentError(f"found {len(folders)} runs and no file to write, expected one (--out FILE.html)")
    return write_comparison(folders, page)
