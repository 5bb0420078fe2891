"""What the options of a cell cost: training with each switched on, relative to the plain cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from sections.base import Asked, Line, Shape
from throughtime.bench.subjects import training

SHAPE: Shape = (100, 64, 256, 256)
OPTIONS: dict[str, dict[str, Any]] = {
    "layer_norm": {"layer_norm": True},
    "zoneout": {"zoneout": 0.1},
    "recurrent_dropout": {"recurrent_dropout": 0.2},
    "peepholes": {"peepholes": True},
}


def run(asked: Asked) -> Iterator[Line]:
    T, B, inputs, hidden = SHAPE
    for subject in asked.subjects:
        x = torch.randn(T, B, inputs)
        ways = {"plain": training(subject.ours(inputs, hidden), x)}
        for name, option in OPTIONS.items():
            if name != "peepholes" or subject.name == "LSTM":
                ways[name] = training(subject.ours(inputs, hidden, **option), x)
        timings = asked.measure(ways)
        for name in OPTIONS:
            if name in ways:
                numbers = {"with, ms": timings.seconds(name) * 1e3, "plain, ms": timings.seconds("plain") * 1e3}
                yield Line(subject.name, name, numbers | {"with / plain": timings.ratio(name, "plain")})
