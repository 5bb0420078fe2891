"""Memory that does not suffice: said in one sentence, and before the operating system ends the process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from throughtime.errors import ThroughtimeError
from throughtime.settings import TrainingSettings

if TYPE_CHECKING:
    from torch import nn

# tensors of a weight's size that an update rule keeps for each weight
_MOMENTS = {"adam": 2, "adamw": 2, "rmsprop": 1, "sgd": 0, "asgd": 1}
# what torch says when an allocation fails, on the CPU, on a GPU, and when not even the size can be computed
_SIGNS = ("allocate", "out of memory", "Storage size calculation overflowed")


@contextmanager
def enough_memory() -> Iterator[None]:
    """Turn an allocation that fails (Python's, numpy's, torch's) into one sentence.

    Raises:
        ThroughtimeError: in place of what was raised inside.

    Example:
        >>> with enough_memory():  # doctest: +ELLIPSIS
        ...     bytearray(2**60)
        Traceback (most recent call last):
            ...
        throughtime.errors.ThroughtimeError: not enough memory for what is asked: make the model smaller ...
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(sign in str(error) for sign in _SIGNS):
            raise
        raise ThroughtimeError(
            "not enough memory for what is asked: make the model smaller (units, layers, vectors, vocabulary), "
            "or the batch (batch_size, window)"
        ) from error


def check_memory(model: nn.Module, settings: TrainingSettings) -> None:
    """Make sure that a model can be trained in this machine's memory: weights, gradients and the optimiser's moments.

    Linux grants memory that it does not have and kills the process that uses it: that would be no sentence at all.

    Raises:
        ThroughtimeError: they need more than the machine has.
    """
    if not hasattr(os, "sysconf"):  # Windows grants no memory that it does not have
        return
    own = sum(tensor.numel() * tensor.element_size() for tensor in model.parameters())
    learnt = sum(tensor.numel() * tensor.element_size() for tensor in model.parameters() if tensor.requires_grad)
    needed = own + learnt * (1 + _MOMENTS[settings.optimiser])
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise ThroughtimeError(
            f"the model's weights, with gradients and what {settings.optimiser} keeps, need {needed / 1e9:,.0f} GB, "
            f"but this machine has {there / 1e9:,.0f} GB: make the model smaller (units, layers, vectors, vocabulary)"
        )
