"""How much of the processor's power is used: against the product kernel alone, on data in its nearest cache."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from sections.base import Asked, Line, Shape
from throughtime.bench.subjects import inference, training
from throughtime.kernels import fused

SHAPE: Shape = (100, 64, 256, 256)


def run(asked: Asked) -> Iterator[Line]:
    measure: Any = getattr(fused.compiled, "peak", None)
    if measure is None:
        yield Line("skipped", "", {"reason": "this build of the compiled kernels measures no peak"})
        return
    peak = _together(measure, asked.threads)
    yield Line("product kernel", f"{fused.selected()}, {asked.threads} threads", {"GFLOP/s": peak})
    T, B, inputs, hidden = SHAPE
    for subject in asked.subjects:
        layer, x = subject.ours(inputs, hidden), torch.randn(T, B, inputs)
        timings = asked.measure({"inference": inference(layer, x), "training": training(layer, x)})
        shares = {
            work: subject.operations(*SHAPE, training=work == "training") / timings.seconds(work) / 1e9 / peak
            for work in ("inference", "training")
        }
        yield Line(subject.name, str(SHAPE), {f"{work}, % of the peak": 100 * share for work, share in shares.items()})


def _together(measure: Any, threads: int) -> float:
    """GFLOP/s of all threads at once, each on a core of its own: cores that all work may be clocked lower."""
    with ThreadPoolExecutor(threads) as pool:
        tries = [sum(pool.map(measure, [fused.selected()] * threads)) for _ in range(5)]
    return max(tries)
