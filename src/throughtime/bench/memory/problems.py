"""All problems of memory, by name, in two sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from throughtime.bench.memory.adding import Adding
from throughtime.bench.memory.agreement import Agreement
from throughtime.bench.memory.copying import Copying
from throughtime.bench.memory.digits import Digits
from throughtime.bench.memory.problem import Problem
from throughtime.errors import ArgumentError

Size = Literal["small", "full"]
Make = Callable[[Path | None], Problem]
"""Makes a problem, of the pictures that are given."""

PROBLEMS: Mapping[str, Mapping[Size, Make]] = {
    "adding": {
        "small": lambda _: Adding(100, hidden_size=64, steps=4000),
        "full": lambda _: Adding(600, hidden_size=32, steps=3000),
    },
    "copying": {
        "small": lambda _: Copying(20, hidden_size=64, steps=10_000),
        "full": lambda _: Copying(200, hidden_size=100, steps=10_000),
    },
    "digits": {
        "small": partial(Digits, "rows", permuted=False, hidden_size=64, epochs=15),
        "full": partial(Digits, "pixels", permuted=False, hidden_size=64, epochs=30),
    },
    "permuted": {
        "small": partial(Digits, "rows", permuted=True, hidden_size=64, epochs=15),
        "full": partial(Digits, "pixels", permuted=True, hidden_size=64, epochs=30),
    },
    "agreement": {
        "small": lambda _: Agreement(hidden_size=64, steps=1500),
        "full": lambda _: Agreement(hidden_size=128, steps=4000),
    },
}


def problems(names: Sequence[str], size: Size, data: Path | None = None) -> list[Problem]:
    """Some problems.

    Args:
        names: keys of `PROBLEMS`.
        size: small ones take minutes, full ones hours.
        data: labelled pictures, such as MNIST's IDX files, for the problems of digits; None: the built-in glyphs.

    Raises:
        ArgumentError: an unknown problem.
    """
    if wrong := [name for name in names if name not in PROBLEMS]:
        raise ArgumentError(f"found the problem {wrong[0]!r}, expected some of {', '.join(PROBLEMS)}")
    return [PROBLEMS[name][size](data) for name in dict.fromkeys(names)]
