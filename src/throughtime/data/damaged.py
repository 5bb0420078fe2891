"""Damaged files among many: all of them are named at once, not one a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.errors import DataError

MOST_NAMED = 20
"""Damaged files whose sentences are given; more are counted alone."""
WAY_OUT = "--skip-broken leaves them out"
"""What else can be done about them."""


class DamagedFilesError(DataError):
    """Several files (or rows) of a folder or list that cannot be read; a line for each of the first.

    Args:
        path: the folder or list.
        errors: what is wrong with each, two or more.
        total: how many files there are; None: not known.
        way_out: what else can be done about them.
    """

    def __init__(self, path: Path, errors: list[DataError], total: int | None = None, way_out: str = "") -> None:
        many = f"{len(errors):,}" if total is None else f"{len(errors):,} of {total:,} files"
        super().__init__(path, f"{many} that cannot be read", f"none ({way_out})" if way_out else "none")
        self.errors = errors

    def __str__(self) -> str:
        """The sentences of all of them."""
        lines = [super().__str__(), *(f"  {error}" for error in self.errors[:MOST_NAMED])]
        if (more := len(self.errors) - MOST_NAMED) > 0:
            lines.append(f"  and {more:,} more")
        return "\n".join(lines)


class Damaged:
    """Collects what is wrong with the files of a folder or list while the others are read.

    Args:
        path: the folder or list, for the message.
        total: how many files there are, for the message; None: not known.
        way_out: what else can be done about damaged ones, for the message of several.

    Example:
        >>> damaged = Damaged(Path("music"), way_out="")
        >>> for name in ("a.mid", "b.mid"):
        ...     with damaged.kept():
        ...         raise DataError(name, "an empty file", "notes")
        >>> damaged.raise_all()
        Traceback (most recent call last):
        throughtime.data.damaged.DamagedFilesError: music: found 2 that cannot be read, expected none
          a.mid: found an empty file, expected notes
          b.mid: found an empty file, expected notes
    """

    def __init__(self, path: Path, total: int | None = None, way_out: str = WAY_OUT) -> None:
        self.path, self.total, self.way_out = path, total, way_out
        self.errors: list[DataError] = []

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is wrong with one of them is kept for later."""
        try:
            yield
        except DamagedFilesError as several:
            self.errors += several.errors
        except DataError as error:
            self.errors.append(error)

    def settle(self, skip: bool, findings: Findings) -> None:
        """Note each of them as left out, or raise what has been kept.

        Args:
            skip: that was asked for, and others could be read.
            findings: what is left out is counted.
        """
        if not skip:
            self.raise_all()
        for error in self.errors:
            findings.left_out("broken files", "a file that cannot be read", error.path, error.line)

    def raise_all(self) -> None:
        """Raise what has been kept, if anything.

        Raises:
            DataError: that of the only one that is damaged.
            DamagedFilesError: of several.
        """
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise DamagedFilesError(self.path, self.errors, self.total, self.way_out)
