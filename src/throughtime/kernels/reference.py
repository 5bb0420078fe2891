"""The reference: a loop over time through a cell's equations; any cell, device, dtype and derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from throughtime.cells import State, Step
from throughtime.kernels import loops
from throughtime.kernels.lengths import Lengths
from throughtime.kernels.memory import exporting, recorded
from throughtime.kernels.request import Request, Result, autocasting


def refusal(request: Request) -> str | None:  # noqa: ARG001  (every kernel has this signature)
    """Return why the request cannot be run: never."""
    return None


def run(request: Request) -> Result:
    """Run a layer, one direction after the other."""
    swept = [_sweep(request, direction) for direction in range(len(request.weights))]
    outputs, finals, steps = zip(*swept, strict=True)
    output = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)
    final = tuple(torch.stack(states) for states in zip(*finals, strict=True))
    return Result(output, final, tuple(steps))


def _sweep(request: Request, direction: int) -> tuple[Tensor, State, dict[str, tuple[Tensor, ...]]]:
    """Go through time once, in one direction."""
    x = request.input if request.lengths is None else request.lengths.blank(request.input)
    projected = request.cell.project(x, request.weights[direction])
    steps = _as_a_loop if (recorded() or exporting()) and not request.traced else _steps
    if not autocasting(request.input):
        output, final, traced = steps(request, direction, projected)
    else:
        # The product over all steps has run in low precision; in the recurrence errors would add up.
        projected = tuple(part.to(request.input.dtype) for part in projected)
        with torch.autocast(request.input.device.type, enabled=False):
            output, final, traced = steps(request, direction, projected)
    return output if request.lengths is None else request.lengths.blank(output), final, traced


def _steps(request: Request, direction: int, projected: State) -> tuple[Tensor, State, dict[str, tuple[Tensor, ...]]]:
    """Return output, final states and what is traced, in order of time."""
    noise = request.noise[direction]
    step = request.cell.equations(request.weights[direction], noise.recurrent)
    initial = tuple(states[direction] for states in request.initial)
    holds = [_hold(share, request.lengths) for share in noise.zoneout]
    backward = request.backward(direction)
    states, gates = _loop(step, projected, initial, noise.zoneout, holds, backward)
    cell, traced = request.cell, {}
    for name in request.traced:
        source, names = (states, cell.state_names) if name in cell.state_names else (gates, cell.gates)
        place = names.index(name)
        traced[name] = tuple(values[place] for values in source)
    return torch.stack([new[0] for new in states]), states[0 if backward else -1], traced


def _as_a_loop(request: Request, direction: int, projected: State) -> tuple[Tensor, State, dict[str, Any]]:
    """The same where a trace is being made or a model exported: a loop of any length."""
    noise, cell, weights = request.noise[direction], request.cell, request.weights[direction]
    initial = tuple(states[direction] for states in request.initial)
    holds = [_hold(share, request.lengths) for share in noise.zoneout]

    def advance(inputs: State, state: State, constant: Sequence[Tensor]) -> State:
        mask = None if noise.recurrent is None else constant[-1]
        new, _ = cell.equations(dict(zip(weights, constant, strict=False)), mask)(inputs[: len(projected)], state)
        held, kept = iter(inputs[len(projected) :]), []
        for n, old, share, hold in zip(new, state, noise.zoneout, holds, strict=True):
            blended = _blend(n, old, share)
            kept.append(blended if hold is None else torch.where(next(held) > 0, old, blended))
        return tuple(kept)

    loop = loops.recorded_loop if recorded() else loops.exported_loop
    inputs = [*projected, *(hold.to(projected[0].dtype) for hold in holds if hold is not None)]
    constant = [*weights.values(), *([] if noise.recurrent is None else [noise.recurrent])]
    output, final = loop(advance, inputs, initial, constant, request.backward(direction))
    return output, final, {}


def _loop(
    step: Step,
    projected: State,
    state: State,
    shares: Sequence[Tensor | float | None],
    holds: Sequence[Tensor | None],
    backward: bool,
) -> tuple[list[State], list[tuple[Tensor, ...]]]:
    """Apply the step at every time, in order of time or backward."""
    inputs = list(zip(*(part.unbind(0) for part in projected), strict=True))
    times = range(len(inputs) - 1, -1, -1) if backward else range(len(inputs))
    states: list[State] = []
    gates: list[tuple[Tensor, ...]] = []
    each = [None if hold is None else hold.unbind(0) for hold in holds]
    blended = any(isinstance(share, float) for share in shares)
    held = any(hold is not None for hold in holds)
    for t in times:
        new, gate = step(inputs[t], state)
        if blended:
            new = tuple(_blend(n, old, share) for n, old, share in zip(new, state, shares, strict=True))
        if held:
            new = tuple(_keep(n, old, hold, t) for n, old, hold in zip(new, state, each, strict=True))
        state = new
        states.append(new)
        gates.append(gate)
    if backward:
        states.reverse()
        gates.reverse()
    return states, gates


def _hold(share: Tensor | float | None, lengths: Lengths | None) -> Tensor | None:
    """Return (T, B, S) or (T, B, 1), where a state keeps its old value: zoned out, or the row has ended."""
    ended = None if lengths is None else ~lengths.real
    if isinstance(share, Tensor):
        return share if ended is None else share | ended
    return ended


def _keep(new: Tensor, old: Tensor, hold: tuple[Tensor, ...] | None, t: int) -> Tensor:
    return new if hold is None else torch.where(hold[t], old, new)


def _blend(new: Tensor, old: Tensor, share: Tensor | float | None) -> Tensor:
    return torch.lerp(new, old, share) if isinstance(share, float) else new
