"""Gates and states: the tables, and the section of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.reports.notes.leaving import leave, steps_in_words
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.insight.gates import Gates, LayerGates, Opening

_MOST_SYMBOLS = 60
_INPUTS, _LAYERS = 2, 2  # that are drawn on the page: of the layers the first ones


def tables(found: Sequence[Gates], opened: Sequence[Opening]) -> list[Table]:
    """How open gates are, how long units remember, and each gate's mean over the symbols of a short first input.

    Args:
        found: of each input.
        opened: of all of them.
    """
    first, shown = found[0], []
    if opened:
        rows = [(one.where, one.gate, one.off, one.on, one.mean) for one in opened]
        what = f"{len(found)} inputs" if len(found) > 1 else f"{len(first.symbols)} {first.unit}"
        shown.append(Table(f"gates over {what}", ("", "gate", "share < 0.1", "share > 0.9", "mean"), rows))
    lives = [(layer.name, layer.cell, *_reached(layer)) for layer in first.layers]
    title = f"{first.unit} after which units have lost half of what they held"
    shown.append(Table(title, ("", "cell", "every second unit", "one in ten, at least"), lives))
    if opened and len(first.symbols) <= _MOST_SYMBOLS:
        heads = [f"{layer.name} {gate}" for layer in first.layers for gate in layer.switches]
        columns = [layer.gates[gate].mean(axis=1).tolist() for layer in first.layers for gate in layer.switches]
        title = f"each gate's mean over the units{' (first input)' if len(found) > 1 else ''}"
        shown.append(Table(title, ("", *heads), list(zip(first.symbols, *columns, strict=True))))
    return shown


def _reached(layer: LayerGates) -> tuple[str, str]:
    """The half-life that half of the units reach, and a tenth of them."""
    if layer.memory is None:
        return steps_in_words(None), steps_in_words(None)
    half, tenth = np.quantile(layer.memory, (0.5, 0.9), method="higher").tolist()
    return steps_in_words(half), steps_in_words(tenth)


def leave_gates(folder: RunFolder, found: Sequence[Gates]) -> None:
    """Leave a section: the tables of all inputs, pictures of the first two.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    from throughtime.insight.gates import openings, verdict
    from throughtime.insight.pictures.gates import draw_layer

    opened = openings(found)
    pictures: dict[str, tuple[Callable[[Path], None], str]] = {}
    for number, one in enumerate(found[:_INPUTS], 1):
        for layer in one.layers[:_LAYERS]:
            what = f"input {number}, {layer.name}, units with the longest memory on top; the answer: {one.answer}"
            file = f"gates-{number}-{layer.layer}-{layer.direction}.png"
            pictures[file] = (partial(draw_layer, one, layer), what)
    sentences = [verdict(opened)]
    drawn = min(len(found), _INPUTS)
    if drawn < len(found) or len(found[0].layers) > _LAYERS:
        layers = f" the first {_LAYERS} of {len(found[0].layers)} layers and directions of" * (
            len(found[0].layers) > _LAYERS
        )
        sentences.append(f"Drawn are{layers} the first {drawn} of {len(found)} inputs.")
    leave(folder, "gates", "Gates and states", sentences, tables(found, opened)[:2], pictures)
