"""How far something has come that takes long: whoever does it counts, a verb that has somebody to tell looks on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(eq=False)
class Stage:
    """Something that is being done.

    Args:
        what: it is, such as "reading reviews.csv".
        total: how many things there are to do; None: not known, or not counted.
        done: how many are done.
        begun: when it began, on the monotonic clock.
    """

    what: str
    total: int | None = None
    done: int = 0
    begun: float = field(default_factory=time.monotonic)


# what is being done right now, the innermost last; None: nobody looks on
_open: ContextVar[list[Stage] | None] = ContextVar("open stages", default=None)


@contextmanager
def stage(what: str, total: int | None = None) -> Iterator[Stage]:
    """Inside, this is what is being done.

    Args:
        what: in words, such as "fitting the bag of words".
        total: how many things there are to do, where they are counted in the stage's `done`.
    """
    here, stages = Stage(what, total), _open.get()
    if stages is None:
        yield here
        return
    stages.append(here)
    try:
        yield here
    finally:
        stages.remove(here)


def counted(things: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """The same things, counted as they are worked through.

    Args:
        things: what is worked through.
        what: is being done with them, such as "reading reviews.csv".
        total: how many there are; None: as many as `things` says it has, or not known.

    Example:
        >>> with watched() as stages:
        ...     for row in counted(["a", "b"], "reading"):
        ...         print(row, stages[-1].done, stages[-1].total)
        a 0 2
        b 1 2
    """
    if total is None and isinstance(things, Sized):
        total = len(things)
    with stage(what, total) as here:
        for thing in things:
            yield thing
            here.done += 1


@contextmanager
def watched() -> Iterator[list[Stage]]:
    """Look on: the list of what is being done, the innermost last, changes while it is done."""
    stages: list[Stage] = []
    before = _open.set(stages)
    try:
        yield stages
    finally:
        _open.reset(before)
