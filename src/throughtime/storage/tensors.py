"""Tensors as a safetensors file that carries a checksum of all else in it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from throughtime.errors import ThroughtimeError
from throughtime.storage.atomic import clear_errors

_CHECKSUM = "sha256"
_AT_ONCE = 2**20


class Outline(NamedTuple):
    """What a file says of a tensor.

    Args:
        dtype: as safetensors names it: F32, I64, ...
        shape: its sizes.
    """

    dtype: str
    shape: tuple[int, ...]

    @property
    def numel(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


def to_bytes(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """The content of the file: the same bytes for the same tensors."""
    content = save(dict(tensors))
    start = 8 + int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8:start]), memoryview(content)[start:]
    header["__metadata__"] = dict(metadata or {})
    digest = _begun(header)
    digest.update(data)
    header["__metadata__"][_CHECKSUM] = digest.hexdigest()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers are to lie at multiples of their size
    return b"".join((len(text).to_bytes(8, "little"), text, data))


def check_sum(file: BinaryIO, path: Path) -> None:
    """Make sure that a file, which safetensors can read, holds what was written; one without a checksum may be older.

    Raises:
        ThroughtimeError: something in it has changed since.
    """
    header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    expected = header.setdefault("__metadata__", {}).pop(_CHECKSUM, None)
    if expected is None:
        return
    digest = _begun(header)
    while some := file.read(_AT_ONCE):
        digest.update(some)
    if digest.hexdigest() != expected:
        raise ThroughtimeError(
            f"{path}: found other bits than were written (checksum {digest.hexdigest()[:16]}..., expected "
            f"{expected[:16]}...): the file is damaged; take a copy of it, if there is one"
        )


def outlines(path: Path) -> dict[str, Outline]:
    """What a file holds, by name; of the tensors themselves nothing is read.

    Raises:
        ThroughtimeError: it is missing, or no such file.
    """
    with clear_errors(path, "read"):
        path.open("rb").close()
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
            return {name: Outline(one.get_dtype(), tuple(one.get_shape())) for name, one in slices.items()}
    except SafetensorError as error:
        raise not_readable(path, error) from error


def not_readable(path: Path, error: Exception) -> ThroughtimeError:
    """That a file is none of safetensors'."""
    return ThroughtimeError(f"{path}: found no readable weights ({error}), expected a safetensors file")


def _begun(header: Mapping[str, Any]) -> Any:
    """The digest of names, types, shapes and all else that is said of the tensors, for their bytes to follow."""
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode())
