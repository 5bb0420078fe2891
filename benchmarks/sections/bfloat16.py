"""Products of bfloat16 against our own float32 and torch.nn under autocast: speed, and what the rounding does."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from sections.base import Asked, Line, Shape
from throughtime import kernels
from throughtime.bench.clock import Way
from throughtime.bench.subjects import Subject, inference, training
from throughtime.kernels import fused

SHAPES: list[Shape] = [(50, 128, 512, 512), (50, 32, 512, 512)]
SMALL: Shape = (50, 32, 128, 128)


def run(asked: Asked) -> Iterator[Line]:
    sets = fused.bfloat16_sets()
    own = [name for name in sets if name not in fused.EMULATED]
    if not own:
        yield Line("no speed", "", {"reason": "this processor (or this build of the kernels) has no AVX-512 BF16"})
    for subject in asked.subjects if own else []:
        for shape in SHAPES:
            yield _speed(asked, subject, shape, own[0])
    for subject in asked.subjects if sets else []:
        yield _errors(subject, sets[0])


def _speed(asked: Asked, subject: Subject, shape: Shape, isa: str) -> Line:
    T, B, inputs, hidden = shape
    layer, native, x = subject.ours(inputs, hidden), subject.torch(inputs, hidden), torch.randn(T, B, inputs)
    numbers: dict[str, Any] = {}
    for work, make in (("inference", inference), ("training", training)):
        ways = {"float32": _cast(make(layer, x), isa.removesuffix("_bf16")), "bfloat16": _cast(make(layer, x), isa)}
        timings = asked.measure(ways | {"torch.nn": _cast(make(native, x), isa)})
        numbers[f"{work}: float32 / bfloat16"] = timings.ratio("float32", "bfloat16")
        numbers[f"{work}: torch.nn / float32"] = timings.ratio("torch.nn", "float32")
    return Line(subject.name, str(shape), numbers | {"kernel": isa})


def _cast(way: Way, isa: str) -> Way:
    """Under autocast to bfloat16, with these kernels: those of float32 multiply in float32 there too."""

    def run() -> None:
        with kernels.use("auto", isa), torch.autocast("cpu", torch.bfloat16):
            way()

    return run


def _errors(subject: Subject, isa: str) -> Line:
    """Norm of the difference to float64 as a share of its norm: of outputs, and the most of any weight's gradient."""
    T, B, inputs, hidden = SMALL
    layer, x = subject.ours(inputs, hidden), torch.randn(T, B, inputs)
    coefficients = torch.randn(T, B, hidden)
    with kernels.use("fused", isa):
        float32 = _trained(layer, x, coefficients)
        with torch.autocast("cpu", torch.bfloat16):
            bfloat16 = _trained(layer, x, coefficients)
    with kernels.use("reference"):
        exact = _trained(copy.deepcopy(layer).double(), x.double(), coefficients.double())
    numbers = {}
    for name, results in (("float32", float32), ("bfloat16", bfloat16)):
        errors = [((a.double() - b).norm() / b.norm()).item() for a, b in zip(results, exact, strict=True)]
        numbers |= {f"{name}: output": errors[0], f"{name}: gradients": max(errors[1:])}
    return Line(subject.name, str(SMALL), numbers | {"kernel": isa})


def _trained(layer: torch.nn.Module, x: Tensor, coefficients: Tensor) -> list[Tensor]:
    output, _ = layer(x)
    with torch.autocast("cpu", enabled=False):
        return [output.detach(), *torch.autograd.grad((output * coefficients).sum(), list(layer.parameters()))]
