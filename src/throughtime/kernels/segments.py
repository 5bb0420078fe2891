"""A compiled sweep that keeps only the states between segments of time and sweeps each again on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from throughtime.kernels import twice
from throughtime.kernels.calls import Given, backward_into, empty_gradients, empty_results, forward_into, unchanged


class Segment(NamedTuple):
    """Steps that are swept at once.

    Args:
        sizes: (steps,), rows that go on at each.
        rows: those that the first of them has; all others have ended.
        begin, end: where its packed steps lie among all N.
    """

    sizes: Tensor
    rows: int
    begin: int
    end: int


def cut(sizes: Tensor, length: int, backward: bool) -> list[Segment]:
    """Cut packed steps into segments, in the order in which they are swept.

    Args:
        sizes: (T,), rows that go on at each step.
        length: steps of a segment.
        backward: the sweep runs from the last step to the first.
    """
    segments, begin = [], 0
    for first in range(0, len(sizes), length):
        part = sizes[first : first + length]
        end = begin + int(part.sum())
        segments.append(Segment(part, int(part[0]), begin, end))
        begin = end
    return segments[::-1] if backward else segments


class SweepInSegments(torch.autograd.Function):
    """`sweep` with the length of a segment before its arguments; what it keeps is not among its results."""

    @staticmethod
    def forward(ctx: Any, length: int, *inputs: Any) -> Any:
        """Sweep segment after segment; of each, keep the states that it began with."""
        x, *weights, h0, c0, mask, zone_hidden, zone_cell, sizes, isa, cell, variant, back, one, two, _, _ = inputs
        ctx.choice, ctx.segments = (isa, cell, variant, back, one, two), cut(sizes, length, back)
        output, empty = x.new_empty(x.shape[0], weights[1].shape[1]), x.new_empty(0)
        states = [state.clone(memory_format=torch.contiguous_format) for state in (h0, c0) if state is not None]
        given, starts = (x, weights, mask, (zone_hidden, zone_cell)), []
        for segment in ctx.segments:
            now = [state[: segment.rows] for state in states]
            starts += (start := [state.clone() for state in now])
            results = [output[segment.begin : segment.end], *now, *(None,) * (5 - len(now))]
            forward_into(results, _part(segment, start, *given), ctx.choice)
        ctx.save_for_backward(x, *weights, h0, c0, mask, zone_hidden, zone_cell, sizes, *starts)
        ctx.set_materialize_grads(False)
        ctx.shapes = [state.shape for state in states]
        rest = [empty.clone() for _ in range(5 - len(states))]
        ctx.mark_non_differentiable(*rest[-3:])
        return (output, *states, *rest)

    @staticmethod
    def backward(ctx: Any, d_output: Tensor | None, *d_final: Tensor | None) -> Any:
        """Sweep each segment, the last one first: forward once more, keeping all, and back."""
        x, *saved = unchanged(ctx)
        weights, (h0, c0, mask, *zones, sizes), starts = saved[:10], saved[10:16], saved[16:]
        if (why := twice.reason((d_output, *d_final[:2]))) is not None:
            given = Given(x, weights, h0, c0, mask, zones, sizes)
            return (None, *twice.differentiate(why, given, ctx.choice, (d_output, *d_final[:2])), *(None,) * 12)
        n, (isa, cell, *_) = len(ctx.shapes), ctx.choice
        d_states = [
            x.new_zeros(shape) if d is None else d.clone(memory_format=torch.contiguous_format)
            for d, shape in zip(d_final[:n], ctx.shapes, strict=True)
        ]
        one, two = d_states[0], (*d_states, None)[1]
        gradients = empty_gradients(x, weights, one, two, weights[2] is not None, ctx.needs_input_grad[1])
        more = empty_gradients(x[:0], weights, one, two, weights[2] is not None, False)[1:11]
        longest = max(segment.end - segment.begin for segment in ctx.segments)
        one_length = x[:longest], weights[0], weights[1], weights[5], one, two
        output, *_, cells, gates, _ = empty_results(*one_length, isa, cell, keep=True, traced=False)
        for k, segment in reversed(list(enumerate(ctx.segments))):
            start, steps = starts[k * n : (k + 1) * n], slice(segment.begin, segment.end)
            part = _part(segment, start, x, weights, mask, zones)
            kept = [buffer[: segment.end - segment.begin] for buffer in (output, cells, gates)]
            final = [torch.empty_like(state) for state in start]
            forward_into((kept[0], *final, *(None,) * (2 - n), *kept[1:], None), part, ctx.choice)
            now = [d[: segment.rows] for d in d_states]
            incoming = (None if d_output is None else d_output[steps], *now, *(None,) * (2 - n))
            last = k == len(ctx.segments) - 1
            d_x = gradients[0][steps] if ctx.needs_input_grad[1] else gradients[0]
            d_start = [torch.empty_like(d) for d in now]
            into = [d_x, *(gradients[1:11] if last else more), *d_start, *[x.new_empty(0)] * (2 - n)]
            backward_into(into, incoming, kept, part, ctx.choice)
            if not last:
                torch._foreach_add_([g for g in gradients[1:11] if g.numel()], [g for g in more if g.numel()])
            for d, arrived in zip(now, d_start, strict=True):
                d.copy_(arrived)
        gradients[11 : 11 + n] = d_states
        return (None, *(gradient if gradient.numel() else None for gradient in gradients), *(None,) * 12)


def _part(
    segment: Segment,
    start: Sequence[Tensor],
    x: Tensor,
    weights: Sequence[Tensor | None],
    mask: Tensor | None,
    zones: Sequence[Tensor | None],
) -> Given:
    """A segment's share of what is given."""
    steps = slice(segment.begin, segment.end)
    h0, c0 = start if len(start) == 2 else (start[0], None)
    held = [None if zone is None else zone[steps] for zone in zones]
    return Given(x[steps], weights, h0, c0, None if mask is None else mask[: segment.rows], held, segment.sizes)
