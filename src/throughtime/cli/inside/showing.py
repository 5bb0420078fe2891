"""What all looks inside a model show alike."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from throughtime.errors import ArgumentError, DataError
from throughtime.tasks.base import check_writable


def check_asked(out: Path | None, most: int) -> None:
    """Refuse, before any work, a picture that cannot be written, and a number of inputs that is none.

    Raises:
        ThroughtimeError: it is called as no PNG file is, its folder does not exist, or no input is to be looked at.
    """
    if out is not None:
        check_writable(out)
        if out.suffix.lower() != ".png":
            raise DataError(out, f"the ending {out.suffix!r}", "the name of a .png file")
    if most < 1:
        raise ArgumentError(f"--most is {most}, expected at least 1")


def say_written(path: Path, what: str = "") -> None:
    """Name the picture that was written, and what it shows where that is not all."""
    Console().print(f"wrote {path}{f' ({what})' if what else ''}", highlight=False, markup=False, soft_wrap=True)
