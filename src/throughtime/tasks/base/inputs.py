"""What an argument of `predict` stands for."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.text_files import read_lines


def existing(argument: str) -> Path | None:
    """The path that an argument of `predict` is, if something is there; None: it is the input itself."""
    path = Path(argument)
    try:
        # Path("") is the folder one is in
        return path if argument and path.exists() else None
    except OSError:  # a sentence longer than a name can be
        return None


def lines_of(argument: str, findings: Findings | None = None) -> list[str]:
    """The lines of the file that an argument names, or the argument itself.

    Args:
        argument: of `predict`.
        findings: is told how the file was understood.

    Raises:
        DataError: the file is not text in UTF-8.
    """
    path = existing(argument)
    return [argument] if path is None else read_lines(path, findings=findings)
