"""Kernels: how a cell is run over time; `dispatch` chooses one, `use` and THROUGHTIME_KERNELS force one."""

from __future__ import annotations

from throughtime.kernels.checkpoint import segment_length
from throughtime.kernels.dispatch import CHOICES, Kernel, choose, current, register, run, use
from throughtime.kernels.forking import heed_forks
from throughtime.kernels.lengths import Lengths
from throughtime.kernels.request import Noise, Request, Result

__all__ = [
    "CHOICES",
    "Kernel",
    "Lengths",
    "Noise",
    "Request",
    "Result",
    "choose",
    "current",
    "register",
    "run",
    "segment_length",
    "use",
]

heed_forks()
