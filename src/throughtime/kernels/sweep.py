"""The compiled sweeps as torch operators: one layer, one direction, forward and backward, float32 on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from throughtime.kernels import twice
from throughtime.kernels.calls import (
    Given,
    Watch,
    backward_into,
    empty_gradients,
    empty_results,
    forward_into,
    unchanged,
)
from throughtime.kernels.segments import SweepInSegments


class Swept(NamedTuple):
    """What a sweep returns; what is not there is empty.

    Args:
        output: (N, S).
        hidden, cell: (B, S), (B, H), final states.
        cells: (N, H), the cell state of every step.
        gates: (N, ...), what the backward sweep needs, laid out for it alone.
        trace: (N, blocks, H), the gates of every step.
    """

    output: Tensor
    hidden: Tensor
    cell: Tensor
    cells: Tensor
    gates: Tensor
    trace: Tensor


def sweep(
    x: Tensor,
    weights: Sequence[Tensor | None],
    h0: Tensor,
    c0: Tensor | None,
    mask: Tensor | None,
    zones: Sequence[Tensor | None],
    sizes: Tensor,
    which: tuple[str, str, int, bool],
    shares: Sequence[float],
    traced: bool,
    segment: int | None,
) -> Swept:
    """Sweep once through time.

    Args:
        x: (N, I), the real steps of all rows, time after time, longest row first.
        weights: in the order of `WEIGHTS`; None for those that the cell has not.
        h0, c0: (B, S), (B, H), initial states; c0 is None for a cell without.
        mask: (B, S), the hidden state's factor where it enters a product (recurrent dropout); None for none.
        zones: (N, S) and (N, H) bool, true where hidden and cell state keep their old value (zoneout); None for none.
        sizes: (T,) int64, rows that go on at each step.
        which: instruction set (the layout of what is kept depends on it, so the backward sweep takes the same; empty
            for the best there is, where nothing is kept), name of the compiled kernel, its variant, and whether it
            runs from the last step to the first.
        shares: of hidden and cell state, the share of their old value that they keep (zoneout at evaluation).
        traced: whether `trace` and `cells` are wanted; they carry no gradient.
        segment: steps whose gates are computed anew at a time for the backward; None: all are kept.
    """
    learning = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (x, *weights, h0, c0))
    given: tuple[Any, ...] = (x, *weights, h0, c0, mask, *zones, sizes, *which, *shares, learning, traced)
    if learning and segment is not None:
        return Swept(*SweepInSegments.apply(segment, *given))  # type: ignore[no-untyped-call]
    if torch.compiler.is_compiling():
        return Swept(*forward(*given))
    # outside a compiled graph the operator's way through torch would cost more than the sweeps of a small layer
    run: Any = _Sweep.apply if learning else _forward
    return Swept(*run(*given))


def _forward(
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None,
    bias_hh: Tensor | None,
    norm_ih: Tensor | None,
    norm_hh: Tensor | None,
    peephole: Tensor | None,
    weight_hr: Tensor | None,
    norm_cell: Tensor | None,
    norm_cell_bias: Tensor | None,
    h0: Tensor,
    c0: Tensor | None,
    mask: Tensor | None,
    zone_hidden: Tensor | None,
    zone_cell: Tensor | None,
    sizes: Tensor,
    isa: str,
    cell: str,
    variant: int,
    reverse: bool,
    share_hidden: float,
    share_cell: float,
    keep: bool,
    traced: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    weights = [weight_ih, weight_hh, bias_ih, bias_hh, norm_ih, norm_hh, peephole, weight_hr, norm_cell, norm_cell_bias]
    results = empty_results(x, weight_ih, weight_hh, norm_hh, h0, c0, isa, cell, keep, traced)
    choice = (isa, cell, variant, reverse, share_hidden, share_cell)
    forward_into(results, Given(x, weights, h0, c0, mask, (zone_hidden, zone_cell), sizes), choice)
    return results


forward = torch.library.custom_op("throughtime::sweep", _forward, mutates_args=(), device_types="cpu")


@forward.register_fake
def _(
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    _bi: Any,
    _bh: Any,
    _ni: Any,
    norm_hh: Tensor | None,
    _p: Any,
    _hr: Any,
    _nc: Any,
    _nb: Any,
    h0: Tensor,
    c0: Tensor | None,
    *rest: Any,
) -> Any:
    isa, cell, *_, keep, traced = rest[4:]
    return empty_results(x, weight_ih, weight_hh, norm_hh, h0, c0, isa, cell, keep, traced)


def _backward(
    d_output: Tensor | None,
    d_hidden: Tensor | None,
    d_cell: Tensor | None,
    x: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    norm_ih: Tensor | None,
    norm_hh: Tensor | None,
    peephole: Tensor | None,
    weight_hr: Tensor | None,
    norm_cell: Tensor | None,
    norm_cell_bias: Tensor | None,
    h0: Tensor,
    c0: Tensor | None,
    mask: Tensor | None,
    zone_hidden: Tensor | None,
    zone_cell: Tensor | None,
    sizes: Tensor,
    output: Tensor,
    cells: Tensor,
    gates: Tensor,
    isa: str,
    cell: str,
    variant: int,
    reverse: bool,
    share_hidden: float,
    share_cell: float,
    biased: bool,
    into_x: bool,
) -> list[Tensor]:
    """Sweep back: gradients of x, the weights in the order of `WEIGHTS`, h0, c0; empty for what is not there."""
    weights = [weight_ih, weight_hh, None, None, norm_ih, norm_hh, peephole, weight_hr, norm_cell, norm_cell_bias]
    results = empty_gradients(x, weights, h0, c0, biased, into_x)
    if not sizes[0]:  # no row has a step
        return [result.zero_() for result in results]
    incoming, kept = (d_output, d_hidden, d_cell), (output, cells, gates)
    choice = (isa, cell, variant, reverse, share_hidden, share_cell)
    given = Given(x, weights, h0, c0, mask, (zone_hidden, zone_cell), sizes)
    backward_into(results, incoming, kept, given, choice)
    return results


backward = torch.library.custom_op("throughtime::sweep_backward", _backward, mutates_args=(), device_types="cpu")


@backward.register_fake
def _(_o: Any, _h: Any, _c: Any, x: Tensor, *rest: Any) -> Any:
    weights = [*rest[:2], None, None, *rest[2:8]]
    return empty_gradients(x, weights, rest[8], rest[9], *rest[-2:])


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, isa, cell, variant, reverse, one, two, _, _ = inputs
    result, _, _, cells, gates, _ = output
    ctx.choice = (isa, cell, variant, reverse, one, two)
    ctx.save_for_backward(*tensors, result, cells, gates)
    ctx.set_materialize_grads(False)  # zeros the size of all gates would be made at every step


def _way_back(ctx: Any, incoming: Sequence[Tensor | None], why: str | None, run: Any) -> Any:
    """Gradients of all arguments, by `run`, or by the equations where there is a reason why."""
    x, *weights, h0, c0, mask, zone_hidden, zone_cell, sizes, output, cells, gates = unchanged(ctx)
    states = (h0, c0, mask, zone_hidden, zone_cell, sizes)
    given = Given(x, weights, h0, c0, mask, (zone_hidden, zone_cell), sizes)
    if why is None and (watch := getattr(ctx, "watch", None)) is not None and watch.changed:
        output = torch.empty_like(output)
        final = (torch.empty_like(h0), None if c0 is None else torch.empty_like(c0))
        forward_into((output, *final, cells, gates, None), given, ctx.choice)
    if why is not None:
        gradients = twice.differentiate(why, given, ctx.choice, incoming)
    else:
        what = (*ctx.choice, weights[2] is not None, ctx.needs_input_grad[0])
        gradients = run(*incoming, x, *weights[:2], *weights[4:], *states, output, cells, gates, *what)
        gradients = [gradient if gradient.numel() else None for gradient in gradients]
    return (*gradients, *(None,) * 12)


def _differentiate(ctx: Any, *incoming: Tensor | None) -> Any:
    return _way_back(ctx, incoming[:3], twice.GRAPH if torch.is_grad_enabled() else None, backward)


forward.register_autograd(_differentiate, setup_context=_setup)


class _Sweep(torch.autograd.Function):
    """The same two functions, without the operator around them."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Any:
        output = _forward(*inputs)
        # what is kept of the output is an alias with its own count of changes: if they differ, it is computed anew
        _setup(ctx, inputs, (output[0].data, *output[1:]))
        ctx.watch = Watch(output[0])
        ctx.mark_non_differentiable(*output[3:])
        return output

    @staticmethod
    def backward(ctx: Any, *incoming: Tensor | None) -> Any:
        return _way_back(ctx, incoming[:3], twice.reason(incoming[:3]), _backward)
