"""IDX files, the layout of MNIST and its successors: a magic number, sizes, then bytes; often compressed (.gz)."""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np

from throughtime.errors import DataError

LARGEST = 2**31
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
    content = _content(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES or not 1 <= content[3] <= 4:
        raise DataError(path, "no IDX head (two zero bytes, a type, a number of axes)", "an IDX file as MNIST's")
    axes, head = content[3], 4 + 4 * content[3]
    if len(content) < head:
        raise DataError(path, f"{len(content)} bytes", f"a head of {head}")
    shape, kind = struct.unpack(f">{axes}I", content[4:head]), np.dtype(_TYPES[content[2]])
    wanted = prod(shape) * kind.itemsize
    if len(content) - head != wanted:
        raise DataError(path, f"{len(content) - head:,} bytes of data", f"{wanted:,}, as its head says ({shape})")
    return np.frombuffer(content, kind, offset=head).reshape(shape)


def _content(path: Path) -> bytes:
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as file:
            content: bytes = file.read(LARGEST + 1)
    except EOFError:
        raise DataError(path, "a gzip archive that is cut off", "a whole one") from None
    except (OSError, zlib.error) as error:
        raise DataError(path, f"a file that cannot be read ({error})", "an IDX file as MNIST's") from error
    if len(content) > LARGEST:
        raise DataError(path, f"more than {LARGEST:,} bytes", "less")
    return content
