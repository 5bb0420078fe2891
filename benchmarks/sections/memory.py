"""Peak memory of training, each side in a process of its own: how far its resident memory rises above its start.

That counts all: activations, gradients, scratch memory of the kernels, packed weights. Libraries are loaded and warm
before: a small layer has been trained in the same process.
"""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from sections.base import Asked, Line, Shape
from throughtime.bench.subjects import SUBJECTS, training
from throughtime.layers import Recurrent

SHAPES: list[Shape] = [(100, 64, 256, 256), (500, 32, 256, 256)]
CHECKPOINTED: Shape = (2000, 32, 256, 256)


def run(asked: Asked) -> Iterator[Line]:
    for subject in asked.subjects:
        for shape in SHAPES:
            ours, theirs = (_child(side, subject.name, shape, asked.threads) for side in ("ours", "torch.nn"))
            numbers = {"ours, MiB": ours["MiB"], "torch.nn, MiB": theirs["MiB"]}
            yield Line(subject.name, str(shape), numbers | {"ours / torch.nn": ours["MiB"] / theirs["MiB"]})
        if _checkpoints():
            plain, kept = (_child(side, subject.name, CHECKPOINTED, asked.threads) for side in ("ours", "checkpointed"))
            numbers = {"checkpoint_time, MiB": kept["MiB"], "plain, MiB": plain["MiB"]}
            numbers |= {"memory": kept["MiB"] / plain["MiB"], "time": kept["seconds"] / plain["seconds"]}
            yield Line(subject.name, str(CHECKPOINTED), numbers)


def _checkpoints() -> bool:
    return "checkpoint_time" in inspect.signature(Recurrent.__init__).parameters


def _child(side: str, cell: str, shape: Shape, threads: int) -> dict[str, float]:
    """Measure one side in a process of its own."""
    command = [sys.executable, "-m", "sections.memory", side, cell, json.dumps(shape), str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _measure(side: str, cell: str, shape: Shape, threads: int) -> dict[str, float]:
    torch.set_num_threads(threads)
    T, B, inputs, hidden = shape
    options: dict[str, Any] = {"checkpoint_time": True} if side == "checkpointed" else {}
    make = SUBJECTS[cell].torch if side == "torch.nn" else SUBJECTS[cell].ours
    training(make(8, 8, **options), torch.randn(3, 32, 8))()
    layer, x = make(inputs, hidden, **options), torch.randn(T, B, inputs)
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the highest mark so far
    step = training(layer, x)  # runs forward once
    step()
    peak = _memory("VmHWM")
    begun = time.perf_counter()
    step()
    return {"MiB": (peak - before) / 1024, "seconds": time.perf_counter() - begun}


def _memory(name: str) -> int:
    """KiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise SystemExit("this system does not say how much memory a process uses")


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], sys.argv[2], tuple(json.loads(sys.argv[3])), int(sys.argv[4]))))
