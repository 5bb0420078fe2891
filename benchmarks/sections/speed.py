"""Training, inference and streaming, against torch.nn and ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from sections.base import Asked, Line, Shape, against, mean_line
from throughtime.bench.subjects import Subject, inference, kernel_for, streaming, training

BATCH_ONE: list[Shape] = [(100, 1, 128, 128), (100, 1, 256, 256)]
STEP: Shape = (1, 1, 256, 256)


def run_training(asked: Asked) -> Iterator[Line]:
    for subject in asked.subjects:
        yield from _training(asked, subject, asked.shapes)


def run_batch_one(asked: Asked) -> Iterator[Line]:
    for subject in asked.subjects:
        yield from _training(asked, subject, BATCH_ONE)


def run_inference(asked: Asked) -> Iterator[Line]:
    best = "best of them / ours"
    for subject in asked.subjects:
        lines = []
        for shape in asked.shapes:
            lines.append(_inference(asked, subject, shape, best))
            yield lines[-1]
        if len(lines) > 1:
            yield mean_line(subject.name, lines, best)


def run_streaming(asked: Asked) -> Iterator[Line]:
    T, B, inputs, hidden = STEP
    for subject in asked.subjects:
        x = torch.randn(T, B, inputs)
        ours = subject.ours(inputs, hidden)
        ways = {"ours": streaming(ours, x), "torch.nn": streaming(subject.torch(inputs, hidden), x)}
        with torch.inference_mode():
            timings = asked.measure(ways)
        yield Line(subject.name, str(STEP), against(timings, "ours", ["torch.nn"]) | _kernel(ours, STEP))


def _training(asked: Asked, subject: Subject, shapes: Sequence[Shape]) -> Iterator[Line]:
    lines = []
    for shape in shapes:
        T, B, inputs, hidden = shape
        x = torch.randn(T, B, inputs)
        ours = subject.ours(inputs, hidden)
        ways = {"ours": training(ours, x), "torch.nn": training(subject.torch(inputs, hidden), x)}
        timings = asked.measure(ways)
        speed = subject.operations(*shape, training=True) / timings.seconds("ours") / 1e9
        numbers = against(timings, "ours", ["torch.nn"]) | {"GFLOP/s": speed} | _kernel(ours, shape)
        lines.append(Line(subject.name, str(shape), numbers))
        yield lines[-1]
    if len(lines) > 1:
        yield mean_line(subject.name, lines, "torch.nn / ours")


def _inference(asked: Asked, subject: Subject, shape: Shape, best: str) -> Line:
    from sections.peers import onnx_runtime

    T, B, inputs, hidden = shape
    x = torch.randn(T, B, inputs)
    ours = subject.ours(inputs, hidden)
    ways = {
        "ours": inference(ours, x),
        "torch.nn": inference(subject.torch(inputs, hidden), x),
        "ONNX Runtime": onnx_runtime(ours, x, asked.threads),
    }
    timings = asked.measure(ways)
    # torch.nn's GRU is not the textbook's: its time is shown, but ONNX Runtime, whose GRU is, is the one to beat
    others = ["torch.nn", "ONNX Runtime"] if subject.equal else ["ONNX Runtime"]
    quickest = min(others, key=timings.seconds)
    milliseconds = {f"{way}, ms": timings.seconds(way) * 1e3 for way in ways}
    speed = subject.operations(*shape, training=False) / timings.seconds("ours") / 1e9
    numbers = milliseconds | {best: timings.ratio(quickest, "ours"), "GFLOP/s": speed}
    return Line(subject.name, str(shape), numbers | _kernel(ours, shape))


def _kernel(layer: torch.nn.Module, shape: Shape) -> dict[str, str]:
    return {"kernel": kernel_for(layer.cell, shape[0], shape[1])}
