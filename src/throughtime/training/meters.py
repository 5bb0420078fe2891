"""Meters of energy that a machine has: of its processors (RAPL), of NVIDIA's graphics cards (NVML)."""

from __future__ import annotations

import ctypes
import threading
from ctypes import byref, c_ulonglong, c_void_p
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
"""Where Linux shows the meters of processors, in microjoules."""
_NVML = "libnvidia-ml.so.1"


class Processors:
    """The processors' meters, and those of their memory where they have such; all programs of the machine run on them.

    A meter that has come to its end begins at nought again (that of a busy processor after half an hour): look at it
    more often than that.

    Args:
        folder: of the meters.
    """

    def __init__(self, folder: Path = POWERCAP) -> None:
        self._lock = threading.Lock()
        self._total = 0.0
        self._zones: list[Path] = []
        self._last: list[int] | None = None
        try:
            self._zones = [zone for zone in sorted(folder.glob("intel-rapl:*")) if _counts(zone)]
            self._last = [_microjoules(zone) for zone in self._zones] or None
        except (OSError, ValueError):  # since 2020 most systems let only the administrator read them
            pass

    @property
    def by(self) -> str:
        """What they are."""
        memory = sum(zone.name.count(":") == 2 for zone in self._zones)
        count = len(self._zones) - memory
        which = f"{count} processor{'s' * (count > 1)}" + (" and their memory" if memory else "")
        return f"RAPL: {which}, whatever ran on them"

    def joules(self) -> float | None:
        """What has been used since this object was made; None where that cannot be read, and ever after."""
        with self._lock:
            if self._last is None:
                return None
            try:
                now = [_microjoules(zone) for zone in self._zones]
                for zone, before, after in zip(self._zones, self._last, now, strict=True):
                    ends = _number(zone / "max_energy_range_uj") if after < before else 0
                    self._total += (after - before + ends) / 1e6
                self._last = now
            except (OSError, ValueError):
                self._last = None
                return None
            return self._total


def _counts(zone: Path) -> bool:
    """A processor, or the memory beside it; the cores are in the processor's, the whole machine (psys) holds it."""
    name = (zone / "name").read_text().strip()
    return name.startswith("package") if zone.name.count(":") == 1 else name == "dram"


def _microjoules(zone: Path) -> int:
    return _number(zone / "energy_uj")


def _number(file: Path) -> int:
    return int(file.read_text())


class Card:
    """One graphics card's own meter.

    Args:
        uuid: the card, as `torch.cuda.get_device_properties` knows it.
        library: NVIDIA's, which the driver brings.
    """

    by = "NVML: the card's own meter, whatever ran on it"

    def __init__(self, uuid: str, library: str = _NVML) -> None:
        self._handle = c_void_p()
        self._first: float | None = None
        try:
            self._nvml = ctypes.CDLL(library)
            name = (uuid if uuid.startswith("GPU-") else f"GPU-{uuid}").encode()
            found = self._nvml.nvmlInit_v2() == 0
            if found and self._nvml.nvmlDeviceGetHandleByUUID(name, byref(self._handle)) == 0:
                self._first = self._since_boot()
        except (OSError, AttributeError):  # no driver, or one of before 2017
            pass

    def joules(self) -> float | None:
        """What has been used since this object was made; None where the card or its driver has no meter."""
        now = None if self._first is None else self._since_boot()
        return None if now is None or self._first is None else now - self._first

    def _since_boot(self) -> float | None:
        millijoules = c_ulonglong()
        status = self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle, byref(millijoules))
        return millijoules.value / 1e3 if status == 0 else None
