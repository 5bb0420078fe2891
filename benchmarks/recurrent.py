"""The recurrent layers measured: against torch.nn and ONNX Runtime, against the processor's peak, option by option.

    python benchmarks/recurrent.py [--part training inference ...] [--cell GRU LSTM ...] [--json FILE]

All sides run in one process, through their public modules, in turns; a time is the median of the rounds, a ratio the
median of the rounds' own ratios with the middle half of them. Sides that are compared get huge pages alike: unless
`--pages default`, the program starts itself again with torch's allocations (THP_MEM_ALLOC_ENABLE=1) and all others
(glibc.malloc.hugetlb=1) asking for them, and says in the end how much memory it had in them. The textbook GRU has no
counterpart in torch.nn; in training it is set against torch.nn.GRU, which does the same number of products, in
inference against ONNX Runtime's, which is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from sections import bfloat16, lengths, memory, options, peak, speed, whole
from sections.base import SHAPES, Asked, Line, show
from throughtime import kernels
from throughtime.bench import machine
from throughtime.bench.subjects import SUBJECTS
from throughtime.kernels import fused

PARTS: dict[str, tuple[str, Callable[[Asked], Iterator[Line]]]] = {
    "training": ("training, forward and backward", speed.run_training),
    "batch-one": ("training, batch 1", speed.run_batch_one),
    "inference": ("inference, against the best of torch.nn and ONNX Runtime", speed.run_inference),
    "stream": ("one streaming step, state carried on", speed.run_streaming),
    "peak": ("share of the measured peak", peak.run),
    "options": ("options switched on, training, relative to the plain cell", options.run),
    "lengths": ("rows of different lengths, training", lengths.run),
    "memory": ("peak memory of training, each side in a process of its own", memory.run),
    "bfloat16": ("products of bfloat16 under autocast against our own float32", bfloat16.run),
    "whole": ("whole training steps of two tasks, as throughtime train takes them", whole.run),
}
HUGE = {"THP_MEM_ALLOC_ENABLE": "1", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--cell", nargs="+", choices=SUBJECTS, default=list(SUBJECTS))
    parser.add_argument("--shape", nargs="+", type=int, choices=range(len(SHAPES)), help="by number, of the five large")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--pages", choices=["huge", "default"], default="huge")
    parser.add_argument("--json", type=Path, help="write all lines there as well")
    given = parser.parse_args()
    if given.pages == "huge" and any(os.environ.get(name) != value for name, value in HUGE.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | HUGE)
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    shapes = [SHAPES[number] for number in given.shape or range(len(SHAPES))]
    asked = Asked(given.rounds, given.threads, given.cell, shapes)
    console = Console(width=max(160, Console().width))
    about = facts(asked, given.pages)
    for name, value in about.items():
        console.print(f"{name}: {value}", highlight=False)
    parts = {part: show(PARTS[part][0], PARTS[part][1](asked), console) for part in given.part}
    console.print(f"\nmemory of this process in huge pages: {in_huge_pages()}")
    if given.json is not None:
        given.json.write_text(json.dumps({"machine": about, "parts": parts}, indent=2), encoding="utf-8")


def facts(asked: Asked, pages: str) -> dict[str, Any]:
    return {
        "processor": f"{machine.processor()}, {machine.cores()} cores, load {machine.load()}",
        "kernels": f"{kernels.current()}, instruction set {fused.selected() or 'none'}",
        "threads": f"{asked.threads} on each side, torch {torch.__version__}",
        "pages": f"{pages} on all sides; the system gives huge ones: {machine.huge_pages()}",
    }


def in_huge_pages() -> str:
    try:
        lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(maxsplit=1)[1] for line in lines if line.startswith("AnonHugePages")), "unknown")


if __name__ == "__main__":
    main()
