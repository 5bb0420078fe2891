"""Runs whose model counts its steps and whose evaluations give what a test wants."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from throughtime.data.batch import Batch
from throughtime.models.base import Loss, Model
from throughtime.settings import TrainingSettings
from throughtime.storage.folder import RunFolder
from throughtime.tasks.base import Metric
from throughtime.training import loop


class Scripted(Model):
    """One weight that counts the steps (learning rate 1, gradient -1), and whatever loss a test wants."""

    def __init__(self, gradient: Callable[[int], float] = lambda _: -1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.gradient = gradient
        self.calls = 0

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        self.calls += 1
        return Loss(self.weight * self.gradient(self.calls), 1)


class Ones:
    """Batches of nothing in particular."""

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return self.batches

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        for _ in range(skip, self.batches):
            yield Batch({"inputs": torch.ones(1, 1)}, 1, 1)


COUNT = {"learning_rate": 1.0, "optimiser": "sgd", "clip_norm": None}


def scripted(
    folder: Path, values: Sequence[float], settings: dict[str, Any], batches: int = 4, best: Any = "min"
) -> tuple[loop.Outcome, list[float]]:
    """A run whose n-th evaluation gives the n-th value; also the weight (the step) at each evaluation."""
    seen: list[float] = []

    def validate(model: Scripted) -> float:
        seen.append(model.weight.item())
        return values[min(len(seen), len(values)) - 1]

    asked = TrainingSettings(**{**COUNT, **settings})
    metric = Metric("score", "points", best)
    run = RunFolder.create(folder)
    return loop.fit(Scripted(), Ones(batches), validate, metric, asked, run, quiet=True), seen


def rows(folder: Path) -> list[dict[str, float]]:
    with (folder / "metrics.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
