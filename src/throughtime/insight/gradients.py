"""How far gradients reach back through time: dL<T>/da<t> against the lag T - t, measured, and the steps' Jacobians."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from throughtime import kernels
from throughtime.insight.recording import DIRECTIONS, Passage, record
from throughtime.layers import Recurrent
from throughtime.tasks.base.symbols import SymbolSequence

VANISHED = 0.01
"""Share of the gradient at the last lag below which it has vanished; above the inverse it has exploded."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flow:
    """How a gradient goes back through one layer in one direction.

    L<T> is the part of the loss that depends on the outputs of the last step that a direction reads (the input's first,
    of layers that run backward): of a language model the surprise of the last element. An answer to the whole, which
    may look at any step, is taken as if it were read off that one: gradients by all steps' outputs are added up there.

    Args:
        layer: counted from 1, from the input up.
        direction: "forward" or "backward".
        cell: RNN, GRU, LSTM.
        norms: of each state by name, ‖dL<T>/ds<t>‖ by the lag, (T,), lag 0 first; of several sequences the mean.
        jacobians: (N, S), singular values of ∂s<t>/∂s<t-1>, S numbers of all states together, the largest first, at N
            steps spread evenly over the sequence.
    """

    layer: int
    direction: str
    cell: str
    norms: Mapping[str, Floats]
    jacobians: Floats

    @property
    def name(self) -> str:
        """What it is called in tables and pictures."""
        return f"layer {self.layer} {self.direction}"

    @property
    def carried(self) -> Floats:
        """The norms of the state that is there to remember: the last one (of an LSTM the cell state)."""
        return list(self.norms.values())[-1]

    @property
    def factor(self) -> float:
        """By what the gradient is multiplied at each step back, in the (geometric) mean; NaN where there is none."""
        return float(self.left ** (1 / max(len(self.carried) - 1, 1)))

    @property
    def left(self) -> float:
        """The share of the gradient at lag 0 that is left at the largest lag."""
        return float(self.carried[-1] / self.carried[0]) if self.carried[0] else math.nan

    @property
    def memory(self) -> float | None:
        """The lag from which on at most half of the gradient is left; None where that much is left of it to the end."""
        return memory_length(self.carried)

    @property
    def verdict(self) -> str:
        """Vanishing, exploding or healthy; "none" where the loss does not depend on this layer at all."""
        if math.isnan(self.left):
            return "none"
        return "vanishing" if self.left < VANISHED else "exploding" if self.left > 1 / VANISHED else "healthy"


def memory_length(norms: Floats) -> float | None:
    """The lag from which on at most half of the norm at lag 0 is left, between two lags on a logarithmic scale.

    Args:
        norms: (T,), by the lag.

    Example:
        >>> memory_length(np.array([1.0, 0.5, 0.25])), memory_length(np.array([1.0, 0.8, 0.9]))
        (1.0, None)
        >>> memory_length(np.array([8.0, 16.0, 1.0]))
        1.5
    """
    half = norms[0] / 2
    above = np.flatnonzero(norms > half)
    if not len(above) or above[-1] == len(norms) - 1:
        return None if len(above) else 0.0
    last = int(above[-1])
    after = float(norms[last + 1])
    if not after:
        return last + 1.0
    return last + math.log(norms[last] / half) / math.log(norms[last] / after)


def gradients(model: nn.Module, reading: SymbolSequence, *, most: int = 8) -> tuple[Flow, ...]:
    """How the gradient of a model's answer to an input goes back through its recurrent layers.

    Args:
        model: in evaluation mode.
        reading: the input.
        most: steps at most whose Jacobians are computed; 0: none, which saves half of the time.
    """
    passages, loss = record(model, reading, learning=True)
    return tuple(flows(passages, loss, each=reading.each, most=most))


def flows(passages: Sequence[Passage], loss: Tensor, *, each: bool = True, most: int = 8) -> Iterator[Flow]:
    """How the gradient of a loss goes back through recorded layers, from the input up.

    Args:
        passages: of one run, with gradients; the last one's output is what the loss depends on.
        loss: a scalar.
        each: whether it is a sum over steps, each of which has a part of its own; else an answer to the whole.
        most: steps at most whose Jacobians are computed.
    """
    output = passages[-1].output
    (by_output,) = torch.autograd.grad(loss, output, retain_graph=True)
    by_step = passages[-1].in_time(by_output)
    below = 0
    for passage in passages:
        for layer, direction in passage.places():
            end = 0 if direction else passage.input.shape[0] - 1
            seed = torch.zeros_like(by_output)
            passages[-1].in_time(seed)[end] = by_step[end] if each else by_step.sum(dim=0)
            cell = passage.cell(layer)
            yield Flow(
                below + layer + 1,
                DIRECTIONS[direction],
                cell.name,
                {name: _norms(passage, layer, direction, name, output, seed) for name in cell.state_names},
                singular_values(passage, layer, direction, most),
            )
        below += passage.layers.num_layers


def _norms(passage: Passage, layer: int, direction: int, name: str, output: Tensor, seed: Tensor) -> Floats:
    """(T,) by the lag, the mean over the sequences."""
    states = passage.trace.steps(layer, direction, name)
    found = torch.autograd.grad(output, states, seed, retain_graph=True, allow_unused=True)
    norms = [0.0 if one is None else float(one.double().norm(dim=-1).mean()) for one in found]
    return np.array(norms if direction else norms[::-1])


def singular_values(passage: Passage, layer: int, direction: int, most: int) -> Floats:
    """Singular values (N, S) of ∂s<t>/∂s<t-1> of a layer's whole state, of the first sequence, at N <= `most` steps.

    Each step is run again by itself, as a batch of steps, from the states that the trace has.
    """
    cell, T = passage.cell(layer), passage.input.shape[0]
    if not most:
        return np.empty((0, sum(cell.state_sizes)))
    D = passage.layers.num_directions
    chosen = np.unique(np.linspace(0, T - 1, min(T, most)).round().astype(int))
    before = []
    for name, start in zip(cell.state_names, passage.initial, strict=True):
        states = passage.steps(layer, direction, name)[:, 0].detach()
        first = start[layer * D + direction, :1].detach()
        before.append(torch.cat([states[1:], first] if direction else [first, states[:-1]])[chosen].requires_grad_())
    step = Recurrent(cell, zoneout=passage.layers.zoneout, device=before[0].device, dtype=before[0].dtype).eval()
    with torch.no_grad():
        for name, weight in passage.weights(layer, direction).items():
            getattr(step, f"{name}_l0").copy_(weight)
    x = passage.read_by(layer)[:, 0].detach()[chosen]
    with torch.enable_grad(), kernels.use("reference"):
        _, final = step(x.unsqueeze(0), tuple(state.unsqueeze(0) for state in before))
        after = torch.cat([final] if isinstance(final, Tensor) else list(final), dim=-1)[0]
        rows = [
            torch.cat(torch.autograd.grad(one, before, retain_graph=True, materialize_grads=True), dim=-1)
            for one in after.sum(dim=0)
        ]
    values: Floats = torch.linalg.svdvals(torch.stack(rows, dim=1).double()).cpu().numpy()
    return values


def together(found: Iterable[Sequence[Flow]]) -> tuple[Flow, ...]:
    """What several inputs have in common: at each lag the mean, over those that are long enough, of the norm relative
    to that at lag 0; an input whose answer does not depend on a layer counts nothing there.

    Args:
        found: of each input, all of one model.
    """
    columns = list(zip(*found, strict=True))
    return tuple(
        Flow(
            column[0].layer,
            column[0].direction,
            column[0].cell,
            {name: _mean([flow.norms[name] for flow in column]) for name in column[0].norms},
            np.concatenate([flow.jacobians for flow in column]),
        )
        for column in columns
    )


def _mean(curves: Sequence[Floats]) -> Floats:
    relative = [curve / curve[0] for curve in curves if curve[0]]
    longest = max((len(curve) for curve in relative), default=1)
    at_lag = ([curve[lag] for curve in relative if lag < len(curve)] for lag in range(longest))
    return np.array([np.mean(values) if values else 0.0 for values in at_lag])
