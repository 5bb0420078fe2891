"""What energy a training uses: read off meters, or estimated from a constant that is named, or said to be unknown."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from throughtime.errors import ThroughtimeError
from throughtime.storage.energy import Energy, Footprint, Part
from throughtime.training.meters import POWERCAP, Card, Processors
from throughtime.training.stages import Ticker

if TYPE_CHECKING:
    import torch

    from throughtime.storage.folder import RunFolder

WATTS_A_CORE = 12.0
"""Of a core at work where nothing more is known of it (Green Algorithms, Lannelongue et al. 2021: any processor)."""
GRAMS_PER_KWH = 473.0
"""CO2 equivalent of the world's electricity in 2024 (Ember, Global Electricity Review 2025)."""
VARIABLE = "THROUGHTIME_GRAMS_PER_KWH"
_LOOK_EVERY = 60.0  # seconds: a processor's meter turns over in half an hour at the soonest
_ESTIMATE = f"{WATTS_A_CORE:g} W a core at work, memory not counted (Green Algorithms, Lannelongue et al. 2021)"
_BEFORE = Part("an earlier part of this run", "unknown", "it was learned before energy was counted", None)


def grams_per_kwh() -> tuple[float, str]:
    """CO2 equivalent of a kilowatt hour here, and where that number comes from.

    Raises:
        ThroughtimeError: the environment names one that cannot be.
    """
    asked = os.environ.get(VARIABLE)
    if not asked:
        return GRAMS_PER_KWH, f"the world's mean of 2024 (Ember 2025); {VARIABLE} tells another"
    try:
        value = float(asked)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ThroughtimeError(f"{VARIABLE}: found {asked!r}, expected the grams of CO2 equivalent of a kilowatt hour")
    return value, f"as {VARIABLE} tells"


class Meter:
    """Counts what this machine uses from when it is made: what its meters say, or what the process's work stands for.

    Args:
        powercap: the folder of the processors' meters.

    Raises:
        ThroughtimeError: what the environment says of the electricity cannot be.
    """

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self.grams, self.intensity = grams_per_kwh()
        self._processors = Processors(powercap)
        self._cards: list[tuple[str, Card | None]] = []
        self._begun, self._worked = time.monotonic(), _seconds_at_work()

    def watch(self, device: torch.device) -> None:
        """Count this device too, from now on."""
        if device.type == "cuda":
            import torch

            what = torch.cuda.get_device_properties(device)
            self._cards.append((what.name, Card(str(what.uuid))))
        elif device.type != "cpu":
            self._cards.append((device.type, None))

    def read(self) -> Energy:
        """What has been used so far."""
        joules = self._processors.joules()
        if joules is not None:
            parts = [Part("processors", "measured", self._processors.by, joules)]
        else:
            worked = WATTS_A_CORE * (_seconds_at_work() - self._worked)
            parts = [Part("processors", "estimated", _ESTIMATE, worked)]
        for name, card in self._cards:
            used = None if card is None else card.joules()
            if card is None or used is None:
                parts.append(Part(name, "unknown", "no meter that can be read", None))
            else:
                parts.append(Part(name, "measured", card.by, used))
        return Energy(time.monotonic() - self._begun, tuple(parts))


class Account:
    """Keeps a run folder's energy.json: what stood there, and what has been used since; entered while a run learns.

    It is written every minute and at the end, so that a run that is killed loses a minute of it at most.

    Args:
        folder: the run folder.
        meter: has counted since the run began or went on.
    """

    def __init__(self, folder: RunFolder, meter: Meter) -> None:
        self._folder, self._meter = folder, meter
        before = folder.read_energy()
        uncounted = Energy(0.0, (_BEFORE,)) if before is None and folder.checkpoint.exists() else Energy()
        self._before = uncounted if before is None else before.training
        self._validation = Energy() if before is None else before.validation
        self._answered = 0 if before is None else before.answered
        self._ticker = Ticker(_LOOK_EVERY, self._look)

    def __enter__(self) -> Account:
        self.write()
        self._ticker.put_off()
        self._ticker.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ticker.end()
        if error is None:
            self.write()
        else:
            self._look()

    @contextmanager
    def answering(self, examples: int) -> Iterator[None]:
        """Inside, so many examples are answered: from that it is said what a thousand predictions take."""
        before = self._meter.read()
        yield
        spent = before.times(-1) + self._meter.read()
        if len(spent.parts) == len(before.parts):  # else a meter has failed in the midst of it
            self._validation += spent
            self._answered += examples

    def write(self) -> None:
        """Write down what has been used so far.

        Raises:
            ThroughtimeError: it cannot be written.
        """
        used = self._before + self._meter.read()
        meter = self._meter
        self._folder.write_energy(Footprint(used, self._validation, self._answered, meter.grams, meter.intensity))

    def _look(self) -> None:
        with suppress(ThroughtimeError):  # a disk that is full is said where the next checkpoint is written
            self.write()


def _seconds_at_work() -> float:
    """Of all cores for this process and for those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
