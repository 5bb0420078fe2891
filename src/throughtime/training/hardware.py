"""Which device and which arithmetic: the settings' words in lightning-fabric's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from throughtime.errors import ThroughtimeError
from throughtime.settings import TrainingSettings

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def make_fabric(settings: TrainingSettings) -> Fabric:
    """One device, at the precision that is asked for.

    Raises:
        ThroughtimeError: this machine has no such device, or the device no such arithmetic.
    """
    from lightning_fabric import Fabric  # as long to import as torch itself: only where there is something to learn

    device = check_hardware(settings)
    precision: Any = {"32": "32-true", "64": "64-true"}.get(settings.precision, settings.precision)
    devices: Any = [device.index or 0] if device.type == "cuda" else 1
    return Fabric(accelerator=device.type, devices=devices, precision=precision)


def check_hardware(settings: TrainingSettings) -> torch.device:
    """The device that is asked for, known to be here and to have the arithmetic that is asked for.

    Raises:
        ThroughtimeError: this machine has no such device, or the device no such arithmetic.
    """
    device = find_device(settings.device)
    if settings.precision == "16-mixed" and device.type == "cpu":
        raise ThroughtimeError("precision 16-mixed needs a GPU; on a CPU take bf16-mixed or 32")
    if settings.precision == "64" and device.type == "mps":
        raise ThroughtimeError("precision 64 is not to be had on mps; take --device cpu or precision 32")
    return device


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
