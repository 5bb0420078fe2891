"""A track as a forecaster's encoder reads it: point by point."""

from __future__ import annotations

from dataclasses import replace

import torch

from throughtime.data.batch import Batch
from throughtime.models.forecaster import Forecaster
from throughtime.tasks.base.symbols import SymbolSequence
from throughtime.tasks.trajectory.features import Features
from throughtime.tasks.trajectory.tracks.windows import Window


def reading(model: Forecaster, features: Features, window: Window) -> SymbolSequence:
    """The points that are observed, and the positions, direction and speed that the model expects.

    Args:
        model: the run's.
        features: fitted.
        window: its targets are not looked at.
    """
    model.eval()
    arrays = features.arrays([replace(window, targets=None)])
    batch = Batch({name: torch.from_numpy(array) for name, array in arrays.items()}, 1, len(window.times))
    batch = batch.to(model.calibration.device)
    with torch.no_grad():
        said = model(batch)
    own = {"targets": said.positions.mean, "direction": said.direction.direction, "speed": said.speed.quantile(0.5)}
    symbols = tuple(", ".join(f"{number:.3g}" for number in place) for place in window.positions)
    batch = replace(batch, tensors={**batch.tensors, **own})
    return SymbolSequence(symbols, "points", "encoder", batch, f"the next {len(window.asked)} positions")
