"""The short table: each cell against torch.nn in training, in inference and at one streaming step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from throughtime.bench.clock import Spread, Way, in_turns
from throughtime.bench.subjects import SUBJECTS, inference, kernel_for, streaming, training

WORKS: dict[str, tuple[Callable[[nn.Module, Tensor], Way], tuple[int, int, int, int]]] = {
    "training": (training, (100, 32, 256, 256)),
    "inference": (inference, (100, 32, 256, 256)),
    "one step": (streaming, (1, 1, 256, 256)),
}
"""Name -> what is done, and (T, B, I, H)."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        work: training, inference, one step.
        cell: which.
        shape: (T, B, I, H).
        kernel: what ran our side: fused, torch, reference.
        ours, torch: seconds, medians.
        ratio: torch.nn's time divided by ours.
        equal: whether torch.nn computes the same equations.
    """

    work: str
    cell: str
    shape: tuple[int, int, int, int]
    kernel: str
    ours: float
    torch: float
    ratio: Spread
    equal: bool


def rows(rounds: int = 9, limit: float = 3.5) -> Iterator[Row]:
    """Measure line by line; less than a minute in all.

    Args:
        rounds: how often each side is measured.
        limit: seconds for a line; a machine that is slow or at other work gets fewer rounds.
    """
    for work, (make, shape) in WORKS.items():
        T, B, inputs, hidden = shape
        x = torch.randn(T, B, inputs)
        for name, subject in SUBJECTS.items():
            layer = subject.ours(inputs, hidden)
            ways = {"ours": make(layer, x), "torch": make(subject.torch(inputs, hidden), x)}
            with torch.inference_mode(make is streaming):
                timings = in_turns(ways, rounds, limit=limit)
            ratio = timings.ratio("torch", "ours")
            kernel = kernel_for(layer.cell, T, B)
            yield Row(
                work, name, shape, kernel, timings.seconds("ours"), timings.seconds("torch"), ratio, subject.equal
            )
