"""Gradients through time: the table, the advice, and the section of the report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from throughtime.reports.notes.leaving import leave, steps_in_words
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.insight.gradients import Flow

ADVICE = {
    "vanishing": (
        "Vanishing: what came long before hardly moves the weights. What keeps a gradient up: gates (--cell gru or "
        "lstm), a ReLU RNN that begins with the identity (IRNN), shorter ways (attention). Clipping does not: it only "
        "makes gradients smaller."
    ),
    "exploding": (
        "Exploding: one step can throw the weights far away. Clipping (--clip-norm 1) bounds it, gates (--cell gru, "
        "--cell lstm) and smaller recurrent weights keep it from growing."
    ),
}
_HEADS = ("", "cell", "verdict", "half gone at lag", "last lag", "left there", "factor a step", "largest stretch")


def table(named: Mapping[str, Flow], what: str) -> Table:
    """A line for each of what is compared: how far back, and how much of it is left.

    Args:
        named: layers of a run, or cells, by name.
        what: they are of.
    """
    rows = [
        (
            *(name, flow.cell, flow.verdict, lag_in_words(flow.memory)),
            *(len(flow.carried) - 1, flow.left, flow.factor, _stretch(flow)),
        )
        for name, flow in named.items()
    ]
    return Table(f"gradients through time: {what}", _HEADS, rows)


def lag_in_words(lag: float | None) -> str:
    """The lag from which on half of a gradient is gone."""
    return "never" if lag is None else steps_in_words(lag)


def _stretch(flow: Flow) -> float:
    """The most that a step's Jacobian stretches anything by, in the median of the steps."""
    return float(np.median(flow.jacobians[:, 0]))


def leave_gradients(folder: RunFolder, named: Mapping[str, Flow], what: str) -> None:
    """Leave a section: the table, what may help, the curves.

    Args:
        folder: of the run.
        named: its layers by name.
        what: they were measured over.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    from throughtime.insight.pictures.gradients import draw_flows

    verdicts = {flow.verdict for flow in named.values()}
    said = [advice for verdict, advice in ADVICE.items() if verdict in verdicts]
    drawn = {"gradients.png": (partial(draw_flows, named, title=what), f"norm of the gradient by the lag, {what}")}
    leave(folder, "gradients", "Gradients through time", said, [table(named, what)], drawn)
