"""What the forecaster says, brought back to the data's axes and units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from throughtime.data.batch import Batch
from throughtime.models.forecaster import Forecaster
from throughtime.models.outputs.mixture import coverage
from throughtime.tasks.trajectory.features import Features
from throughtime.tasks.trajectory.tracks.windows import Window

_UNKNOWN = 0.15
"""Length of the mean direction below which it is called unknown; 0 is flat, 1 certain."""


@torch.no_grad()
def answers(model: Forecaster, features: Features, windows: Sequence[Window], level: float) -> Iterator[dict[str, Any]]:
    """One answer for each window.

    Args:
        model: in evaluation mode.
        features: fitted.
        windows: a batch; with or without targets, all alike.
        level: probability of regions and intervals.

    Yields:
        path (K, D), the mixtures' means; weights (K, M), means (K, M, D), covariances (K, M, D, D); spreads (K, D, D),
        the whole mixtures' covariances; direction (D,), a unit vector, its concentration, entropy, spread (degrees) and
        whether it is unknown; speed (3,), median and interval; with targets also nll (K,) and held (K,), whether each
        lies in the region.
    """
    model.eval()
    arrays = features.arrays(windows)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    device = model.calibration.device
    batch = Batch(tensors, len(windows), int(tensors["lengths"].sum())).to(device)
    said = model(batch)
    found: dict[str, np.ndarray] = {}
    if "targets" in arrays:
        nll = -said.positions.log_prob(batch["targets"]) + features.dimensions * batch["deviation"].log()
        found = {"nll": _numpy(nll), "held": _numpy(coverage(said.positions, batch["targets"], level))}
    turn, scale = arrays["turn"].astype(float), arrays["deviation"].astype(float)
    back = turn.swapaxes(1, 2)
    means, factors = _numpy(said.positions.means), _numpy(said.positions.factors)
    weights, whole = _numpy(said.positions.weights), _numpy(said.positions.mean)
    last = np.stack([window.positions[-1] for window in windows])
    centre = last[:, None] + arrays["centre"]
    # y = R (x - centre) / scale, so x = centre + scale Rᵀ y
    factors = scale[:, :, None, None, None] * np.einsum("bde,bkmef->bkmdf", back, factors)
    found |= {
        "path": centre + scale[..., None] * np.einsum("bde,bke->bkd", back, whole),
        "weights": weights,
        "means": centre[:, :, None] + scale[:, :, None, None] * np.einsum("bde,bkme->bkmd", back, means),
        "covariances": factors @ factors.swapaxes(-1, -2),
    }
    apart = found["means"] - found["path"][:, :, None]
    each = found["covariances"] + apart[..., :, None] * apart[..., None, :]
    found["spreads"] = (weights[..., None, None] * each).sum(axis=2)
    speeds = [said.speed.quantile(share) for share in (0.5, (1 - level) / 2, (1 + level) / 2)]
    direction = said.direction
    found |= {
        "direction": np.einsum("bde,be->bd", back, _numpy(direction.direction)),
        "concentration": _numpy(direction.concentration),
        "entropy": _numpy(direction.entropy),
        "spread": _numpy(direction.spread(level)),
        "unknown": _numpy(direction.resultant) < _UNKNOWN,
        "speed": features.scales.speed * np.stack([_numpy(speed) for speed in speeds], axis=1),
    }
    for index, window in enumerate(windows):
        steps = len(window.asked)
        yield {name: values[index, :steps] if name in _BY_TIME else values[index] for name, values in found.items()}


_BY_TIME = frozenset({"nll", "held", "path", "weights", "means", "covariances", "spreads"})


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    array: np.ndarray = tensor.double().cpu().numpy() if tensor.is_floating_point() else tensor.cpu().numpy()
    return array
