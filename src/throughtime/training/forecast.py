"""What a run will take, said before its first minute is over: time, memory, energy, from its first steps."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from throughtime.settings import TrainingSettings
from throughtime.training.meters import POWERCAP, Processors
from throughtime.training.progress import Progress
from throughtime.training.stages import clock

_STEPS = 50
_SECONDS = 45.0  # of steps, if 50 take longer
_WORTH_SAYING = 300.0  # seconds to go, below which everybody can wait


class Forecast:
    """Watches the first steps of a process that trains.

    Args:
        progress: the run's counters.
        settings: its limits.
        powercap: the folder of the processors' energy meters.
    """

    def __init__(self, progress: Progress, settings: TrainingSettings, powercap: Path = POWERCAP) -> None:
        self._progress, self._settings, self._processors = progress, settings, Processors(powercap)
        self._begun: tuple[int, float, float | None] | None = None
        self._said = False

    def stepped(self) -> str | None:
        """To be called after each step: a sentence once, when enough of them have been seen, where much is to come.

        The first step, which is slower, is not counted.
        """
        if self._said:
            return None
        now = time.monotonic()
        if self._begun is None:
            self._begun = (self._progress.step, now, self._processors.joules())
            return None
        step, begun, energy = self._begun
        steps, seconds = self._progress.step - step, now - begun
        if steps < _STEPS - 1 and seconds < _SECONDS:
            return None
        self._said = True
        pace = seconds / steps
        left = seconds_left(self._progress, self._settings, pace)
        if left is None or left < _WORTH_SAYING:
            return None
        spent = self._processors.joules()
        used = None if energy is None or spent is None else (spent - energy) / seconds * left
        return f"{pace:.3g} s a step: {clock(left)} and {left / pace:,.0f} steps to go, {_memory()}, {_energy(used)}"


def seconds_left(progress: Progress, settings: TrainingSettings, pace: float) -> float | None:
    """Until the nearest limit, without evaluations; None without a limit.

    Args:
        progress: where the run is.
        settings: its limits.
        pace: seconds a step.

    Example:
        >>> seconds_left(Progress(batches=10, step=50, epoch=5), TrainingSettings(epochs=7, minutes=1), 0.5)
        10.0
    """
    found = []
    if settings.steps is not None:
        found.append((settings.steps - progress.step) * pace)
    if settings.epochs is not None:
        found.append((settings.epochs - progress.epochs) * progress.batches / settings.accumulate * pace)
    if settings.minutes is not None:
        found.append(60 * settings.minutes - progress.seconds)
    return min(found, default=None)


def _energy(used: float | None) -> str:
    if used is None:
        return "energy unknown (no meter that can be read)"
    return f"an estimated {used / 3.6e6:.2g} kWh (the processors' meters over these steps)"


def _memory() -> str:
    """The most that the process has used."""
    import torch

    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return f"{torch.cuda.max_memory_allocated() / 2**30:.2g} GiB of GPU memory"
    if sys.platform == "win32":
        return "memory unknown"
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"{most / 2**30:.2g} GiB of memory"
