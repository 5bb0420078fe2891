"""Whole training steps of the music and the text task: what is spent outside the kernels, and against the reference.

Their own loaders, models and steps, on their built-in data, with the settings that `throughtime train` has by default.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import torch

from sections.base import Asked, Line
from throughtime import kernels
from throughtime import tasks as registry
from throughtime.bench.clock import Way
from throughtime.data.batch import Batch, Loader
from throughtime.data.sources import cache_folder
from throughtime.kernels import fused
from throughtime.training.hardware import make_fabric
from throughtime.training.step import Stepper

TASKS = ("music", "text")


class Clocked:
    """The compiled module, with the time that is spent in it."""

    def __init__(self, module: Any) -> None:
        self.module, self.seconds = module, 0.0

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.module, name)

        def timed(*arguments: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.perf_counter() - begun

        return timed


class Course:
    """One task's training, batch after batch."""

    def __init__(self, name: str) -> None:
        kind = registry.find(name)
        task = kind(kind.Settings(), cache_folder())
        train = task.built_in_data().train
        task.fit(train)
        self.stepper = Stepper(task.model(), make_fabric(task.settings), task.settings)
        self.stepper.model.train()
        self.batches = _endless(task.loader(train, training=True))
        self.carried: Any = None

    def step(self, batch: Batch) -> None:
        self.carried = self.stepper.step([batch], self.carried, 1e-4).carried

    def way(self, choice: str, batches: list[Batch]) -> Way:
        def steps() -> None:
            with kernels.use(choice):
                for batch in batches:
                    self.step(batch)

        return steps


def _endless(loader: Loader) -> Iterator[Batch]:
    epoch = 0
    while True:
        yield from loader.epoch(epoch)
        epoch += 1


def run(asked: Asked) -> Iterator[Line]:
    for name in TASKS:
        course = Course(name)  # takes the task's own number of threads
        batches = [next(course.batches) for _ in range(8)]
        timings = asked.measure({choice: course.way(choice, batches) for choice in ("auto", "reference")})
        tokens = sum(batch.tokens for batch in batches)
        numbers = {f"{choice}, steps/s": len(batches) / timings.seconds(choice) for choice in ("auto", "reference")}
        numbers |= {"auto, tokens/s": f"{tokens / timings.seconds('auto'):,.0f}"}
        numbers |= {"reference / auto": timings.ratio("reference", "auto")}
        numbers |= {"% outside the kernels": 100 * _outside(course, batches, asked.rounds)}
        yield Line(name, f"{torch.get_num_threads()} threads", numbers)
        torch.set_num_threads(asked.threads)


def _outside(course: Course, batches: list[Batch], rounds: int) -> float:
    """Share of a step's time that is not spent in the compiled kernels; 1 if none runs."""
    compiled = fused.compiled
    clocked: Any = Clocked(compiled)
    holders = [module for module in list(sys.modules.values()) if vars(module).get("_fused") is compiled]
    way = course.way("auto", batches)
    try:
        for module in holders:
            module._fused = clocked  # type: ignore[attr-defined]
        way()
        clocked.seconds, begun = 0.0, time.perf_counter()
        for _ in range(rounds):
            way()
        return 1 - clocked.seconds / (time.perf_counter() - begun)
    finally:
        for module in holders:
            module._fused = compiled  # type: ignore[attr-defined]
