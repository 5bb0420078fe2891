"""What a model's recurrent layers read and did while it ran: no second run of theirs, and no second implementation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from throughtime import kernels
from throughtime.cells import Cell
from throughtime.errors import ThroughtimeError
from throughtime.layers import Recurrent, Trace
from throughtime.tasks.base.symbols import SymbolSequence

DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True, eq=False)
class Passage:
    """One call of recurrent layers.

    Args:
        layers: the module.
        input: what it read, (T, B, I).
        initial: its states before the first step, each (L*D, B, size).
        output: (T, B, D*S), a part of the autograd graph.
        trace: gates and states of every step.
    """

    layers: Recurrent
    input: Tensor
    initial: tuple[Tensor, ...]
    output: Tensor
    trace: Trace

    def places(self) -> Iterator[tuple[int, int]]:
        """Its layers and directions, from 0."""
        for layer in range(self.layers.num_layers):
            for direction in range(self.layers.num_directions):
                yield layer, direction

    def cell(self, layer: int) -> Cell:
        """The cell of a layer."""
        return self.layers.cells[layer]

    def weights(self, layer: int, direction: int) -> dict[str, Tensor]:
        """The weights of a layer in a direction, by the names that `Cell.shapes` gives."""
        ending = f"_l{layer}{'_reverse' if direction else ''}"
        return {name: getattr(self.layers, name + ending) for name in self.cell(layer).shapes()}

    def steps(self, layer: int, direction: int, name: str) -> Tensor:
        """A gate or state of every step, (T, B, size)."""
        return self.in_time(self.trace[layer, direction][name])

    def read_by(self, layer: int) -> Tensor:
        """What a layer read, (T, B, I): the module's input, or the hidden states of the layer below."""
        if layer == 0:
            return self.input
        below = [self.steps(layer - 1, direction, "hidden") for direction in range(self.layers.num_directions)]
        return torch.cat(below, dim=-1)

    def in_time(self, steps: Tensor) -> Tensor:
        """What the module puts out, with time first."""
        return steps.transpose(0, 1) if self.layers.batch_first else steps


@contextmanager
def recording(*modules: Recurrent) -> Iterator[list[Passage]]:
    """Inside, each call of some recurrent layers is traced and kept; whoever calls them does not notice.

    Args:
        modules: to be listened to.
    """
    passages: list[Passage] = []

    def ask(_: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, {**named, "trace": True}

    def keep(module: Recurrent, args: tuple[Any, ...], named: dict[str, Any], answer: tuple[Any, ...]) -> Any:
        output, final, trace = answer
        x = args[0].transpose(0, 1) if module.batch_first else args[0]
        given = args[1] if len(args) > 1 else named.get("hx")
        states = (given,) if isinstance(given, Tensor) else given
        if states is None:
            depth = module.num_layers * module.num_directions
            states = tuple(x.new_zeros(depth, x.shape[1], size) for size in module.cell.state_sizes)
        passages.append(Passage(module, x, tuple(states), output, trace))
        return output, final

    handles = [module.register_forward_pre_hook(ask, with_kwargs=True) for module in modules]
    handles += [module.register_forward_hook(keep, with_kwargs=True) for module in modules]
    try:
        yield passages
    finally:
        for handle in handles:
            handle.remove()


def layers_of(model: nn.Module, reading: SymbolSequence) -> list[Recurrent]:
    """The recurrent layers that read an input's symbols, from the input up.

    Raises:
        ThroughtimeError: there are none at that place.
    """
    place = model.get_submodule(reading.layers)
    found = [module for module in place.modules() if isinstance(module, Recurrent)]
    if not found:
        raise ThroughtimeError(f"found no recurrent layers in the model's {reading.layers!r}, expected some")
    return found


def record(model: Any, reading: SymbolSequence, *, learning: bool = False) -> tuple[list[Passage], Tensor]:
    """Let a model read an input once, and answer.

    Args:
        model: in evaluation mode.
        reading: the input.
        learning: whether gradients are wanted: then the layers run by the reference's equations.

    Returns:
        What its layers did, from the input up, and the loss of its answer, a scalar in nats.
    """
    with recording(*layers_of(model, reading)) as passages:
        loss = loss_of(model, reading, learning=learning)
    return passages, loss


def loss_of(model: Any, reading: SymbolSequence, *, learning: bool) -> Tensor:
    """The loss of a model's answer to an input, in nats, the same each time it is asked for."""
    chosen = kernels.use("reference") if learning else kernels.use(kernels.current())
    with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(learning), chosen:
        torch.manual_seed(0)  # a model with a latent space draws a code
        loss: Tensor = model.loss(reading.batch).total
    return loss
