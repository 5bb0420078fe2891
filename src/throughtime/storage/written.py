"""What training wrote, read again: in one sentence if it is missing, damaged or something else by now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from throughtime.errors import DataError, MissingExtraError

FoundT = TypeVar("FoundT")


@contextmanager
def readable(path: Path, what: str, expected: str = "what training wrote there") -> Iterator[None]:
    """Turn whatever comes of reading a missing or damaged file into one sentence.

    Args:
        path: the file, or the folder of several.
        what: it holds, such as "features of a video run".
        expected: what should be there.

    Raises:
        DataError: in place of what was raised inside.

    Example:
        >>> with readable(Path("counts.json"), "counts"):
        ...     {}["names"]
        Traceback (most recent call last):
            ...
        throughtime.errors.DataError: counts.json: found no counts ('names'), expected what training wrote there
    """
    try:
        yield
    except (DataError, MissingExtraError, MemoryError):
        raise
    except Exception as error:  # a damaged archive raises whatever its broken part raises
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(path, f"no {what} ({reason})", expected) from error


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """All arrays of an .npz file by name; of a damaged one, whatever its broken part raises (see `readable`)."""
    # numpy leaves a file open that it has opened and cannot read
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def read_json(path: Path, what: str, understand: Callable[[Any], FoundT]) -> FoundT | None:
    """What a JSON file holds; None where there is none, as in a run from before that was kept.

    Args:
        path: the file.
        what: it holds, such as "scores of examples".
        understand: makes something of what JSON has.

    Raises:
        DataError: it is damaged, or holds something else.
    """
    if not path.exists():
        return None
    with readable(path, what):
        return understand(json.loads(path.read_bytes()))
