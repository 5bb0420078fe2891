"""The files in which a task keeps what it learned of its data: whether they are still what training wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from throughtime.errors import DataError
from throughtime.storage.atomic import clear_errors


def checksums_of(folder: Path) -> dict[str, str]:
    """The checksum of each file (or folder of files) of the features, by name; none where there is no such folder.

    Raises:
        ThroughtimeError: one cannot be read.
    """
    return {path.name: _checksum(path) for path in sorted(folder.iterdir())} if folder.is_dir() else {}


def check_features(folder: Path, expected: Mapping[str, str]) -> None:
    """Make sure that they are what training wrote.

    Args:
        folder: of the features.
        expected: their checksums; "" in a run from before these were kept.

    Raises:
        DataError: one is gone, which else might be taken for a run from before there was such a file, or is changed.
    """
    for name, checksum in expected.items():
        path = folder / name
        if not path.exists():
            raise DataError(path, "no such file", "what training learned of its data")
        if checksum and _checksum(path) != checksum:
            raise DataError(path, "a file that was changed or damaged since", "what training wrote there")


def _checksum(path: Path) -> str:
    """SHA-256 of a file; of a folder, of its files' names and checksums."""
    with clear_errors(path, "read"):
        if path.is_dir():
            parts = "".join(f"{part.name} {_checksum(part)}\n" for part in sorted(path.iterdir()))
            return hashlib.sha256(parts.encode("utf-8", "surrogateescape")).hexdigest()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
