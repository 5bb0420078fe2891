"""What each unit responds to: its strongest symbols in context, what it tells of them, and where states are alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from throughtime.errors import ArgumentError
from throughtime.insight.recording import DIRECTIONS, record
from throughtime.tasks.base.symbols import SymbolSequence

Floats = NDArray[np.float64]

_INTO = "far into the input"
_AROUND = 20  # symbols of context on each side
_APART = 5  # steps from a place that are no other place
_FEWEST = 20  # steps that have a trait, and that have it not, in each half, to look for a unit that tells it
_THERE = 0.75


class Moment(NamedTuple):
    """One step of one input.

    Args:
        sequence, step: which input, and which of its steps, from 0.
        value: of the unit there, or the distance of the state.
        before, symbol, after: what stands there, and up to 20 symbols on each side.
    """

    sequence: int
    step: int
    value: float
    before: tuple[str, ...]
    symbol: str
    after: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Detector:
    """The unit that tells a trait best.

    Args:
        trait: its name.
        layer, unit: the layer's name, and the unit's number from 0; of the unit that tells it best in the first half.
        above: whether it is above the threshold where the trait holds, or below.
        threshold: the best one in the first half of the steps.
        score: balanced accuracy in the second half: the mean of the shares that are right where the trait holds and
            where it does not; 0.5 for whoever guesses.
        chance: what the same search scores where the trait is moved by half of all steps, so that it says nothing.
        share: of the steps that have the trait.
        example: a step of the second half at which the trait begins to hold.
    """

    trait: str
    layer: str
    unit: int
    above: bool
    threshold: float
    score: float
    chance: float
    share: float
    example: int

    @property
    def there(self) -> bool:
        """Whether this unit may be said to tell the trait: 75% right, and well above chance."""
        return self.score >= _THERE and self.score - self.chance >= 0.1


@dataclass(frozen=True, eq=False)
class Units:
    """The states of a layer in one direction over some inputs: those that are there to remember, of an LSTM the cell's.
    Or, in their place, the values of a gate.

    Args:
        name: of the layer and its direction, and of the gate.
        symbols: of each input.
        states: (N, H), of all steps of all inputs in a row.
        places: (N, 2), the number of each step's input, and its number there.
    """

    name: str
    symbols: tuple[tuple[str, ...], ...]
    states: NDArray[np.float32]
    places: NDArray[np.int64]

    def strongest(self, unit: int, count: int = 5, *, lowest: bool = False) -> list[Moment]:
        """The steps at which a unit is highest, or lowest; of neighbours within five steps the strongest alone."""
        values = -self.states[:, unit] if lowest else self.states[:, unit]
        return [self._moment(at, float(self.states[at, unit])) for at in self._apart(np.argsort(-values), count)]

    def nearest(self, state: NDArray[np.float32], count: int = 5) -> list[Moment]:
        """The steps whose states are nearest to a state (H,): where else it was like that; the value is 1 - cosine."""
        norms = np.linalg.norm(self.states, axis=1) * np.linalg.norm(state)
        alike = self.states @ state / np.maximum(norms, 1e-12)
        return [self._moment(at, float(1 - alike[at])) for at in self._apart(np.argsort(-alike), count)]

    def _apart(self, order: NDArray[np.int64], count: int) -> list[int]:
        chosen: list[int] = []
        for at in order.tolist():
            sequence, step = self.places[at]
            others = (self.places[other] for other in chosen)
            if all(sequence != where or abs(step - when) > _APART for where, when in others):
                chosen.append(at)
            if len(chosen) == count:
                break
        return chosen

    def _moment(self, at: int, value: float) -> Moment:
        sequence, step = self.places[at].tolist()
        own = self.symbols[sequence]
        around = own[max(0, step - _AROUND) : step], own[step], own[step + 1 : step + 1 + _AROUND]
        return Moment(sequence, step, value, *around)


def units(
    model: nn.Module, readings: Iterable[SymbolSequence], gate: str | None = None
) -> tuple[tuple[Units, ...], Mapping[str, Floats]]:
    """The states of all layers over some inputs, and the traits of all steps.

    Args:
        model: in evaluation mode.
        readings: the inputs.
        gate: its values in place of the states'.

    Returns:
        One for each layer and direction, from the input up; and each trait (N,) by name, how far a step is into its
        input among them.

    Raises:
        ArgumentError: a layer has no such gate.
    """
    symbols, places = [], []
    states: dict[str, list[NDArray[np.float32]]] = {}
    traits: list[dict[str, Floats]] = []
    for number, reading in enumerate(readings):
        passages, _ = record(model, reading)
        below = 0
        for passage in passages:
            for layer, direction in passage.places():
                cell, name = passage.cell(layer), f"layer {below + layer + 1} {DIRECTIONS[direction]}"
                if gate is not None and gate not in cell.gates:
                    some = ", ".join(cell.gates) or "none: it has no gates"
                    raise ArgumentError(f"found the gate {gate!r}, expected one of the {cell.name}: {some}")
                values = passage.steps(layer, direction, gate or cell.state_names[-1])[:, 0].float().cpu()
                states.setdefault(f"{name}, {gate} gate" if gate else name, []).append(values.numpy())
            below += passage.layers.num_layers
        T = len(reading.symbols)
        symbols.append(reading.symbols)
        places.append(np.stack([np.full(T, number), np.arange(T)], axis=1))
        traits.append({_INTO: np.arange(T, dtype=np.float64), **reading.traits})
    where = np.concatenate(places)
    found = tuple(Units(name, tuple(symbols), np.concatenate(rows), where) for name, rows in states.items())
    return found, {name: np.concatenate([one[name] for one in traits]) for name in traits[0]}


def detectors(found: Sequence[Units], traits: Mapping[str, Floats]) -> list[Detector]:
    """For each trait the unit that tells it best; no entry for one that too few steps have, or too few have not.

    A number counts as a trait where it is above the median. Steps of which it is not known (not a number) are left out.

    Args:
        found: of all layers.
        traits: (N,) by name, as `units` gives them.
    """
    best = []
    ordered = _Ordered(found)
    for name, every in traits.items():
        known = np.flatnonzero(~np.isnan(every))
        values = every[known]
        has = values > (0.5 if set(np.unique(values)) <= {0.0, 1.0} else np.median(values))
        half = len(has) // 2
        if all(_FEWEST <= part.sum() <= len(part) - _FEWEST for part in (has[:half], has[half:])):
            whole = len(known) == len(every)
            some = ordered if whole else _Ordered([replace(one, states=one.states[known]) for one in found])
            best.append(_detector(name, has, some, known))
    return best


class _Ordered:
    """Layers whose units' values in the first half are sorted once, for all that is looked for in them.

    Args:
        layers: whose.
    """

    def __init__(self, layers: Sequence[Units]) -> None:
        self.layers, self.half = layers, len(layers[0].states) // 2

    @cached_property
    def _sorted(self) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        halves = [layer.states[: self.half] for layer in self.layers]
        orders = [np.argsort(half, axis=0, kind="stable") for half in halves]
        return [(order, np.take_along_axis(half, order, axis=0)) for order, half in zip(orders, halves, strict=True)]

    def best(self, has: NDArray[np.bool_]) -> tuple[Units, int, bool, float]:
        """The layer, unit, side and threshold that tell best which steps of the first half have something."""
        searched = [(layer, *_search(*own, has)) for layer, own in zip(self.layers, self._sorted, strict=True)]
        layer, unit, above, threshold, _ = max(searched, key=lambda one: one[-1])
        return layer, unit, above, threshold


def _detector(name: str, has: NDArray[np.bool_], ordered: _Ordered, known: NDArray[np.int64]) -> Detector:
    half = ordered.half
    layer, unit, above, threshold = ordered.best(has[:half])
    moved = np.roll(has, half // 2)
    other, blind, up, cut = ordered.best(moved[:half])
    score = _balanced((layer.states[half:, unit] > threshold) == above, has[half:])
    chance = _balanced((other.states[half:, blind] > cut) == up, moved[half:])
    begins = half + 1 + int(np.argmax(has[half + 1 :] & ~has[half:-1]))
    return Detector(name, layer.name, unit, above, threshold, score, chance, float(has.mean()), int(known[begins]))


def _search(
    order: NDArray[np.int64], values: NDArray[np.float32], has: NDArray[np.bool_]
) -> tuple[int, bool, float, float]:
    """Of all units and thresholds those that tell best which steps have something: unit, whether it is above there,
    threshold, and balanced accuracy; given the sorted values (N, H) and which steps (N, H) they are of.
    """
    held = has[order]
    # shares of either kind that lie at or below each value; where values are equal only the last one is a cut
    apart = held.cumsum(axis=0) / held.sum(axis=0) - (~held).cumsum(axis=0) / (~held).sum(axis=0)
    apart[:-1][values[:-1] == values[1:]] = 0.0
    apart[-1] = 0.0
    place, unit = np.unravel_index(np.abs(apart).argmax(), apart.shape)
    last = min(place + 1, len(values) - 1)
    threshold = float(values[place, unit].astype(np.float64) + values[last, unit]) / 2
    return int(unit), bool(apart[place, unit] < 0), threshold, 0.5 + float(abs(apart[place, unit])) / 2


def _balanced(said: NDArray[np.bool_], has: NDArray[np.bool_]) -> float:
    """The mean of the shares that are right among those that have it and those that have it not."""
    return float((said[has].mean() + (~said[~has]).mean()) / 2)
