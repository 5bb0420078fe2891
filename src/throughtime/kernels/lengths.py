"""The lengths of the rows of a padded batch, as masks and as packing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from throughtime.errors import ArgumentError
from throughtime.kernels.memory import readable


@dataclass(frozen=True)
class Packing:
    """How the real steps of a padded batch lie one after another in a packed one.

    Args:
        places: (N,), where in (T*B) each of the N real steps is, time after time, longest row first.
        batch_sizes: (longest,), on the CPU: how many rows go on at each time.
        rows: (rows that are not empty,), which rows they are, longest first.
        there: (B, 1) bool, whether the row is not empty, where `rows` lists the empty ones too, at its end. Then no
            shape depends on the lengths, as torch.compile wants it: `places` lists all T*B, the real ones first, and
            `batch_sizes` all T steps; what stands in the padding is garbage. None where all of that is left out.
    """

    places: Tensor
    batch_sizes: Tensor
    rows: Tensor
    there: Tensor | None = None


class Lengths:
    """Row lengths of a padded batch of T steps; make one with `Lengths.of`.

    Args:
        rows: (B,) integers on the batch's device.
        steps: T.

    Attributes:
        real: (T, B, 1) bool, true where a row has not ended.
    """

    def __init__(self, rows: Tensor, steps: int) -> None:
        self.rows = rows
        self.steps = steps
        self.real = (torch.arange(steps, device=rows.device).unsqueeze(1) < rows).unsqueeze(-1)
        self._packing: Packing | None = None

    @classmethod
    def of(cls, lengths: Tensor | Sequence[int] | None, steps: int, batch: int, device: torch.device) -> Lengths | None:
        """Check the lengths a user gives.

        Values are not looked at where that cannot be done (`readable`: while compiling, tracing, under `torch.func`);
        there all rows may be shorter than T.

        Args:
            lengths: (B,) integers from 0 to T, in any order, on any device; None for none.
            steps: T.
            batch: B.
            device: of the batch.

        Returns:
            The lengths, or None if every row is T long: then no masks are needed.

        Raises:
            ArgumentError: not one integer a row, or one outside 0 to T.
        """
        if lengths is None:
            return None
        if isinstance(lengths, Tensor):
            rows = lengths
        else:  # an empty list has no numbers to take a dtype from
            rows = torch.as_tensor(lengths, dtype=None if len(lengths) else torch.int64, device="cpu")
        if rows.is_floating_point() or rows.is_complex() or rows.dtype == torch.bool:
            raise ArgumentError(f"lengths has dtype {rows.dtype}, expected integers")
        if tuple(rows.shape) != (batch,):
            raise ArgumentError(f"lengths has shape {tuple(rows.shape)}, expected one per row: ({batch},)")
        if batch and readable(rows):
            shortest, longest = (int(value) for value in torch.stack(rows.aminmax()).tolist())
            if shortest < 0 or longest > steps:
                wrong = shortest if shortest < 0 else longest
                raise ArgumentError(f"lengths has the value {wrong}, expected 0 to {steps} (the steps given)")
            if shortest == steps:
                return None
        return cls(rows.to(device=device, dtype=torch.int64), steps)

    def blank(self, x: Tensor) -> Tensor:
        """Put zeros where rows have ended: what stands in the padding (T, B, ...) must not matter, not even NaN."""
        return x.masked_fill(~self.real, 0.0)

    @property
    def packing(self) -> Packing:
        """How the real steps are packed, computed once."""
        if self._packing is None:
            if torch.compiler.is_compiling():
                self._packing = pack_whole(self.rows, self.steps)
            else:
                self._packing = pack(self.rows.cpu(), self.steps, self.rows.device)
        return self._packing


def pack(rows: Tensor, steps: int, device: torch.device, order: Tensor | None = None) -> Packing:
    """Work out the packing of rows of the given lengths.

    Args:
        rows: (B,), lengths, on the CPU.
        steps: T of the padded batch.
        device: where places and rows shall lie.
        order: (B,), rows from longest to shortest; sorted here if None.
    """
    if order is None:
        order = rows.argsort(descending=True, stable=True)
    order = order[rows[order] > 0]
    going = torch.arange(steps, device=rows.device).unsqueeze(1) < rows[order]
    time, place = going.nonzero(as_tuple=True)
    sizes = going.sum(dim=1)
    places = time * rows.numel() + order[place]
    return Packing(places.to(device), sizes[sizes > 0], order.to(device))


def pack_whole(rows: Tensor, steps: int) -> Packing:
    """Work out a packing in which nothing is left out: its shapes follow from B and T alone (`Packing.there`).

    Args:
        rows: (B,), lengths, on the CPU.
        steps: T of the padded batch.
    """
    order = rows.argsort(descending=True, stable=True)
    going = torch.arange(steps, device=rows.device).unsqueeze(1) < rows[order]
    places = (torch.arange(steps, device=rows.device).unsqueeze(1) * rows.shape[0] + order).flatten()
    real_first = (~going.flatten()).to(torch.uint8).argsort(stable=True)
    return Packing(places[real_first], going.sum(dim=1), order, (rows[order] > 0).unsqueeze(1))
