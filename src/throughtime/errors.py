"""Errors meant for the person who runs the program: one clear sentence each, exit status 2."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any


class ThroughtimeError(Exception):
    """Something the user can put right; its text says what was found and what was expected.

    Attributes:
        findings: what reading had found before it failed (`throughtime.data.findings`); empty where nothing was read.
    """

    findings: Iterable[Any] = ()


class DataError(ThroughtimeError):
    """A file that cannot be read as what it should be.

    Args:
        path: the file (or folder) at fault.
        found: what stands there.
        expected: what should stand there.
        line: the line or row, counted from 1, where the file has such.

    Example:
        >>> str(DataError("reviews.csv", "2 columns", "3 columns (text, label, source)", line=7))
        'reviews.csv, line 7: found 2 columns, expected 3 columns (text, label, source)'
    """

    def __init__(self, path: str | Path, found: str, expected: str, line: int | None = None) -> None:
        where = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{where}: found {found}, expected {expected}")
        self.path = Path(path)
        self.line = line


class ArgumentError(ThroughtimeError, ValueError):
    """An argument of a function or class that has the wrong type, shape or value; the sentence says which."""


class ArgumentTypeError(ArgumentError, TypeError):
    """An argument of the wrong type: a TypeError too, as torch raises it."""


class ArgumentShapeError(ArgumentError, RuntimeError):
    """A tensor whose shape does not fit: a RuntimeError too, as torch raises it."""


class MissingExtraError(ThroughtimeError):
    """An optional package is not installed; the sentence says what to install.

    Args:
        package: the module that could not be imported.
        extra: the extra of throughtime that brings it.
        purpose: what it is needed for.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package}, which is not installed: pip install 'throughtime[{extra}]'"
        )


class KernelUnavailableError(ThroughtimeError):
    """A kernel that was asked for by name cannot run this call; the sentence says why."""


class KernelFallbackWarning(UserWarning):
    """A layer runs in the reference loop, which is slow, since no compiled kernel covers the call; it says why."""


class NotANumberError(ThroughtimeError):
    """The loss is no longer finite; the sentence names the step and what to try."""
