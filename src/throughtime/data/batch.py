"""A batch of sequences: named tensors of equal batch size, and where each sequence ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """One step's worth of data.

    Args:
        tensors: by name; `inputs` (B, T, ...), `targets` and `lengths` (B,) are the usual ones. Batch first.
        sequences: how many sequences it holds.
        tokens: how many real (unpadded) time steps it holds.
        first: False if this batch goes on where the one before ended, so that the state is carried over
            (truncated backpropagation through time).
    """

    tensors: Mapping[str, Tensor]
    sequences: int
    tokens: int
    first: bool = True

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def get(self, name: str) -> Tensor | None:
        """The tensor of that name, or None where the batch has none."""
        return self.tensors.get(name)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device, real numbers in torch's default dtype (float64 in double precision)."""
        real = torch.get_default_dtype()
        moved = {
            name: tensor.to(device, real if tensor.is_floating_point() else None, non_blocking=True)
            for name, tensor in self.tensors.items()
        }
        return replace(self, tensors=moved)


class Loader(Protocol):
    """Batches of one split, in an order that (seed, epoch) alone decide, so that a killed run resumes exactly."""

    def __len__(self) -> int:
        """Batches in one epoch."""
        ...

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of that epoch, without the first `skip`."""
        ...


class Kept:
    """The batches of a loader's first epoch, worked out once: for a small split that is read again and again.

    Args:
        loader: whose.
    """

    def __init__(self, loader: Loader) -> None:
        self._batches = list(loader.epoch(0))

    def __len__(self) -> int:
        return len(self._batches)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The same batches in every epoch, without the first `skip`."""
        yield from self._batches[skip:]


def is_array(value: Any) -> bool:
    """Whether it has steps (an array), and is not a single number."""
    return isinstance(value, np.ndarray) and value.ndim > 0


def stack(values: Sequence[Any], padding: float) -> Tensor:
    """One tensor of the values of all examples: arrays (T_i, ...) -> (B, T, ...), numbers -> (B,).

    Args:
        values: arrays of which only the length differs, or numbers.
        padding: what fills up shorter arrays, at the end; T is at least 1.

    Example:
        >>> stack([np.array([5, 6]), np.array([7])], padding=0)
        tensor([[5, 6],
                [7, 0]])
    """
    if not is_array(values[0]):
        numbers = np.asarray(values)
        return torch.from_numpy(numbers.astype(np.float32) if numbers.dtype.kind == "f" else numbers)
    steps = max(1, *(len(value) for value in values))
    padded = np.full((len(values), steps, *values[0].shape[1:]), padding, dtype=values[0].dtype)
    for row, value in zip(padded, values, strict=True):
        row[: len(value)] = value
    return torch.from_numpy(padded)
