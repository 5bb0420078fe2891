"""What a latent space costs: the sequence VAE beside the plain generator of the same sequences, after equal time.

    python benchmarks/sequence_vae.py chorales --minutes 10     segments of pieces: --data, or Bach's chorales
    python benchmarks/sequence_vae.py sentences --minutes 20    lines of a text by words: --data, or Shakespeare

Both learn from the very same segments or lines, each by itself from its beginning, with the same layers, time and
seed; they are judged by the same examples of the test split. The NLL of the generator is exact, that of the VAE the
importance-weighted bound of K codes each. Wanted: within 5 % of it, with at least 10 nats of divergence. Of sentences
the last lines are the way from one of the test split to another; --out keeps the run, from which more can be made.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from throughtime import verbs
from throughtime.data.batch import Batch, Loader
from throughtime.data.sources import cache_folder
from throughtime.models.base import Model
from throughtime.models.codes import judge
from throughtime.storage.folder import RunFolder
from throughtime.tasks.base import Splits
from throughtime.tasks.base.bounds import bounds
from throughtime.training import loop

RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "chorales": ("music", {"transpose": "none"}),
    "sentences": ("text", {"level": "words", "layers": (300,), "dropout": 0.3, "input_dropout": 0.2, "longest": 60}),
}
WANTED_NLL, WANTED_NATS = 1.05, 10.0


def main() -> None:
    """Train both, judge both, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("--data", type=Path, help="as the task reads it; none: what is built in")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training for each of the two")
    parser.add_argument("--latent", type=int, default=64)
    parser.add_argument("--free-bits", type=float, help="none: the task's default")
    parser.add_argument("--samples", type=int, default=200, help="K, codes of each example")
    parser.add_argument("--judged", type=int, default=1000, help="examples of the test split, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a new folder for the run of the VAE; none: it is not kept")
    asked = parser.parse_args()
    name, settings = RUNS[asked.run]
    common = {**settings, "minutes": asked.minutes, "patience": None, "seed": asked.seed, "threads": 1}
    codes = {"latent": asked.latent, "importance_samples": asked.samples, "judged": asked.judged}
    if asked.free_bits is not None:
        codes["free_bits"] = asked.free_bits
    with tempfile.TemporaryDirectory() as scratch:
        out = asked.out or Path(scratch) / "vae"
        run = verbs.train(name, asked.data, out=out, quiet=True, **common, **codes)
        splits = run.paths.read(run.task)
        plain = generator(run.task, splits, common, Path(scratch) / "plain")
        compare(run, plain, splits, asked.samples, asked.judged)
        if name == "text":
            show_way(run, splits, Path(scratch))


def generator(task: Any, splits: Splits[Any], settings: dict[str, Any], folder: Path) -> Model:
    """The plain generator of these settings, which learns from the loader of the VAE's task."""
    asked = {key: value for key, value in settings.items() if key not in task.settings.latent_only}
    other = type(task)(type(task).Settings(**asked), cache_folder())
    if hasattr(task, "tokenizer"):
        other.tokenizer = task.tokenizer  # fitted to the same text
    loop.seed_everything(task.settings.seed)
    model: Model = other.model()
    kept = RunFolder(folder)
    kept.make()
    watched = task.loader(splits.valid, training=False)
    loader = task.loader(splits.train, training=True)
    loop.fit(model, loader, lambda m: m.mean_loss(watched), task.metric, task.settings, kept, quiet=True)
    kept.load_model(model)
    return model


class Evenly:
    """Batches of a loader, evenly spread over it, of at most so many sequences in all (or one batch)."""

    def __init__(self, loader: Loader, sequences: int) -> None:
        self.batches = list(loader.epoch(0))
        many = max(1, sequences // self.batches[0].sequences)
        chosen = np.linspace(0, len(self.batches) - 1, min(many, len(self.batches))).astype(int)
        self.batches = [self.batches[index] for index in chosen]

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        yield from self.batches[skip:]


def compare(run: verbs.Run, plain: Model, splits: Splits[Any], samples: int, judged: int) -> None:
    """Both on the same examples, in nats per step and per example."""
    batches = Evenly(run.task.loader(splits.test, training=False), judged)
    torch.manual_seed(0)
    model: Any = run.model
    found = list(judge(model, batches, samples))
    nll, numbers = plain.mean_loss(batches), bounds(found)
    steps, ratio = sum(len(one.terms) for one in found) / len(found), numbers["nll"] / nll
    print("| model | nll per step | per example | nelbo per step | divergence, nats | beside the generator |")
    print("|---|---|---|---|---|---|")
    print(f"| generator | {nll:.4f} | {nll * steps:.2f} | | | 1 |")
    print(
        f"| VAE, {samples} codes | {numbers['nll']:.4f} | {numbers['nll'] * steps:.2f} | {numbers['nelbo']:.4f} "
        f"| {numbers['kl']:.2f} | {ratio:.3f} |"
    )
    met = "met" if ratio <= WANTED_NLL and numbers["kl"] >= WANTED_NATS else "missed"
    print(f"{len(found)} examples of {steps:.1f} steps; {WANTED_NLL} and {WANTED_NATS:g} nats are wanted: {met}")


def show_way(run: verbs.Run, splits: Splits[Any], folder: Path) -> None:
    """Seven sentences from one of the test split to another, both of them above."""
    task: Any = run.task
    batch = next(iter(task.loader(splits.test, training=False).epoch(0)))
    rows = zip(batch["targets"].tolist(), batch["lengths"].tolist(), strict=True)
    ends = [task.tokenizer.decode(row[: length - 1]) for row, length in rows if 6 <= length <= 14][:2]
    print("\n".join(["", *ends, ""]))
    (path,) = verbs.generate(run, folder / "way.txt", from_=ends[0], to=ends[1], temperature=0.0)
    print(path.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
