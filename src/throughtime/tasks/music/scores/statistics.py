"""The simple methods beside the network: how often each thing comes, and what usually follows the last one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from throughtime.tasks.music.scores.events import BOUNDARY, VOCABULARY
from throughtime.tasks.music.scores.score import KEYS

Statistics = dict[str, NDArray[np.float64]]


def key_statistics(rolls: Iterable[NDArray[np.uint8]]) -> Statistics:
    """How often each key sounds, and how often it does after a frame in which it did or did not.

    Args:
        rolls: each (T, 88).

    Returns:
        "frequency" (88,): p(on); "after" (2, 88): p(on | was off), p(on | was on). Half a count of each outcome is
        added, so that nothing is impossible.
    """
    on, was, frames = np.zeros((2, KEYS)), np.zeros((2, KEYS)), 0
    for roll in rolls:
        before = previous(roll)
        for state in (0, 1):
            was[state] += (before == state).sum(0)
            on[state] += ((before == state) & (roll == 1)).sum(0)
        frames += len(roll)
    return {"frequency": (on.sum(0) + 0.5) / (frames + 1), "after": (on + 0.5) / (was + 1)}


def previous(roll: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frame before each frame, silence before the first: (T, 88) -> (T, 88)."""
    return np.concatenate([np.zeros((1, roll.shape[1]), roll.dtype), roll[:-1]])


def bernoulli_nll(roll: NDArray[np.uint8], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the 88 Bernoulli terms of each frame in nats: (T, 88), p of that shape or (88,) -> (T,)."""
    return np.asarray(-np.where(roll == 1, np.log(probability), np.log1p(-probability)).sum(1))


def event_statistics(pieces: Iterable[NDArray[np.int64]]) -> Statistics:
    """How often each event comes, and how often after each other one.

    Args:
        pieces: each (T,) numbers of events.

    Returns:
        "frequency" (V,) and "after" (V, V), rows by the event before: each row is drawn towards the frequencies by as
        much as ten events would.
    """
    pairs = np.zeros((VOCABULARY, VOCABULARY))
    for events in pieces:
        np.add.at(pairs, (np.concatenate([[BOUNDARY], events[:-1]]), events), 1.0)
    frequency = (pairs.sum(0) + 1.0) / (pairs.sum() + VOCABULARY)
    after = (pairs + 10.0 * frequency) / (pairs.sum(1, keepdims=True) + 10.0)
    return {"frequency": frequency, "after": after}
