"""Peak memory of training, each side in a process of its own: how far its resident memory rises above its start.

That counts all: activations, gradients, scratch memory of the kernels, packed weights. Libraries are loaded and warm
before: a small layer has been trained in the same process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from sections.base import Asked, Line, Shape
from throughtime.bench.subjects import SUBJECTS, Subject, training

SHAPES: list[Shape] = [(100, 64, 256, 256), (500, 32, 256, 256)]
CHECKPOINTED: Shape = (2000, 32, 256, 256)


def run(asked: Asked) -> Iterator[Line]:
    for subject in asked.subjects:
        for shape in SHAPES:
            ours, theirs = (_child(side, subject.name, shape, asked.threads) for side in ("ours", "torch.nn"))
            numbers = {"ours, MiB": ours["MiB"], "torch.nn, MiB": theirs["MiB"]}
            yield Line(subject.name, str(shape), numbers | {"ours / torch.nn": ours["MiB"] / theirs["MiB"]})
        yield Line(subject.name, str(CHECKPOINTED), _checkpointed(subject, asked))


def _checkpointed(subject: Subject, asked: Asked) -> dict[str, Any]:
    """A long sequence with `checkpoint_time`: memory in processes of their own, time in turns in this one."""
    plain, saving = (_child(side, subject.name, CHECKPOINTED, asked.threads) for side in ("ours", "checkpointed"))
    T, B, inputs, hidden = CHECKPOINTED
    layers = {"plain": subject.ours(inputs, hidden), "saving": subject.ours(inputs, hidden, checkpoint_time=True)}
    timings = asked.measure({name: training(layer, torch.randn(T, B, inputs)) for name, layer in layers.items()})
    return {
        "checkpoint_time, MiB": saving["MiB"],
        "plain, MiB": plain["MiB"],
        "memory": saving["MiB"] / plain["MiB"],
        "time": timings.ratio("saving", "plain"),
    }


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
    return {"MiB": (peak - before) / 1024}


def _memory(name: str) -> int:
    """KiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise SystemExit("this system does not say how much memory a process uses")


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], sys.argv[2], tuple(json.loads(sys.argv[3])), int(sys.argv[4]))))
