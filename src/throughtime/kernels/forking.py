"""Processes that are forked: OpenMP's threads are not forked with them, and whoever waits for them waits for ever."""

from __future__ import annotations

import ctypes
import os

import torch

_SOFT = 1
"""omp_pause_soft (OpenMP 5.0, section 3.2.43): let the threads go, keep what was set."""
_released = True


def heed_forks() -> None:
    """From now on a process that is forked can use torch's operations and our kernels, whatever it was forked from."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before, after_in_child=_in_child)


def _before() -> None:
    global _released
    _released = _release()


def _in_child() -> None:
    if not _released:
        torch.set_num_threads(1)


def _release() -> bool:
    """Let this thread's team go, which the next operation that is worth it starts anew; whether that could be."""
    try:
        library = ctypes.CDLL("libgomp.so.1", mode=getattr(os, "RTLD_NOLOAD", 0))
    except OSError:  # another OpenMP, which notices by itself that it has been forked
        return True
    pause = getattr(library, "omp_pause_resource_all", None)
    return pause is not None and pause(_SOFT) == 0
