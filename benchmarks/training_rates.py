"""Training rates of the tasks on their built-in data, of this checkout beside another, in turns.

    python benchmarks/training_rates.py --other PATH/TO/src [--rounds 3] [--steps 60] [TASK ...]

Each training is a process of its own with one thread; its rate is that of metrics.csv, steps alone. The first round of
each side fills the caches and is not counted. A ratio above 1: this checkout is quicker.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1] / "src"
TASKS = ("music", "text", "sentiment", "translation", "trajectory", "entities", "video", "speech")


def rate(source: Path, task: str, steps: int) -> float:
    """Tokens a second of one training."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        words = [
            "train",
            task,
            "--out",
            str(run),
            "--steps",
            str(steps),
            "--evaluate-every",
            str(steps),
            "--threads",
            "1",
        ]
        environment = os.environ | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
        # the report is of no interest: the training is what is measured
        command = [sys.executable, "-m", "throughtime", *words, "--quiet"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if not (run / "metrics.csv").exists():
            sys.exit(f"{task}: {done.stderr}")
        with (run / "metrics.csv").open() as file:
            return float(list(csv.DictReader(file))[-1]["tokens_per_second"])


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("tasks", nargs="*", default=TASKS, metavar="TASK")
    asked.add_argument("--other", type=Path, required=True, help="the src folder of another checkout")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--steps", type=int, default=60)
    given = asked.parse_args()
    for task in given.tasks:
        rates: dict[Path, list[float]] = {HERE: [], given.other: []}
        for round_ in range(given.rounds + 1):
            for source in rates:
                found = rate(source, task, given.steps)
                if round_:
                    rates[source].append(found)
        ratios = sorted(ours / theirs for ours, theirs in zip(*rates.values(), strict=True))
        ours, theirs = (statistics.median(some) for some in rates.values())
        spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
        print(
            f"{task:12} {ours:10,.0f} {theirs:10,.0f} tokens/s  ratio {statistics.median(ratios):.2f} ({spread})",
            flush=True,
        )


if __name__ == "__main__":
    main()
