"""A batch of sequences: named tensors of equal batch size, and where each sequence ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

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
