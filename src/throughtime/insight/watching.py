"""How far gradients reach back while a model learns: measured now and then, always over the same inputs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.errors import ThroughtimeError
from throughtime.insight.gradients import VANISHED, Floats, Flow, gradients, memory_length, together
from throughtime.insight.recording import DIRECTIONS
from throughtime.models.base import Model
from throughtime.storage.atomic import write_atomically
from throughtime.storage.written import readable
from throughtime.tasks.base import Symbols

FILE = "gradients.csv"
"""Of the run folder."""
INPUTS = 4
"""Of the validation split, evenly spread."""
_LAGS = 40  # that are written down of each curve: the further back, the wider apart
_COLUMNS = ("step", "layer", "direction", "lag", "norm", "left")


class Watcher:
    """Measures, while a model learns, how the gradient of its answer goes back through its recurrent layers.

    All measurements of a run lie in one file, written anew as a whole by each; a run that was killed and goes on comes
    to the same file as one that was not.

    Args:
        task: whose model learns.
        examples: some of these are asked about, the same each time.
        folder: of the run.

    Raises:
        DataError: what was measured before is broken.
    """

    def __init__(self, task: Symbols, examples: Sequence[Any], folder: Path) -> None:
        self._task, self._path = task, folder / FILE
        some = spread(examples, INPUTS)
        each = -(-INPUTS // max(len(some), 1))
        self._inputs = [one for example in some for one in islice(task.inputs_of(example), each)][:INPUTS]
        self._rows = _read(self._path)

    def __call__(self, model: Model, step: int) -> None:
        """Measure, and write it down in place of what was written for this step and later ones.

        Args:
            model: in the midst of training; it is left in evaluation mode.
            step: how many it has taken.

        Raises:
            ThroughtimeError: there is nothing to be read in any of the inputs.
        """
        model.eval()
        readings = (one for given in self._inputs for one in islice(self._task.readings(model, given), 1))
        found = [gradients(model, reading, most=0) for reading in readings]
        if not found:
            raise ThroughtimeError("found nothing to read in the validation split, expected inputs to watch gradients")
        kept = [row for row in self._rows if row["step"] < step]
        self._rows = [*kept, *_rows(step, found)]
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        write_atomically(self._path, text.getvalue())


def spread(examples: Sequence[Any], most: int) -> list[Any]:
    """At most so many, evenly spread."""
    return [examples[at] for at in np.linspace(0, len(examples) - 1, min(len(examples), most)).astype(int)]


def _rows(step: int, found: Sequence[Sequence[Flow]]) -> Iterator[dict[str, Any]]:
    """What is written of one measurement; numbers as they will be read again."""
    for flow, single in zip(together(found), zip(*found, strict=True), strict=True):
        longest = len(flow.carried)
        lags = np.unique(np.geomspace(1, longest, min(longest, _LAGS)).round().astype(int) - 1)
        for lag in lags.tolist():
            norm = np.mean([one.carried[lag] for one in single if lag < len(one.carried)])
            numbers = {"norm": float(f"{norm:.6g}"), "left": float(f"{flow.carried[lag]:.6g}")}
            yield {"step": step, "layer": flow.layer, "direction": flow.direction, "lag": lag, **numbers}


@dataclass(frozen=True, eq=False)
class Watched:
    """How far gradients reached back through one layer in one direction, in the course of a training.

    Args:
        layer: counted from 1, from the input up.
        direction: "forward" or "backward".
        steps: (S,) after which it was measured.
        lags: (L,), rising from 0.
        norms: (S, L) ‖dL<T>/ds<t>‖ of the state that is there to remember, the mean over the inputs.
        left: (S, L) the same relative to lag 0.
    """

    layer: int
    direction: str
    steps: Floats
    lags: Floats
    norms: Floats
    left: Floats

    @property
    def name(self) -> str:
        """What it is called in tables and pictures."""
        return f"layer {self.layer} {self.direction}"

    def memory(self, place: int) -> float | None:
        """The lag from which on at most half was left at one of the steps; None where that much was left to the end.

        Between the lags that were written down norms are taken to rise and fall by equal factors.
        """
        tiny = np.finfo(np.float64).tiny
        logs = np.interp(np.arange(self.lags[-1] + 1), self.lags, np.log(np.maximum(self.left[place], tiny)))
        return memory_length(np.exp(logs))

    def verdict(self, place: int) -> str:
        """Vanishing, exploding or healthy at one of the steps; "none" where the loss did not depend on this layer."""
        first, last = self.left[place, 0], self.left[place, -1]
        if not first:
            return "none"
        return "vanishing" if last < VANISHED else "exploding" if last > 1 / VANISHED else "healthy"


def watched(folder: Path) -> tuple[Watched, ...]:
    """What was measured in a run that was trained with `watch_gradients`, by layer and direction; () where nothing was.

    Args:
        folder: of the run.

    Raises:
        DataError: the file is broken.
    """
    path = folder / FILE
    rows = sorted(_read(path), key=_place)  # within a layer by step and lag, as they were written
    with readable(path, "course of gradients"):
        return tuple(_course(list(some)) for _, some in groupby(rows, _place))


def _course(rows: Sequence[Mapping[str, Any]]) -> Watched:
    steps = list(dict.fromkeys(row["step"] for row in rows))
    lags = [row["lag"] for row in rows if row["step"] == steps[0]]
    norms, left = (np.array([row[name] for row in rows]).reshape(len(steps), len(lags)) for name in ("norm", "left"))
    first, across, along = rows[0], np.array(steps, dtype=float), np.array(lags, dtype=float)
    return Watched(first["layer"], first["direction"], across, along, norms, left)


def _place(row: Mapping[str, Any]) -> tuple[int, int]:
    return row["layer"], DIRECTIONS.index(row["direction"])


def _read(path: Path) -> list[dict[str, Any]]:
    """The rows of the file; none where there is no file yet."""
    if not path.exists():
        return []
    kinds = {**dict.fromkeys(("step", "layer", "lag"), int), "direction": str, **dict.fromkeys(("norm", "left"), float)}
    with readable(path, "course of gradients"), path.open(encoding="utf-8", newline="") as file:
        rows = [{name: kinds[name](row[name]) for name in _COLUMNS} for row in csv.DictReader(file)]
        if strange := {row["direction"] for row in rows} - {*DIRECTIONS}:
            raise ValueError(f"a direction {strange.pop()!r}")
        return rows
