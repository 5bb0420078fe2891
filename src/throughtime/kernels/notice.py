"""What is told once a process, where the user's own code called: not at every step of a training."""

from __future__ import annotations

import sys
import warnings

from throughtime.errors import KernelFallbackWarning

_told: set[str] = set()
_LIBRARIES = ("throughtime", "torch")


def tell_once(reason: str, sentence: str) -> None:
    """Warn, unless the same reason has been told before.

    Warns:
        KernelFallbackWarning: as if from the nearest caller that is neither ours nor torch's.
    """
    if reason in _told:
        return
    _told.add(reason)
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES:
        level, frame = level + 1, frame.f_back
    warnings.warn(sentence, KernelFallbackWarning, stacklevel=level)
