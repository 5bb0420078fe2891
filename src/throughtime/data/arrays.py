"""NumPy's files, .npy and .npz, from strangers: nothing in them is executed, nothing unpacks without a bound."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.kinds import kind_of
from throughtime.data.packed import largest_unpacked
from throughtime.errors import DataError
from throughtime.storage.written import readable

_ARRAY, _ARCHIVE = b"\x93NUMPY", b"PK\x03\x04"


def read_array(path: Path, expected: str = "a .npy file of numbers", *, mapped: bool = False) -> np.ndarray[Any, Any]:
    """The array of a .npy file.

    Args:
        path: the file.
        expected: what should be there, for messages.
        mapped: leave it on the disk, and read what is looked at alone.

    Raises:
        DataError: something else, a file that is cut off, or an array of objects.
    """
    _check_kind(path, _ARRAY, expected)
    with _sentences(path, "readable array", expected):
        values: np.ndarray[Any, Any] = np.load(path, allow_pickle=False, mmap_mode="r" if mapped else None)
        return values


def array_names(path: Path, expected: str) -> list[str]:
    """The names of the arrays in an .npz file.

    Raises:
        DataError: something else, or arrays that unpack to far more than such files hold.
    """
    _check_kind(path, _ARCHIVE, expected)
    with _sentences(path, "readable .npz file", expected), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    size, largest = sum(member.file_size for member in members), largest_unpacked(path.stat().st_size)
    if size > largest:
        raise DataError(path, f"arrays that unpack to {size:,} bytes", f"at most {largest:,} of such a file")
    return [member.filename.removesuffix(".npy") for member in members]


def read_arrays(path: Path, names: list[str], expected: str) -> list[np.ndarray[Any, Any]]:
    """Arrays of an .npz file, by their names (see `array_names`).

    Raises:
        DataError: one is damaged, or holds objects.
    """
    array_names(path, expected)
    with (
        _sentences(path, "readable arrays", expected),
        path.open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        return [np.asarray(arrays[name]) for name in names]


def _check_kind(path: Path, magic: bytes, expected: str) -> None:
    """Name what something else is, before NumPy takes it for a pickle."""
    if not path.is_file():
        raise DataError(path, "a folder" if path.is_dir() else "no such file", expected)
    with _sentences(path, "file that can be read", expected), path.open("rb") as file:
        beginning = file.read(2**12)
    if beginning.startswith(magic):
        return
    others = {_ARRAY: "a single array (.npy)", _ARCHIVE: "a zip archive, as .npz files are"}
    kind = next((words for start, words in others.items() if beginning.startswith(start)), None)
    if kind is None:
        known = kind_of(beginning)
        kind = known.name if known else f"no array (it begins with {beginning[:8]!r})" if beginning else "an empty file"
    raise DataError(path, kind, expected)


@contextmanager
def _sentences(path: Path, what: str, expected: str) -> Iterator[None]:
    """One for whatever NumPy makes of a damaged head or archive, or of one that asks for more than there is."""
    try:
        with readable(path, what, expected):
            yield
    except MemoryError as error:
        raise DataError(path, f"an array for which there is no memory ({error})", expected) from error
