"""Backpropagation through time in the memory of a part of it: what a layer keeps for its backward is computed anew."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from throughtime.cells import State
from throughtime.kernels.lengths import Lengths
from throughtime.kernels.memory import recorded, transformed
from throughtime.kernels.request import Noise, Request, Result


def segment_length(steps: int) -> int | None:
    """Steps to be computed anew at a time: 2 √T, rounded up; None where that is all of them, or nothing can be kept.

    Of T steps only the states at the ends of the segments are kept, √T / 2 of them, and gates and cell states of one
    segment at a time (Chen et al., 2016). Twice √T and not √T: each segment packs the weights for itself.
    """
    # index: a number also where torch.compile has found that it varies
    length = 2 * math.isqrt(max(0, operator.index(steps) - 1)) + 2
    # nothing can be computed later while torch.func transforms the call, nor in a trace
    later = torch.is_grad_enabled() and not (transformed() or recorded())
    return length if later and length < steps else None


def run_in_segments(request: Request, run: Callable[[Request], Result]) -> Result:
    """Run a layer piece by piece, each of which is run again in the backward instead of keeping what that needs.

    For kernels that cannot do so themselves, as the compiled ones can (`segments.py`).

    Args:
        request: with a `segment`.
        run: runs one piece.
    """
    size = request.segment
    assert size is not None
    request = replace(request, segment=None)
    swept = [_direction(request, direction, size, run) for direction in range(len(request.weights))]
    output = swept[0].output if len(swept) == 1 else torch.cat([one.output for one in swept], dim=-1)
    final = tuple(torch.cat(states) for states in zip(*(one.final for one in swept), strict=True))
    return Result(output, final, tuple(one.steps[0] for one in swept))


def _direction(request: Request, direction: int, size: int, run: Callable[[Request], Result]) -> Result:
    """One direction, segment by segment in the order in which it runs."""
    T, back = request.input.shape[0], request.backward(direction)
    alone = replace(
        request,
        weights=(request.weights[direction],),
        noise=(request.noise[direction],),
        initial=tuple(states[direction : direction + 1] for states in request.initial),
        only_backward=back,
    )
    # split, not sliced: the gradient of a slice is as large as the whole
    pieces = list(zip(range(0, T, size), request.input.split(size), strict=True))  # type: ignore[no-untyped-call]
    results, state = [], alone.initial
    for begin, x in reversed(pieces) if back else pieces:
        part = _segment(alone, begin, x, state)
        # all that is random has been drawn before
        result = checkpoint(run, part, use_reentrant=False, preserve_rng_state=False)
        results.append(result)
        state = result.final
    if back:
        results.reverse()
    steps = {name: tuple(value for one in results for value in one.steps[0][name]) for name in request.traced}
    return Result(torch.cat([one.output for one in results]), state, (steps,))


def _segment(request: Request, begin: int, x: Tensor, state: State) -> Request:
    """The steps of a request whose inputs are x, the first of which is `begin`, from this state."""
    end, lengths = begin + x.shape[0], request.lengths
    if lengths is not None:
        rows = (lengths.rows - begin).clamp(0, x.shape[0])
        lengths = Lengths.of(rows, x.shape[0], x.shape[1], x.device)
    (noise,) = request.noise
    zoneout = tuple(share[begin:end] if isinstance(share, Tensor) else share for share in noise.zoneout)
    return replace(request, input=x, lengths=lengths, initial=state, noise=(Noise(noise.recurrent, zoneout),))
