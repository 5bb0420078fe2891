"""IDX files, the layout of MNIST and its successors: a magic number, sizes, then bytes; often compressed (.gz)."""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.packed import largest_unpacked
from throughtime.errors import DataError

LARGEST = 2**31
_MOST_AXES = 4
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_idx(path: Path) -> bool:
    """Whether a file is one, by its name: train-images-idx3-ubyte, t10k-labels.idx1-ubyte.gz, ..."""
    name = path.name.lower().removesuffix(".gz")
    return "idx" in name and (name.endswith("ubyte") or ".idx" in name)


def is_labels(path: Path) -> bool:
    """Whether an IDX file holds labels, by its name: train-labels-idx1-ubyte."""
    return "labels" in path.name.lower() or "idx1" in path.name.lower()


def read_idx(path: Path) -> np.ndarray:
    """The array that an IDX file holds.

    Raises:
        DataError: it is none, cut off, longer than its head says, or larger than 2 GB.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "two-idx1-ubyte"
        >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 7]))
        >>> read_idx(path).tolist()
        [5, 7]
    """
    packed = path.suffix.lower() == ".gz"
    try:
        with (gzip.open if packed else open)(path, "rb") as file:
            shape, kind = _head(path, file.read(4 + 4 * _MOST_AXES))
            head, wanted = 4 + 4 * len(shape), prod(shape) * kind.itemsize
            largest = largest_unpacked(path.stat().st_size) if packed else LARGEST
            if wanted > min(largest, LARGEST):
                raise DataError(path, f"{wanted:,} bytes of data by its head", f"at most {min(largest, LARGEST):,}")
            file.seek(head)
            content = file.read(wanted + 1)
    except EOFError:
        raise DataError(path, "a gzip archive that is cut off", "a whole one") from None
    except (OSError, zlib.error) as error:
        raise DataError(path, f"a file that cannot be read ({error})", "an IDX file as MNIST's") from error
    if len(content) != wanted:
        found = f"{len(content):,} bytes of data" if len(content) < wanted else "more bytes of data"
        raise DataError(path, found, f"{wanted:,}, as its head says ({shape})")
    return np.frombuffer(content, kind).reshape(shape)


def _head(path: Path, beginning: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape, and the kind of numbers."""
    known = len(beginning) >= 4 and beginning[:2] == b"\0\0" and beginning[2] in _TYPES
    if not known or not 1 <= (axes := beginning[3]) <= _MOST_AXES:
        raise DataError(path, "no IDX head (two zero bytes, a type, a number of axes)", "an IDX file as MNIST's")
    if len(beginning) < (head := 4 + 4 * axes):
        raise DataError(path, f"{len(beginning)} bytes", f"a head of {head}")
    return struct.unpack(f">{axes}I", beginning[4:head]), np.dtype(_TYPES[beginning[2]])
