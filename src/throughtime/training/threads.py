"""How many CPU threads a model is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from throughtime.layers import Recurrent

_SMALL = 1_000_000


@contextmanager
def cpu_threads(model: nn.Module, threads: int | None) -> Iterator[None]:
    """Inside, tensor operations have so many CPU threads; afterwards as many as before.

    Two threads wait for each other at every time step. On a quiet machine of two cores they make a training step 1.5 to
    1.7 times as fast up to 300 units, and 1.95 times at 512; beside other programs (a load of 8) it takes 3 to 4 times
    as long up to 300 units, and twice as long at 512. So small recurrent layers get one thread, which is never bad.

    Args:
        model: its recurrent layers are small if they have fewer than a million weights (one LSTM layer: 450 units).
        threads: how many; None: one for small recurrent layers, else as many as there are, a thread a core.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, Recurrent)]
    before, weights = torch.get_num_threads(), sum(w.numel() for layer in layers for w in layer.parameters())
    torch.set_num_threads(threads or (1 if layers and weights < _SMALL else before))
    try:
        yield
    finally:
        torch.set_num_threads(before)
