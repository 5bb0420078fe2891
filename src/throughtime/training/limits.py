"""How long a run learns: which limits are in force, for one that begins and for one that goes on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from throughtime.errors import ThroughtimeError
from throughtime.settings import LIMITS, TrainingSettings
from throughtime.training.progress import Progress


def given(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The limits among settings that were asked for."""
    return {name: asked[name] for name in LIMITS if asked.get(name) is not None}


def from_the_beginning(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a run that begins, with the defaults that they put out of force.

    Minutes that are asked for stand beside the default limit of epochs. Steps or epochs say how much is to be learned,
    which must not depend on how busy a machine is: they stand in place of all default limits. A default patience counts
    evaluations that are as far apart as they are by default.

    Example:
        >>> from_the_beginning({"epochs": 3, "seed": 1})
        {'steps': None, 'epochs': 3, 'minutes': None, 'seed': 1}
        >>> from_the_beginning({"minutes": 5})
        {'minutes': 5}
    """
    replaced: dict[str, Any] = dict.fromkeys(LIMITS) if given(asked).keys() & {"steps", "epochs"} else {}
    if "evaluate_every" in asked:
        replaced["patience"] = None
    return replaced | dict(asked)


def from_here_on(asked: Mapping[str, Any], done: Progress) -> dict[str, Any]:
    """Settings of a run that goes on: limits that are asked for are what is to be learned from here on, in place of
    those before; as settings have them, counted from the run's very beginning.

    Example:
        >>> from_here_on({"steps": 5}, Progress(batches=4, epoch=2, batch=2, step=10))
        {'steps': 15, 'epochs': None, 'minutes': None}
        >>> from_here_on({"epochs": 1}, Progress(batches=4, epoch=2, batch=2, step=10))["epochs"]
        4
    """
    more = given(asked)
    if not more:
        return dict(asked)
    # an epoch that has begun is ended first
    before = {"steps": done.step, "epochs": math.ceil(done.epochs), "minutes": done.seconds / 60}
    return {**asked, **dict.fromkeys(LIMITS), **{name: before[name] + value for name, value in more.items()}}


def require_one(settings: TrainingSettings) -> None:
    """Make sure that training will end.

    Raises:
        ThroughtimeError: there is no limit.
    """
    if all(getattr(settings, name) is None for name in (*LIMITS, "patience")):
        raise ThroughtimeError("found no limit to the training, expected steps, epochs, minutes or patience")


def in_words(settings: TrainingSettings, done: Progress) -> str:
    """What will end a run, counted from where it stands.

    Example:
        >>> in_words(TrainingSettings(epochs=12, minutes=8.0), Progress(batches=4))
        'stops after 12 epochs or 8 minutes, whichever is first'
        >>> in_words(TrainingSettings(steps=20_000), Progress(batches=4))
        'stops after 20,000 steps'
        >>> in_words(TrainingSettings(steps=11), Progress(batches=4, epoch=2, batch=2, step=10))
        'stops after 1 more step'
    """
    *others, last = _in_words(settings, done)
    if not others:
        return f"stops after {last}"
    return f"stops after {', '.join(others)} or {last}, whichever is first"


def _in_words(settings: TrainingSettings, done: Progress) -> Iterator[str]:
    before = {"steps": done.step, "epochs": done.epochs, "minutes": done.seconds / 60}
    more = "more " if done.step else ""
    for name, limit in given(settings.model_dump()).items():
        left = max(0, limit - before[name])
        number = f"{left:,.4g}" if left < 10_000 else f"{left:,.0f}"  # no 1e+04
        yield f"{number} {more}{name.removesuffix('s') if left == 1 else name}"
    if settings.patience is not None:
        yield f"{settings.patience} evaluation{'s' * (settings.patience != 1)} without improvement"
