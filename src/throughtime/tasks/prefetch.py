"""Bring the built-in data of all applications into the cache, so that nothing needs the network later.

python -m throughtime.tasks.prefetch
"""

from __future__ import annotations

import sys
from pathlib import Path

from throughtime import tasks
from throughtime.data.sources import Carrier
from throughtime.errors import ThroughtimeError


def carriers() -> list[Carrier]:
    """What all applications read out of packages, each once."""
    return list(dict.fromkeys(carrier for name in tasks.names for carrier in tasks.find(name).carriers))


def prefetch() -> list[Path]:
    """The verified files in the cache, downloaded if need be.

    Raises:
        ThroughtimeError: one cannot be had.
    """
    return [carrier.path() for carrier in carriers()]


if __name__ == "__main__":
    try:
        print(*prefetch(), sep="\n")
    except ThroughtimeError as failure:
        print(failure, file=sys.stderr)
        sys.exit(2)
