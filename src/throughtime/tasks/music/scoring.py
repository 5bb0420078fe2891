"""How well a model predicts pieces, beside two simple methods; with a latent space, segments of pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from throughtime.storage.report import Report, Table
from throughtime.storage.scores import MODEL, Scores, Shown
from throughtime.tasks.base.bounds import bounds, latent_table
from throughtime.tasks.base.latent import LatentSettings
from throughtime.tasks.music.scores.representation import Piece, Representation
from throughtime.tasks.music.scores.statistics import Statistics

if TYPE_CHECKING:
    from throughtime.models.codes import Judged

_Heard = tuple[float, NDArray[np.generic]]
"""Nats of a whole piece, and the likeliest guess of each of its elements."""


def report(
    form: Representation, statistics: Statistics, pieces: Sequence[Piece], heard: Iterable[_Heard], unit: str
) -> Report:
    """NLL per element and accuracy of a model and of the simple methods.

    Args:
        form: how pieces are represented.
        statistics: what the simple methods know.
        pieces: what was judged.
        heard: what the model said of each.
        unit: of the NLL.
    """
    shares: dict[str, list[NDArray[np.float64]]] = {}
    for piece, (nats, guesses) in zip(pieces, heard, strict=True):
        simple = form.baselines(piece.elements, statistics)
        methods = {MODEL: (nats, guesses), **{name: (nll.sum(), guess) for name, (nll, guess) in simple.items()}}
        for method, (total, guess) in methods.items():
            hits = form.hits(piece.elements, guess)
            shares.setdefault(method, []).append(np.array([total, len(piece.elements), *hits]))
    sums = {method: np.sum(some, axis=0) for method, some in shares.items()}
    counts = {method: np.stack(some)[:, :2] for method, some in shares.items()}
    shown = [Shown(piece.name, "", f"{s[0] / s[1]:.3f} {unit}") for piece, s in zip(pieces, shares[MODEL], strict=True)]
    found = {m: {"nll": float(s[0] / s[1]), "accuracy": float(s[2] / max(s[3], 1))} for m, s in sums.items()}
    rows = [(method, f"{values['nll']:.3f}", f"{values['accuracy']:.1%}") for method, values in found.items()]
    table = Table(f"{len(pieces)} pieces", ("method", unit, "accuracy"), rows)
    return Report(found.pop(MODEL), found, [table], Scores("nll", "min", counts, shown))


def latent_report(
    form: Representation,
    statistics: Statistics,
    segments: Sequence[Piece],
    found: Sequence[Judged],
    count: int,
    settings: LatentSettings,
) -> Report:
    """The bounds, and what comes back from the codes alone, beside the simple methods.

    Args:
        form, statistics: as above.
        segments: what was judged.
        found: what the model said of each.
        count: segments that there are.
        settings: of the latent space.
    """
    plain = report(form, statistics, segments, ((one.nll, one.guesses) for one in found), "nats")
    pairs = zip(segments, found, strict=True)
    hits = np.sum([form.hits(segment.elements, one.remade) for segment, one in pairs], axis=0)
    metrics = {
        **bounds(found),
        "accuracy": plain.metrics["accuracy"],
        "reconstruction": float(hits[0] / max(hits[1], 1)),
    }
    # what knows no code has a likelihood, which is a bound of itself
    simple = {name: {"nelbo": numbers["nll"], **numbers} for name, numbers in plain.baselines.items()}
    return Report(metrics, simple, [latent_table(found, count, "segments", settings)], plain.scores)
