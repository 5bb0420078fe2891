"""What is asked of a kernel and what it answers: one layer, in one or both directions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from throughtime.cells import Cell, State, Weights
from throughtime.kernels.lengths import Lengths


def autocasting(x: Tensor, dtype: torch.dtype | None = None) -> bool:
    """Whether autocast (to a dtype) is on for the device of a tensor."""
    kind = x.device.type
    on = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return on and (dtype is None or torch.get_autocast_dtype(kind) == dtype)


def drawn(probability: float, shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Draw what happens with a probability: bool of this shape, True where it does.

    Four draws come from one number of 64 bits, which is more than twice as fast as a float each: the probability is
    rounded to 1/65,536, and is never less than that.
    """
    count = math.prod(shape)
    numbers = torch.randint(-(2**63), 2**63 - 1, (-(-count // 4),), device=device)
    below = max(1, round(probability * 2**16)) - 2**15
    return (numbers.view(torch.int16)[:count] <= below - 1).view(shape)


@dataclass(frozen=True)
class Noise:
    """What zoneout and recurrent dropout do to one direction of a layer in one call.

    Args:
        recurrent: (B, S), what the hidden state is multiplied by where it enters a recurrent product, the
            same at every step; None for no recurrent dropout.
        zoneout: one entry a state, in the cell's order: a bool mask (T, B, S), true where the state keeps its
            old value (training); a number, the share of the old value (evaluation); None for no zoneout.
    """

    recurrent: Tensor | None
    zoneout: tuple[Tensor | float | None, ...]

    @property
    def silent(self) -> bool:
        """Whether nothing is disturbed."""
        return self.recurrent is None and all(share is None for share in self.zoneout)


@dataclass(frozen=True)
class Request:
    """One layer to be run over time; D is 1, or 2 with a backward direction.

    Args:
        cell: the equations.
        input: (T, B, I), in the dtype of the weights; so are the states and everything in the result.
        lengths: of the rows; None if all are T.
        initial: one tensor (D, B, S) a state, in the cell's order.
        weights: one mapping a direction.
        noise: one a direction.
        traced: names of gates and states whose value at every step is wanted.
        segment: steps whose gates are computed anew at a time for the backward; None: all are kept.
        only_backward: the one direction there is runs from the last step to the first.
    """

    cell: Cell
    input: Tensor
    lengths: Lengths | None
    initial: State
    weights: tuple[Weights, ...]
    noise: tuple[Noise, ...]
    traced: tuple[str, ...] = ()
    segment: int | None = None
    only_backward: bool = False

    def backward(self, direction: int) -> bool:
        """Whether a direction runs from the last step to the first."""
        return direction == 1 or self.only_backward


@dataclass(frozen=True)
class Result:
    """A layer's answer.

    Args:
        output: (T, B, D*S), zero where a row has ended.
        final: one tensor (D, B, S) a state: its value after each row's last step (backward: after t = 0).
        steps: one mapping a direction, name -> T tensors (B, S) in order of time: the very tensors of the
            computation, so that gradients with respect to them exist.
    """

    output: Tensor
    final: State
    steps: tuple[dict[str, tuple[Tensor, ...]], ...]
