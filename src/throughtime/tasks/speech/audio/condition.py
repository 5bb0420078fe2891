"""What the samples of a recording say of how it was made: silent, clipped, in opposite phase."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np

_FULL = 0.99  # of full scale: what touches it has probably been cut there
_SILENT = 1e-3  # half the way from the lowest sample to the highest: -60 dB
_CLIPPED = 2e-3  # share of the samples
_CANCELLED = 0.05  # share of the channels' energy that is left of them when they are mixed


class Condition(NamedTuple):
    """Numbers about a recording.

    Args:
        swing: half the way from its lowest sample to its highest, of any channel.
        clipped: share of its samples at full scale.
        mixed: energy of the mix of its channels, in energies of a channel.
        checksum: of its samples.
    """

    swing: float
    clipped: float
    mixed: float
    checksum: int

    def faults(self) -> list[tuple[str, str]]:
        """Subject and words of what looks wrong."""
        if self.swing < _SILENT:
            return [("silent recordings", "a recording that is silent (below -60 dB throughout)")]
        found = []
        if self.clipped > _CLIPPED:
            found.append(("clipped recordings", f"a recording with over {_CLIPPED:.1%} of its samples at full scale"))
        if self.cancels:
            found.append(("opposite phase", "a recording whose channels cancel each other: only the first is heard"))
        return found

    @property
    def cancels(self) -> bool:
        """Whether its channels cancel each other when they are mixed."""
        return self.mixed < _CANCELLED


class Meter:
    """Takes in a recording's samples as they are read.

    Example:
        >>> wave = np.sin(np.arange(800)) * 0.5
        >>> meter = Meter()
        >>> meter.add(np.stack([wave, -wave], axis=1).astype(np.float32))
        >>> [subject for subject, _ in meter.condition.faults()]
        ['opposite phase']
    """

    def __init__(self) -> None:
        self._lowest, self._highest, self._count, self._clipped, self._checksum = np.inf, -np.inf, 0, 0, 0
        self._energy = self._mixed = 0.0

    def add(self, block: np.ndarray) -> None:
        """Samples float32 (n, C)."""
        if not block.size:
            return
        self._lowest = min(self._lowest, float(block.min()))
        self._highest = max(self._highest, float(block.max()))
        self._count += block.size
        self._clipped += int((np.abs(block) >= _FULL).sum())
        self._checksum = zlib.crc32(np.ascontiguousarray(block).tobytes(), self._checksum)
        centred = block - block.mean(axis=0)  # a constant is no sound
        self._energy += float(np.square(centred).mean(axis=1).sum())
        self._mixed += float(np.square(centred.mean(axis=1)).sum())

    @property
    def condition(self) -> Condition:
        """Of all that has come."""
        if not self._count:
            return Condition(0.0, 0.0, 1.0, 0)
        mixed = self._mixed / self._energy if self._energy else 1.0
        return Condition((self._highest - self._lowest) / 2, self._clipped / self._count, mixed, self._checksum)
