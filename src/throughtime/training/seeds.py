"""Where all randomness starts, and where it stands now."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed python, numpy and torch (all devices)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - libraries still draw from numpy's global generator
    torch.manual_seed(seed)


def random_state() -> dict[str, Any]:
    """Where the generators of python, numpy and torch stand: a tree of tensors and numbers."""
    version, words, gauss = random.getstate()
    return {
        "python": (version, np.array(words, dtype=np.uint32), gauss),
        "numpy": np.random.get_state(legacy=False),  # noqa: NPY002
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put the generators where they stood; a checkpoint from another number of GPUs keeps those that exist."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(np.asarray(words).tolist()), gauss))
    key = np.asarray(state["numpy"]["state"]["key"])
    np.random.set_state({**state["numpy"], "state": {**state["numpy"]["state"], "key": key}})  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    for index, cuda in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(cuda, index)


@contextmanager
def unchanged_randomness() -> Iterator[None]:
    """Whatever is drawn inside, all goes on afterwards as if nothing had been."""
    before = random_state()
    try:
        yield
    finally:
        set_random_state(before)
