"""What an argument of `predict` stands for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.errors import DataError


def existing(argument: str) -> Path | None:
    """The path that an argument of `predict` is, if something is there; None: it is the input itself."""
    path = Path(argument)
    try:
        # Path("") is the folder one is in
        return path if argument and path.exists() else None
    except OSError:  # a sentence longer than a name can be
        return None


def lines_of(argument: str) -> Iterator[str]:
    """The lines of the file that an argument names, or the argument itself.

    Raises:
        DataError: the file is not text in UTF-8.
    """
    path = existing(argument)
    if path is None:
        yield argument
        return
    try:
        with path.open(encoding="utf-8") as lines:
            yield from (line.rstrip("\n") for line in lines)
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8 at position {error.start}"
        raise DataError(path, found, "text, one input a line") from None
