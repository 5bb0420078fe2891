"""What the gates and states of every unit did over an input, and whether gates are nearly always on or off."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from throughtime.insight.recording import DIRECTIONS, Passage, record
from throughtime.tasks.base.symbols import SymbolSequence

BINS = 20
OFF, ON = 0.1, 0.9
"""Values of a gate below which it counts as closed, and above which as open."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LayerGates:
    """One layer in one direction.

    Args:
        layer: counted from 1, from the input up.
        direction: "forward" or "backward".
        cell: RNN, GRU, LSTM.
        switches: names of the gates that are shares, from 0 to 1.
        gates: all gates by name, each (T, H); times count from the input's beginning in both directions.
        states: all states by name, each (T, size).
        memory: (H,), steps after which a unit, left to itself, has kept half of its value: the half-life of the product
            of what it carries on (`Cell.carried`) over these steps; infinite for one that keeps all of it. None for a
            cell that does not say.
    """

    layer: int
    direction: str
    cell: str
    switches: tuple[str, ...]
    gates: Mapping[str, Floats]
    states: Mapping[str, Floats]
    memory: Floats | None

    @property
    def order(self) -> NDArray[np.int64]:
        """Numbers of the units, those that remember longest first."""
        units = list(self.states.values())[-1].shape[1]
        return np.arange(units) if self.memory is None else np.argsort(-self.memory, kind="stable")

    @property
    def name(self) -> str:
        """What it is called in tables and pictures."""
        return f"layer {self.layer} {self.direction}"


@dataclass(frozen=True, eq=False)
class Gates:
    """What happened over one input.

    Args:
        symbols: (T,), what stands at each step.
        unit: what they are, in the plural.
        answer: what the model says to them.
        layers: from the input up, forward before backward.
    """

    symbols: tuple[str, ...]
    unit: str
    answer: str
    layers: tuple[LayerGates, ...]


@dataclass(frozen=True, eq=False)
class Opening:
    """How open one gate was, over all steps and units of some inputs.

    Args:
        where: the layer and its direction.
        gate: its name.
        histogram: (20,), shares of its values in equal parts of 0 to 1.
        off: share below 0.1.
        on: share above 0.9.
        mean: of all values.
        count: how many values there are.
    """

    where: str
    gate: str
    histogram: NDArray[np.float64]
    off: float
    on: float
    mean: float
    count: int


def gates(model: nn.Module, reading: SymbolSequence) -> Gates:
    """Every gate and state of a model's recurrent layers over an input: one forward pass, by the layers' own trace.

    Args:
        model: in evaluation mode.
        reading: the input.
    """
    passages, _ = record(model, reading)
    return Gates(reading.symbols, reading.unit, reading.answer, tuple(_layers(passages)))


def _layers(passages: Iterable[Passage]) -> Iterator[LayerGates]:
    below = 0
    for passage in passages:
        for layer, direction in passage.places():
            cell = passage.cell(layer)
            traced = {name: passage.steps(layer, direction, name)[:, 0] for name in cell.gates + cell.state_names}
            carried = cell.carried(traced, passage.weights(layer, direction))
            arrays = {name: _array(steps) for name, steps in traced.items()}
            yield LayerGates(
                layer=below + layer + 1,
                direction=DIRECTIONS[direction],
                cell=cell.name,
                switches=cell.switches,
                gates={name: arrays[name] for name in cell.gates},
                states={name: arrays[name] for name in cell.state_names},
                memory=None if carried is None else half_life(_array(carried)),
            )
        below += passage.layers.num_layers


def half_life(carried: Floats) -> Floats:
    """Steps after which the product of the factors (T, H) is a half, were they to go on so: (H,).

    Example:
        >>> half_life(np.array([[0.5, 0.25, 1.0, 0.0], [0.5, 1.0, 1.0, 0.5]], dtype=np.float32)).tolist()
        [1.0, 1.0, inf, 0.0]
    """
    with np.errstate(divide="ignore"):
        loss = -np.log(np.abs(carried).astype(np.float64)).mean(axis=0)
        lives = np.where(loss > 0, math.log(2) / loss, math.inf)
    return np.asarray(lives, dtype=np.float32)


def openings(found: Iterable[Gates]) -> list[Opening]:
    """How open each gate was in each layer, over some inputs of one model; none of a cell without gates."""
    counts: dict[tuple[str, str], NDArray[np.float64]] = {}
    for one in found:
        for layer in one.layers:
            for gate in layer.switches:
                values = layer.gates[gate]
                bins = np.histogram(values, BINS, (0, 1))[0]
                tally = np.array([*bins, (values < OFF).sum(), (values > ON).sum(), values.sum(dtype=np.float64)])
                place = (layer.name, gate)
                counts[place] = counts.get(place, np.zeros(len(tally))) + tally
    return [_opening(*place, tally) for place, tally in counts.items()]


def _opening(where: str, gate: str, tally: NDArray[np.float64]) -> Opening:
    count = tally[:BINS].sum()
    off, on, mean = (tally[BINS:] / count).tolist()
    return Opening(where, gate, tally[:BINS] / count, off, on, mean, int(count))


def verdict(found: Iterable[Opening]) -> str:
    """Whether the gates are nearly always on or off, in a sentence that says where not.

    Example:
        >>> half = Opening("layer 1 forward", "update", np.zeros(20), 0.5, 0.25, 0.4, 8)
        >>> verdict([half])
        '75% of all values of gates are below 0.1 (50%) or above 0.9 (25%): mostly on or off.'
    """
    gates = list(found)
    if not gates:
        return "This cell has no gates."
    total = sum(gate.count for gate in gates)
    off, on = (sum(getattr(gate, side) * gate.count for gate in gates) / total for side in ("off", "on"))
    judged = "nearly always" if off + on >= 0.9 else "mostly" if off + on >= 0.5 else "not nearly always"
    said = f"{off + on:.0%} of all values of gates are below {OFF} ({off:.0%}) or above {ON} ({on:.0%}): "
    least = min(gates, key=lambda gate: gate.off + gate.on)
    where = f"; least so the {least.gate} gate of {least.where}: {least.off + least.on:.0%}" if len(gates) > 1 else ""
    return f"{said}{judged} on or off{where}."


def _array(steps: Tensor) -> Floats:
    array: Floats = steps.detach().float().cpu().numpy()
    return array
