"""Pipes, read to their end within bounds: a device has none, and a pipe that nobody writes to is not waited for."""

from __future__ import annotations

import os
import select
from pathlib import Path

from throughtime.errors import DataError

LARGEST = 2**28
"""Bytes that a pipe may bring."""
PATIENCE = 30.0
"""Seconds that a named pipe may stand still before its first byte."""
_PIECE = 2**16  # bytes at a time
_EXPECTED = "a file, or a pipe that somebody writes to"


def refuse_devices(path: Path, expected: str) -> None:
    """Raise a DataError for what is neither a file nor a pipe: /dev/zero has no end."""
    if path.exists() and not path.is_file() and not path.is_fifo() and not path.is_dir():
        raise DataError(path, "a device", expected)


def read_pipe(path: Path) -> bytes:
    """All that comes out of a pipe.

    Args:
        path: a named pipe, or one that a shell made (`<(...)`, which may take its time).

    Raises:
        DataError: no pipe but a device or a socket; more than `LARGEST` bytes; nobody has written to it.
    """
    refuse_devices(path, _EXPECTED)
    # opened so, it does not wait for one who writes
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        patience = None if path.is_relative_to("/dev") or path.is_relative_to("/proc") else PATIENCE
        if not select.select([pipe], [], [], patience)[0]:
            raise DataError(path, f"a pipe into which nobody has written for {PATIENCE:g} seconds", _EXPECTED)
        os.set_blocking(pipe.fileno(), True)
        pieces, size = [], 0
        # read in one go, a Ctrl-C between two pieces would not be heard before its end
        while piece := pipe.read(_PIECE):
            pieces.append(piece)
            if (size := size + len(piece)) > LARGEST:
                raise DataError(path, f"a pipe of more than {LARGEST // 2**20} MiB", "a file for so much")
        return b"".join(pieces)
