"""Several ways to do the same, timed in turns, so that whatever else the machine does falls on all of them."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Way = Callable[[], object]
"""Does the work once."""


@dataclass(frozen=True)
class Spread:
    """The middle of repeated measurements, and how far they lie apart.

    Args:
        median: half of them are smaller.
        low, high: the middle half lies between.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of one or more values.

        Example:
            >>> Spread.of([3.0, 1.0, 2.0, 100.0])
            Spread(median=2.5, low=2.0, high=3.0)
        """
        ordered, quarter = sorted(values), len(values) // 4
        return cls(statistics.median(ordered), ordered[quarter], ordered[-1 - quarter])


@dataclass(frozen=True)
class Timings:
    """Seconds that each way took, round by round.

    Args:
        rounds: name of a way -> seconds of one piece of work in each round.
    """

    rounds: Mapping[str, Sequence[float]]

    def seconds(self, way: str) -> float:
        """Median over the rounds."""
        return statistics.median(self.rounds[way])

    def ratio(self, slow: str, quick: str) -> Spread:
        """How many times as long `slow` took as `quick`: both sides of a ratio come from the same round."""
        return Spread.of([a / b for a, b in zip(self.rounds[slow], self.rounds[quick], strict=True)])


def in_turns(
    ways: Mapping[str, Way], rounds: int = 9, block: float = 0.03, pause: float = 0.0, limit: float = math.inf
) -> Timings:
    """Time each way in every round, the order turned round from one round to the next.

    Args:
        ways: name -> work. Each is done once before, unmeasured: caches, allocators, packed weights.
        rounds: how often each is measured.
        block: seconds that one measurement lasts at least; quick work is repeated so often, and divided by that.
            A short one would measure what the way before has left behind: caches, and threads that still wait.
        pause: seconds of rest before a measurement, in which the threads of the way before go to sleep: they wait
            actively for a while, on the cores that the next one needs. Quick work is then done once unmeasured.
        limit: seconds after which no further round begins, but for the first three.

    Example:
        >>> timings = in_turns({"sum": lambda: sum(range(1000)), "twice": lambda: sum(range(2000))}, rounds=3)
        >>> timings.ratio("twice", "sum").median > 1
        True
    """
    begun = time.perf_counter()
    repeats = {}
    for name, way in ways.items():
        way()
        repeats[name] = max(1, round(block / max(_seconds(way, 1), 1e-9)))
    order = list(ways)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for done in range(rounds):
        if done >= 3 and time.perf_counter() - begun > limit:
            break
        for name in order:
            time.sleep(pause)
            if pause and repeats[name] > 1:
                ways[name]()
            taken[name].append(_seconds(ways[name], repeats[name]) / repeats[name])
        order.reverse()
    return Timings(taken)


def _seconds(way: Way, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        way()
    return time.perf_counter() - start
