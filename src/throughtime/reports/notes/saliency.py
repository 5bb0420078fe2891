"""What each symbol counts for an answer: the table, and the section of the report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from throughtime.reports.notes.leaving import leave
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Table

if TYPE_CHECKING:
    from throughtime.insight.saliency import Saliency

_WIDTH = 20  # of the longest bar, in characters
_INPUTS = 3  # that are drawn on the page


def table(found: Saliency) -> Table:
    """The scores of an input's symbols, with bars for them."""
    largest = max(abs(float(score)) for score in found.scores) or 1.0
    rows = [
        (symbol, score, ("+" if score >= 0 else "-") * round(abs(score) / largest * _WIDTH))
        for symbol, score in zip(found.symbols, found.scores.tolist(), strict=True)
    ]
    title = f"{_of(found)}: log p {found.value:.4g}, of zeros {found.baseline:.4g}; the scores miss it by"
    return Table(f"{title} {found.error:.1g}", (found.unit, "nats", "for it (+) or against (-)"), rows)


def _of(found: Saliency) -> str:
    where = "" if found.step is None else f" at step {found.step}, {found.symbols[found.step]!r}"
    return f"{found.answer}{where}"


def leave_saliency(folder: RunFolder, found: Sequence[Saliency]) -> None:
    """Leave a section: pictures of the first three inputs.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    from throughtime.insight.pictures.saliency import draw_saliency

    drawn = found[:_INPUTS]
    said = ["Integrated gradients: nats of the answer's log-probability, above 0 for it, below 0 against it."]
    said += [f"Drawn are the first {_INPUTS} of {len(found)} inputs."] * (len(found) > _INPUTS)
    pictures = {
        f"saliency-{number}.png": (partial(draw_saliency, one), f"what counts for: {_of(one)}")
        for number, one in enumerate(drawn, 1)
    }
    leave(folder, "saliency", "What each symbol counts", said, [], pictures)
