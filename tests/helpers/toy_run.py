"""A small language model on a made-up text, trained in a process of its own that can be killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.data.batch import Batch, Loader
from throughtime.data.loaders import BucketLoader
from throughtime.layers import LSTM
from throughtime.models.base import Loss, Model
from throughtime.settings import TrainingSettings
from throughtime.storage.folder import RunFolder
from throughtime.tasks.base import Metric
from throughtime.training import loop

VOCABULARY = 11
METRIC = Metric("nll", "nats", "min")


class ToyModel(Model):
    """Embedding, LSTM with every kind of noise, tied output layer, and a penalty."""

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 16)
        noise = {"dropout": dropout, "zoneout": dropout, "recurrent_dropout": dropout}
        self.recurrent = LSTM(16, 16, num_layers=2, batch_first=True, **noise)
        self.output = nn.Linear(16, VOCABULARY)
        self.output.weight = self.embedding.weight

    def loss(self, batch: Batch, state: Any = None) -> Loss:
        lengths = batch.get("lengths")
        hidden, state = self.recurrent(self.embedding(batch["inputs"]), state, lengths=lengths)
        targets = batch["targets"]
        if lengths is not None:
            real = torch.arange(targets.shape[1]) < lengths[:, None]
            hidden, targets = hidden[real], targets[real]
        total = F.cross_entropy(self.output(hidden).flatten(0, -2), targets.flatten(), reduction="sum")
        return Loss(total, targets.numel(), state, 0.01 * hidden.square().mean())


def text(length: int, seed: int = 5) -> np.ndarray:
    """Tokens that can be learned: most follow from the one before."""
    random = np.random.default_rng(seed)
    tokens = np.zeros(length, dtype=np.uint8)
    for index in range(1, length):
        tokens[index] = (tokens[index - 1] * 3 + 1 + (random.random() < 0.2)) % VOCABULARY
    return tokens


class Windows:
    """Four streams of one text side by side, window by window, the state carried from each to the next.

    Args:
        tokens: the text.
        steps: of a window.
        seed: of the windows' order where they are of other lengths, half and one and a half times as long; None: all
            are of one length.
    """

    def __init__(self, tokens: np.ndarray, steps: int, seed: int | None = None) -> None:
        length = (len(tokens) - 1) // 4
        self.inputs, self.targets = (
            torch.from_numpy(tokens[shift : shift + 4 * length].astype(np.int64)).view(4, length) for shift in (0, 1)
        )
        self.seed = seed
        widths = [steps] if seed is None else [steps // 2, steps, steps + steps // 2]
        self.widths = np.resize(widths, len(widths) * (length // sum(widths) + 1))

    def __len__(self) -> int:
        return len(list(self.epoch(0)))

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        widths = self.widths
        if self.seed is not None:
            widths = np.random.default_rng((self.seed, epoch)).permutation(widths)
        stops = np.cumsum(widths)
        for index, (start, stop) in enumerate(zip(stops - widths, stops, strict=True)):
            window = {"inputs": self.inputs[:, start:stop], "targets": self.targets[:, start:stop]}
            if index >= skip and (count := window["inputs"].numel()):
                yield Batch(window, sequences=4, tokens=count, first=index == 0)


def make_loader(kind: str, workers: int) -> Loader:
    if kind == "stream":
        return Windows(text(2000), 12, seed=1)
    random = np.random.default_rng(2)
    tokens = text(3000)
    examples = []
    for start in range(0, 2900, 60):
        piece = tokens[start : start + random.integers(3, 60)].astype(np.int64)
        examples.append({"inputs": piece[:-1], "targets": piece[1:]})
    return BucketLoader(examples, 4, seed=1, shuffle=True, window=10, workers=workers)


def train(
    folder: Path, kind: str, settings: dict[str, Any], *, resume: bool = False, quiet: bool = False
) -> loop.Outcome:
    """One run (or its continuation) from beginning to end."""
    asked = TrainingSettings(threads=1, **settings)
    loop.seed_everything(asked.seed)
    model = ToyModel()
    valid = Windows(text(400, seed=6), 20)

    def validate(model: ToyModel) -> float:
        torch.rand(3)  # an evaluation that samples must not change the training
        np.random.random()  # noqa: NPY002
        return model.mean_loss(valid)

    run = RunFolder(folder) if resume else RunFolder.create(folder)
    loader = make_loader(kind, asked.workers)
    return loop.fit(model, loader, validate, METRIC, asked, run, resume=resume, quiet=quiet)


def kill_oneself_at(call: str, count: int) -> None:
    """Make the count-th call of os.fsync (half of the bytes lost) or of Path.replace end in SIGKILL."""

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        calls = 0

        def counted(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == count:
                if call == "fsync":
                    os.ftruncate(arguments[0], os.fstat(arguments[0]).st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments)

        return counted

    if call == "fsync":
        os.fsync = deadly(os.fsync)
    else:
        Path.replace = deadly(Path.replace)  # type: ignore[method-assign]


def child(folder: Path, kind: str, settings: dict[str, Any], die_at: tuple[str, int] | None, log: Path) -> None:
    """What a process of its own does; its standard error goes to a file."""
    multiprocessing.set_start_method("fork", force=True)  # as in a process that a user starts
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 2)
    sys.stderr = os.fdopen(descriptor, "w", buffering=1)
    if die_at is not None:
        kill_oneself_at(*die_at)
    try:
        train(folder, kind, settings, resume=folder.exists())
    except KeyboardInterrupt as interrupt:
        print(interrupt, file=sys.stderr)
        sys.exit(130)


def plain_weights(path: Path) -> dict[str, Tensor]:
    """A model file's tensors."""
    from safetensors.torch import load_file

    return load_file(path)
