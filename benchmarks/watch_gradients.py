"""What watching gradients costs: one look of `train --watch-gradients` beside one training step, for each application.

    python benchmarks/watch_gradients.py [--steps 20] [--looks 3] [TASK ...]

Models and batches of the default sizes on the built-in data; processor time of one thread, of each the median. The last
column is the least N, rounded up to hundreds, at which a look every N steps costs less than 3 %.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch

from throughtime import tasks
from throughtime.insight.watching import Watcher, watched
from throughtime.tasks.base import Symbols
from throughtime.training.hardware import make_fabric
from throughtime.training.seeds import seed_everything
from throughtime.training.step import Stepper
from throughtime.verbs.run import task_of

SHARE = 0.03


def median_time(work: Callable[[int], object], times: int) -> float:
    """Seconds of the processor."""
    taken = []
    for number in range(times):
        began = time.process_time()
        work(number)
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def measured(name: str, steps: int, looks: int) -> tuple[float, float, int]:
    """Seconds of a step and of a look, and the lags that a look reaches."""
    seed_everything(0)
    task = task_of(name, {})
    splits = task.built_in_data()
    task.fit(splits.train)
    model = task.model()
    stepper = Stepper(model, make_fabric(task.settings), task.settings)
    batches = list(islice(task.loader(splits.train, training=True).epoch(0), steps))
    carried = None

    def step(number: int) -> None:
        nonlocal carried
        model.train()
        carried = stepper.step([batches[number % len(batches)]], carried, task.settings.learning_rate).carried

    by_step = median_time(step, steps)
    with tempfile.TemporaryDirectory() as folder:
        watcher = Watcher(task, splits.valid, Path(folder))  # type: ignore[arg-type]
        by_look = median_time(lambda number: watcher(model, number), looks)
        return by_step, by_look, int(watched(Path(folder))[0].lags[-1])


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("tasks", nargs="*", default=tasks.able(Symbols), metavar="TASK")
    asked.add_argument("--steps", type=int, default=20)
    asked.add_argument("--looks", type=int, default=3)
    given = asked.parse_args()
    torch.set_num_threads(1)
    print(f"{'task':12} {'a step':>9} {'a look':>9} {'lags':>6} {'least N':>8}")
    for name in given.tasks:
        step, look, lags = measured(name, given.steps, given.looks)
        least = 100 * math.ceil(look / SHARE / step / 100)
        print(f"{name:12} {1e3 * step:6.0f} ms {1e3 * look:6.0f} ms {lags:6} {least:8,}", flush=True)


if __name__ == "__main__":
    main()
