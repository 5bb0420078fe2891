"""Loops over time that stay loops where others write down what Python does: a trace, a model exported to ONNX.

These follow an example, and so a loop over its steps would be as long as the example is for ever.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from throughtime.cells import State

Advance = Callable[[State, State, Sequence[Tensor]], State]
"""One step from tensors alone: (inputs at t, states at t-1, what is the same at every step) -> states at t."""


def recorded_loop(
    advance: Advance, inputs: Sequence[Tensor], state: State, constant: Sequence[Tensor], backward: bool
) -> tuple[Tensor, State]:
    """Go through time once, by a loop of TorchScript in the trace that is being made (torch.jit.trace).

    Args:
        advance: computes one step.
        inputs: each (T, B, size), in the dtype of the states.
        state: the initial ones, each (B, size).
        constant: weights and masks.
        backward: from the last step to the first.

    Returns:
        The first state at every step (T, B, size), in order of time, and the final states.
    """
    # one tensor of each, since ONNX has no lists of tensors in loops
    sizes, widths = [int(one.shape[-1]) for one in inputs], [int(one.shape[-1]) for one in state]
    whole, begin = torch.cat(tuple(inputs), dim=-1), torch.cat(state, dim=-1)

    def step(x: Any, before: Any, constant: list[Tensor]) -> Tensor:
        return torch.cat(advance(x.split(sizes, dim=-1), before.split(widths, dim=-1), constant), dim=-1)

    jit: Any = torch.jit
    with not_traced():
        example = whole[0].detach(), begin.detach(), [one.detach() for one in constant]
        over_time = _compiled(jit.trace(step, example, check_trace=False))
    states, final = over_time(whole, begin, list(constant), backward)
    last: Any = final
    return states[..., : widths[0]], last.split(widths, dim=-1)


def _compiled(step: Any) -> Any:
    def over_time(x: Tensor, state: Tensor, constant: list[Tensor], backward: bool) -> tuple[Tensor, Tensor]:
        states: list[Tensor] = []
        steps = x.shape[0]
        for k in range(steps):
            state = step(x[steps - 1 - k if backward else k], state, constant)
            states.append(state)
        whole = torch.stack(states)
        return whole.flip(0) if backward else whole, state

    return torch.jit.script(over_time)


@contextmanager
def not_traced() -> Iterator[None]:
    """Let another trace be made, or something be computed, inside a trace that is being made."""
    tracing: Any = torch._C
    outer = tracing._get_tracing_state()
    tracing._set_tracing_state(None)
    try:
        with warnings.catch_warnings():  # the user has chosen torch.jit and been told what torch thinks of it
            warnings.simplefilter("ignore")
            yield
    finally:
        tracing._set_tracing_state(outer)


def exported_loop(
    advance: Advance, inputs: Sequence[Tensor], state: State, constant: Sequence[Tensor], backward: bool
) -> tuple[Tensor, State]:
    """The same by torch's `scan`, which torch.onnx.export(dynamo=True) makes a Scan of."""

    def step(carried: list[Tensor], x: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        new = advance(tuple(x), tuple(carried), constant)
        return [one.clone() for one in new], new[0].clone()

    final, output = torch._higher_order_ops.scan(step, list(state), list(inputs), reverse=backward)
    return output, tuple(final)
