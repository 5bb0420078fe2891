"""The largest of many numbers, where only a few are wanted."""

from __future__ import annotations

import torch
from torch import Tensor

_ROWS = 16  # numbers that stand for one another in the first round


def largest(values: Tensor, many: int) -> tuple[Tensor, Tensor]:
    """As `values.topk(many)` along the last dimension, in about a third of the time where it is long.

    The numbers are laid out in 16 rows. Those wanted stand in the columns with the largest maxima, so many of them as
    numbers are wanted: a maximum is quickly found, and few are left to be put in order.

    Args:
        values: (..., V), contiguous.
        many: at most V.

    Returns:
        The largest, in descending order, and their places, each (..., many); equal ones in any order.

    Example:
        >>> values, places = largest(torch.arange(1000.0), 3)
        >>> values.tolist(), places.tolist()
        ([999.0, 998.0, 997.0], [999, 998, 997])
    """
    length = values.shape[-1]
    columns = length // _ROWS
    if columns < 4 * many:
        return values.topk(many, dim=-1)
    laid_out = values[..., : _ROWS * columns].reshape(*values.shape[:-1], _ROWS, columns)
    chosen = laid_out.amax(dim=-2).topk(many, dim=-1).indices.unsqueeze(-2).expand(*laid_out.shape[:-1], many)
    left = laid_out.gather(-1, chosen).flatten(-2)
    first_of_row = columns * torch.arange(_ROWS, device=values.device).unsqueeze(-1)
    places = (chosen + first_of_row).flatten(-2)
    rest = values[..., _ROWS * columns :]
    if rest.shape[-1]:
        left = torch.cat((left, rest), dim=-1)
        tail = torch.arange(_ROWS * columns, length, device=values.device)
        places = torch.cat((places, tail.expand(*values.shape[:-1], -1)), dim=-1)
    found, which = left.topk(many, dim=-1)
    return found, places.gather(-1, which)
