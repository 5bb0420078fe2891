"""Recurrent layers against torch.nn: the public modules of both, same process, interleaved, medians and spread.

    python benchmarks/recurrent.py [--threads N] [--rounds N] [--mode training inference stream]

Each line: a cell, (T, B, I, H), milliseconds of both sides, and torch's time divided by ours: its median over the
rounds with the middle half of them. The textbook GRU has no counterpart in torch.nn; it is set against torch.nn.GRU,
which does the same number of products.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from throughtime import kernels
from throughtime.kernels import fused
from throughtime.layers import GRU, LSTM, RNN

CELLS: dict[str, tuple[Callable[[int, int], nn.Module], Callable[[int, int], nn.Module]]] = {
    "RNN": (RNN, nn.RNN),
    "GRU": (GRU, nn.GRU),
    "GRU reset_after": (lambda i, h: GRU(i, h, reset_after=True), nn.GRU),
    "LSTM": (LSTM, nn.LSTM),
}
SHAPES = [(100, 32, 128, 128), (100, 64, 256, 256), (500, 32, 256, 256), (50, 128, 512, 512), (200, 8, 512, 512)]
SINGLE = [(100, 1, 128, 128), (100, 1, 256, 256)]
STREAM = [(1, 1, 256, 256)]


def train(module: nn.Module, x: Tensor, repeat: int) -> None:
    for _ in range(repeat):
        module.zero_grad(set_to_none=True)
        x.grad = None
        output, _ = module(x)
        output.sum().backward()


def infer(module: nn.Module, x: Tensor, repeat: int) -> None:
    with torch.inference_mode():
        for _ in range(repeat):
            module(x)


def seconds(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(name: str, shape: tuple[int, int, int, int], mode: str, rounds: int) -> float:
    """Interleave both sides and print one line; the median ratio."""
    T, B, inputs, hidden = shape
    ours, theirs = (make(inputs, hidden) for make in CELLS[name])
    x = torch.randn(T, B, inputs, requires_grad=mode == "training")
    run = train if mode == "training" else infer
    once = seconds(lambda: run(theirs, x, 1))
    repeat = max(1, round(0.02 / max(seconds(lambda: run(theirs, x, 1)), 1e-6))) if once < 0.05 else 1
    run(ours, x, 1)
    pairs = [
        (seconds(lambda: run(ours, x, repeat)) / repeat, seconds(lambda: run(theirs, x, repeat)) / repeat)
        for _ in range(rounds)
    ]
    ratios = sorted(their / our for our, their in pairs)
    middle = statistics.median(ratios)
    our, their = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
    gates = {"RNN": 1, "LSTM": 4}.get(name, 3)
    operations = (3 if mode == "training" else 1) * 2 * T * B * gates * hidden * (inputs + hidden)
    print(
        f"{mode:10} {name:16} {shape!s:20} {our:9.3f} ms  torch.nn {their:9.3f} ms  "
        f"ratio {middle:5.2f} ({low:.2f}-{high:.2f})  {operations / our / 1e6:6.0f} GFLOP/s",
        flush=True,
    )
    return middle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--mode", nargs="+", default=["training", "inference", "stream"])
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    print(f"kernels {kernels.current()}, instruction set {fused.selected() or 'none'}, {asked.threads} threads")
    for mode in asked.mode:
        shapes = STREAM if mode == "stream" else SHAPES + SINGLE
        for name in CELLS:
            ratios = [compare(name, shape, mode, asked.rounds) for shape in shapes]
            large = ratios[: len(SHAPES)]
            print(
                f"{mode:10} {name:16} geometric mean {statistics.geometric_mean(large):.2f}, least {min(large):.2f}\n"
            )


if __name__ == "__main__":
    main()
