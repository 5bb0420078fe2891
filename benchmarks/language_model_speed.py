"""Training throughput of Zaremba's small Penn Treebank setting against a plain torch.nn loop.

    python benchmarks/language_model_speed.py --threads 2

Both learn from the same made-up tokens in one process, in turns (ours, plain, ours, plain, ...), so that whatever else
the machine does falls on both. Printed are medians of words per second, their spread, and the ratio of each round.
2 x 200 LSTM units, vocabulary 10,000, batch 20, 20 steps, gradient clipping at 5, SGD. Ours is what `throughtime train
text` runs: its loader, its model, its step. The adaptive softmax is another output layer and counts apart.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch
from throughtime.data.tokens.tokens import Words
from throughtime.tasks.text import Text
from throughtime.tasks.text.corpus.streams import StreamLoader
from throughtime.training.hardware import make_fabric
from throughtime.training.step import Stepper

V, H, LAYERS, B, T = 10_000, 200, 2, 20, 20
SETTINGS = {
    "level": "words",
    "layers": (H,) * LAYERS,
    "tied": False,
    "init_range": 0.1,
    "batch_size": B,
    "window": T,
    "optimiser": "sgd",
    "learning_rate": 1.0,
    "loss_scale": "sequence",
    "clip_norm": 5.0,
    "device": "cpu",
}

Rounds = Callable[[int], None]
"""Takes so many training steps."""


class PlainModel(nn.Module):
    """The model as a tutorial has it."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, H)
        self.lstm = nn.LSTM(H, H, LAYERS)
        self.output = nn.Linear(H, V)

    def forward(self, ids: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        hidden, state = self.lstm(self.embedding(ids), state)
        return self.output(hidden), state


def plain(tokens: np.ndarray) -> Rounds:
    """A plain loop: torch.nn, one tensor of tokens, time first."""
    model = PlainModel()
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    length = len(tokens) // B
    ids = torch.from_numpy(tokens[: length * B].astype(np.int64)).view(B, length).t().contiguous()
    places = cycle(range(0, length - T - 1, T))
    state: tuple[Tensor, Tensor] | None = None

    def rounds(steps: int) -> None:
        nonlocal state
        for start in islice(places, steps):
            logits, (a, c) = model(ids[start : start + T], state)
            loss = F.cross_entropy(logits.view(-1, V), ids[start + 1 : start + T + 1].reshape(-1)) * T
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            state = (a.detach(), c.detach())
            loss.item()

    return rounds


def ours(tokens: np.ndarray, softmax: str) -> Rounds:
    """What `throughtime train text` runs for each batch."""
    task = Text(Text.Settings(**SETTINGS, softmax=softmax), Path("unused"))
    task.tokenizer = Words(["<eos>", "<unk>", *(str(word) for word in range(V - 2))], "whitespace")
    stepper = Stepper(task.model(), make_fabric(task.settings), task.settings)
    stepper.model.train()
    batches = endless(StreamLoader(tokens, B, T))
    carried = None

    def rounds(steps: int) -> None:
        nonlocal carried
        for batch in islice(batches, steps):
            carried = stepper.step([batch], carried, 1.0).carried

    return rounds


def endless(loader: StreamLoader) -> Iterator[Batch]:
    """Epoch after epoch."""
    while True:
        yield from loader.epoch(0)


def measure(ways: dict[str, Rounds], rounds: int, steps: int) -> dict[str, list[float]]:
    """Words per second of each way in each round, in turns."""
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for run in ways.values():
        run(5)  # allocators and caches
    for _ in range(rounds):
        for name, run in ways.items():
            started = time.perf_counter()
            run(steps)
            speeds[name].append(steps * B * T / (time.perf_counter() - started))
    return speeds


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--steps", type=int, default=20, help="training steps in a round")
    asked = arguments.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    # Zipf's law, as words have it: the adaptive softmax lives by it
    random = np.random.default_rng(0)
    tokens = np.minimum(random.zipf(1.2, 200_000) - 1, V - 1).astype(np.uint16)
    ways = {
        "throughtime, full softmax": ours(tokens, "full"),
        "plain torch.nn loop": plain(tokens),
        "throughtime, adaptive softmax": ours(tokens, "adaptive"),
    }
    speeds = measure(ways, asked.rounds, asked.steps)
    reference = speeds["plain torch.nn loop"]
    for name, values in speeds.items():
        quartiles = statistics.quantiles(values, n=4)
        ratios = [value / other for value, other in zip(values, reference, strict=True)]
        result = {
            "way": name,
            "threads": asked.threads,
            "words_per_second_median": round(statistics.median(values)),
            "words_per_second_quartiles": [round(quartiles[0]), round(quartiles[2])],
            "ratio_to_plain_median": round(statistics.median(ratios), 3),
            "ratio_to_plain_range": [round(min(ratios), 3), round(max(ratios), 3)],
        }
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
