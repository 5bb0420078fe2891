"""JSB chorales and Nottingham: negative log-likelihood per frame on the test split, beside published results.

    python benchmarks/chorales.py --data ../shared/data/music/boulanger-lewandowski --minutes 10

Trains through the public Python interface with settings chosen on the validation split alone, one run after the
other, each for that many minutes, and prints a table. The first frame of each piece is predicted too (from silence);
published numbers of the TCN paper leave it out, so the table shows both counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import throughtime

RUNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    # name -> file, what was published (Bai et al. 2018; Boulanger-Lewandowski et al. 2012), settings
    "jsb-lstm": ("JSB_Chorales", "LSTM 8.45, TCN 8.10", {"cell": "lstm", "output": "bernoulli"}),
    "jsb-gru": ("JSB_Chorales", "GRU 8.43", {"cell": "gru", "output": "bernoulli"}),
    "jsb-rnn": ("JSB_Chorales", "RNN 8.91", {"cell": "rnn", "output": "bernoulli", "learning_rate": 1e-3}),
    "jsb-lstm-nade": ("JSB_Chorales", "RNN-NADE 5.56", {"cell": "lstm", "output": "nade"}),
    "jsb-gru-nade": ("JSB_Chorales", "RNN-NADE 5.56", {"cell": "gru", "output": "nade"}),
    "nottingham-lstm": ("Nottingham", "LSTM 3.29, TCN 3.07", {"cell": "lstm", "output": "bernoulli"}),
    "nottingham-lstm-nade": ("Nottingham", "RNN-NADE 2.31", {"cell": "lstm", "output": "nade"}),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "JSB_Chorales": {"hidden_size": 300, "input_dropout": 0.2, "dropout": 0.5, "weight_dropout": 0.5},
    "Nottingham": {
        "hidden_size": 400,
        "input_dropout": 0.0,
        "dropout": 0.3,
        "weight_dropout": 0.4,
        "window": 200,
        "batch_size": 8,
    },
}


def main() -> int:
    """Train and judge each run, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    home = Path(__file__).resolve().parents[2] / "shared" / "data" / "music" / "boulanger-lewandowski"
    parser.add_argument("--data", type=Path, default=home, help="folder of JSB_Chorales.mat and Nottingham.mat")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training for each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    asked = parser.parse_args()
    missing = [name for name in ("JSB_Chorales", "Nottingham") if not (asked.data / f"{name}.mat").is_file()]
    if missing:
        print(f"{asked.data}: found no {' and no '.join(missing)}.mat, expected the data of Boulanger-Lewandowski 2012")
        return 2
    print("| run | valid | test | test without first frames | accuracy | published | minutes | seed |")
    print("|---|---|---|---|---|---|---|---|")
    for name in asked.runs:
        file, published, settings = RUNS[name]
        found = judge(asked.data / f"{file}.mat", asked.minutes, asked.seed, SETTINGS[file] | settings)
        print(
            f"| {name} | {found['valid']:.3f} | {found['test']:.3f} | {found['test_later']:.3f} "
            f"| {found['accuracy']:.1%} | {published} | {found['minutes']:.1f} | {asked.seed} |",
            flush=True,
        )
        print(json.dumps({"run": name, **found}), file=sys.stderr, flush=True)
    for file in ("JSB_Chorales", "Nottingham"):
        simple_methods(asked.data / f"{file}.mat")
    return 0


def judge(path: Path, minutes: float, seed: int, settings: dict[str, Any]) -> dict[str, float]:
    """Train on the file's own splits; the numbers of the model that was best on the validation split."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        asked = {"minutes": minutes, "patience": None, "seed": seed, "transpose": "none", "quiet": True, **settings}
        run = throughtime.train("music", path, out=Path(folder) / "run", **asked)
        spent = (time.monotonic() - started) / 60
        splits = run.task.read_splits(path)
        report = run.task.evaluate(run.model, splits.test)
        later = [nll[1:] for nll, _ in run.task.listen(run.model, splits.test)]
        return {
            "valid": run.task.validate(run.model, splits.valid),
            "test": report.metrics["nll"],
            "test_later": float(np.concatenate(later).mean()),
            "accuracy": report.metrics["accuracy"],
            "minutes": spent,
        }


def simple_methods(path: Path) -> None:
    """Rows for the methods that learn nothing but counts."""
    from throughtime.tasks.music import Music, MusicSettings

    task = Music(MusicSettings(transpose="none"), Path())
    splits = task.read_splits(path)
    task.fit(splits.train)
    for method in ("key frequencies", "repeat the last frame"):
        found = [(piece, *task.form.baselines(piece.elements, task.statistics)[method]) for piece in splits.test]
        frames = np.concatenate([nll for _, nll, _ in found])
        later = np.concatenate([nll[1:] for _, nll, _ in found])
        hits = np.array([task.form.hits(piece.elements, guess) for piece, _, guess in found]).sum(0)
        print(
            f"| {path.stem}: {method} | | {frames.mean():.3f} | {later.mean():.3f} | {hits[0] / hits[1]:.1%} | | 0 | |"
        )


if __name__ == "__main__":
    sys.exit(main())
