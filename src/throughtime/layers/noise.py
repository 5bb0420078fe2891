"""What a layer is disturbed by in training, lest it learn by heart: dropout of several kinds, and zoneout."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from throughtime.cells import Cell, State
from throughtime.errors import ArgumentError
from throughtime.kernels import Noise
from throughtime.kernels.request import drawn


def probability(name: str, value: float) -> float:
    """A probability that was asked for.

    Raises:
        ArgumentError: it is none; the sentence says which option has it.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ArgumentError(f"{name} is {value!r}, expected a probability from 0 to 1")
    return float(value)


def per_state(zoneout: float | Sequence[float], cell: Cell) -> tuple[float, ...]:
    """The probability of zoneout for each of a cell's states, of one for all or of one each.

    Raises:
        ArgumentError: another number of them, or one that is no probability.
    """
    names = cell.state_names
    shares = (zoneout,) * len(names) if isinstance(zoneout, (int, float)) else tuple(zoneout)
    if len(shares) != len(names):
        raise ArgumentError(f"zoneout has {len(shares)} values, expected one, or one for each of {', '.join(names)}")
    return tuple(probability("zoneout", share) for share in shares)


def drawn_noise(x: Tensor, initial: State, zoneout: Sequence[float], recurrent_dropout: float, training: bool) -> Noise:
    """What disturbs the states of one layer in one direction, drawn for one call.

    Args:
        x: the layer's input (T, B, I).
        initial: its initial states, each (D, B, size).
        zoneout: probability for each state; at evaluation it is the share of the old state (Krueger et al., 2017).
        recurrent_dropout: probability, the same units at every step (Gal and Ghahramani, 2016).
        training: at evaluation nothing is drawn.
    """
    recurrent: Tensor | None = None
    if training and recurrent_dropout:
        recurrent = F.dropout(torch.ones_like(initial[0][0]), recurrent_dropout)
    kept: list[Tensor | float | None] = []
    for share, state in zip(zoneout, initial, strict=True):
        if not share:
            kept.append(None)
        elif not training:
            kept.append(share)
        else:
            kept.append(drawn(share, (x.shape[0], *state.shape[1:]), x.device))
    return Noise(recurrent, tuple(kept))


def dropped(x: Tensor, share: float, training: bool, *, locked: bool) -> Tensor:
    """What one layer hands to the next (T, B, S), with a share of it dropped in training; locked: the same units at
    every step of a sequence (Gal and Ghahramani, 2016).
    """
    if locked:
        return x * F.dropout(torch.ones_like(x[:1]), share, training)
    return F.dropout(x, share, training)
