"""Which device and which arithmetic: the settings' words in lightning-fabric's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from throughtime.errors import ThroughtimeError
from throughtime.layers import Recurrent
from throughtime.settings import TrainingSettings

_SMALL = 1_000_000


def make_fabric(settings: TrainingSettings) -> Fabric:
    """One device, at the precision that is asked for.

    Raises:
        ThroughtimeError: this machine has no such device, or the device no such arithmetic.
    """
    device = find_device(settings.device)
    if settings.precision == "16-mixed" and device.type == "cpu":
        raise ThroughtimeError("precision 16-mixed needs a GPU; on a CPU take bf16-mixed or 32")
    if settings.precision == "64" and device.type == "mps":
        raise ThroughtimeError("precision 64 is not to be had on mps; take --device cpu or precision 32")
    precision: Any = {"32": "32-true", "64": "64-true"}.get(settings.precision, settings.precision)
    devices: Any = [device.index or 0] if device.type == "cuda" else 1
    return Fabric(accelerator=device.type, devices=devices, precision=precision)


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


def find_device(name: str) -> torch.device:
    """The device of that name; auto: a GPU where there is one.

    Raises:
        ThroughtimeError: there is no such device here.

    Example:
        >>> find_device("cpu")
        device(type='cpu')
    """
    here = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        here.append("mps")
    if name == "auto":
        return torch.device(here[1] if len(here) > 1 else "cpu")
    if name not in here and not (name == "cuda" and "cuda:0" in here):
        raise ThroughtimeError(f"device: found {name!r}, expected auto or one that this machine has: {', '.join(here)}")
    return torch.device(name)
