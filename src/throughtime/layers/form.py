"""The forms in which a layer takes its input: batched or not, time or batch first, padded or packed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import ArgumentError
from throughtime.kernels.lengths import Lengths, Packing, pack
from throughtime.kernels.memory import recorded


@dataclass(frozen=True)
class Form:
    """Remembers how the input came, so that outputs and states can be given back likewise.

    Args:
        batched: whether there was a batch dimension.
        batch_first: whether it came before time.
        packed: the input, if it was a PackedSequence, and where its steps lie in the padded batch.
    """

    batched: bool
    batch_first: bool
    packed: tuple[PackedSequence, Packing] | None = None

    def sequence(self, padded: Tensor) -> Any:
        """Give (T, B, S) back in the form of the input."""
        if self.packed is not None:
            source, packing = self.packed
            data = padded.reshape(-1, padded.shape[-1]).index_select(0, packing.places)
            return PackedSequence(data, source.batch_sizes, source.sorted_indices, source.unsorted_indices)
        return self.steps(padded)

    def steps(self, padded: Tensor) -> Tensor:
        """Give (T, B, S) back as a tensor in the input's order of dimensions."""
        if not self.batched:
            return padded.squeeze(1)
        return padded.transpose(0, 1) if self.batch_first else padded

    def state(self, state: Tensor) -> Tensor:
        """Give (L*D, B, S) back, without B if the input had none."""
        return state if self.batched else state.squeeze(1)


def arrange(
    given: Tensor | PackedSequence, lengths: Tensor | Sequence[int] | None, batch_first: bool
) -> tuple[Tensor, Lengths | None, Form]:
    """Bring a layer's input to (T, B, I).

    Returns:
        The padded batch; the lengths of its rows, None if all are T; the form it came in.

    Raises:
        ArgumentError: not a dense tensor, wrong number of dimensions, no steps, or lengths that do not fit; a
            PackedSequence in a trace.
    """
    if isinstance(given, PackedSequence):
        if lengths is not None:
            raise ArgumentError("lengths were given with a PackedSequence, which has its own: leave them out")
        if recorded():  # how many steps and rows there are would be those of the example for ever
            raise ArgumentError("input is a PackedSequence, which cannot be traced: give the padded batch and lengths")
        return _unpack(given)
    if given.layout is not torch.strided or given.is_nested:
        kind = "a nested tensor" if given.is_nested else f"a tensor of layout {given.layout}"
        raise ArgumentError(f"input is {kind}, expected a dense one (and lengths, where rows end before others)")
    if given.dim() not in (2, 3):
        raise ArgumentError(
            f"input has shape {tuple(given.shape)}, expected 3 dimensions "
            f"({'B, T, I' if batch_first else 'T, B, I'}), or 2 without a batch (T, I)"
        )
    form = Form(batched=given.dim() == 3, batch_first=batch_first)
    if not form.batched:
        given = given.unsqueeze(1)
        if lengths is not None:
            lengths = torch.as_tensor(lengths, device=None if isinstance(lengths, Tensor) else "cpu").reshape(-1)
    elif batch_first:
        given = given.transpose(0, 1)
    if given.shape[0] == 0:
        raise ArgumentError("input has 0 steps, expected at least 1")
    return given, Lengths.of(lengths, given.shape[0], given.shape[1], given.device), form


def _unpack(packed: PackedSequence) -> tuple[Tensor, Lengths | None, Form]:
    sizes = packed.batch_sizes
    T, B = len(sizes), int(sizes[0])
    order = packed.sorted_indices
    order = torch.arange(B, device="cpu") if order is None else order.cpu()
    rows = torch.empty(B, dtype=torch.int64, device="cpu")
    rows[order] = (sizes.unsqueeze(1) > torch.arange(B, device="cpu")).sum(dim=0)
    packing = pack(rows, T, packed.data.device, order)
    padded = packed.data.new_zeros(T * B, packed.data.shape[-1]).index_copy(0, packing.places, packed.data)
    lengths = Lengths.of(rows, T, B, packed.data.device)
    return padded.view(T, B, -1), lengths, Form(batched=True, batch_first=False, packed=(packed, packing))
