"""What there is to report of a forecaster's answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.storage.report import Table
from throughtime.tasks.trajectory.features import Features
from throughtime.tasks.trajectory.scoring import distances, velocity_scores
from throughtime.tasks.trajectory.settings import TrajectorySettings
from throughtime.tasks.trajectory.tracks.stacked import targets
from throughtime.tasks.trajectory.tracks.windows import Window

if TYPE_CHECKING:
    from throughtime.models.forecaster import Forecaster


def scores(windows: Sequence[Window], answers: Sequence[dict[str, Any]], features: Features) -> dict[str, float]:
    """Distances, errors of direction and speed, likelihood and coverage.

    Args:
        windows: with targets.
        answers: one for each.
        features: say how slow is too slow for a direction.
    """
    directions = np.stack([answer["direction"] for answer in answers])
    speeds = np.array([answer["speed"][0] for answer in answers])
    return {
        **distances(windows, [answer["path"] for answer in answers]),
        **velocity_scores(windows, directions, speeds, features.slowest),
        "nll": float(np.concatenate([answer["nll"] for answer in answers]).mean()),
        "coverage": float(np.concatenate([answer["held"] for answer in answers]).mean()),
    }


def table_of_times(windows: Sequence[Window], answers: Sequence[dict[str, Any]]) -> Table:
    """How error and coverage grow with the time ahead."""
    ahead = np.concatenate([window.asked - window.times[-1] for window in windows])
    apart = np.concatenate(
        [np.linalg.norm(a["path"] - targets(w), axis=1) for w, a in zip(windows, answers, strict=True)]
    )
    held = np.concatenate([answer["held"] for answer in answers])
    edges = np.quantile(ahead, [0, 0.25, 0.5, 0.75, 1])
    parts = np.clip(np.searchsorted(edges, ahead, side="left") - 1, 0, 3)
    rows = [
        (f"{edges[p]:.3g} to {edges[p + 1]:.3g}", float(apart[parts == p].mean()), float(held[parts == p].mean()))
        for p in np.unique(parts)
    ]
    return Table(f"{len(windows)} windows, by seconds ahead", ("seconds", "mean distance", "in the 90 % region"), rows)


def table_of_one(answers: Sequence[dict[str, Any]], features: Features) -> Table:
    """What the model says when it has seen one position only."""
    flat = np.log(2 * np.pi) if features.dimensions == 2 else np.log(4 * np.pi)
    entropy = np.mean([answer["entropy"] for answer in answers])
    rows = [
        ("direction called unknown", f"{np.mean([answer['unknown'] for answer in answers]):.1%}"),
        ("entropy of the direction, flat distribution's", f"{entropy:.3f} of {flat:.3f} nats"),
        ("coverage of the 90 % regions", f"{np.concatenate([answer['held'] for answer in answers]).mean():.1%}"),
    ]
    return Table(f"one observed position ({len(answers)} windows)", ("", ""), rows)


def table_of_validation(model: Forecaster, features: Features, settings: TrajectorySettings) -> Table:
    """What was chosen on the validation split after learning."""
    from throughtime.models.outputs.mixture import WIDEST

    trust, beside = float(model.trust), int(model.beside)
    rival = "" if beside < 0 else f", added to {features.simple.names[beside]}"
    by = "" if settings.trust is None else " (as asked)"
    more = "" if settings.widen == 1 else f", of that {settings.widen:g} as asked"
    if not 1.01 / WIDEST < float(model.calibration) / settings.widen < WIDEST / 1.01:
        more += ": the end of the search, believe the regions less"
    rows = [
        ("share of the network's correction", f"{trust:.2f}{by}{rival}"),
        ("regions were widened by", f"{float(model.calibration):.3f}{more}"),
    ]
    return Table("chosen on the validation split", ("", ""), rows)
