"""What an evaluation says of a latent space of sequences: bounds, what is told, and whether the posterior collapsed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.storage.report import Table
from throughtime.tasks.base.latent import LatentSettings

if TYPE_CHECKING:
    from throughtime.data.batch import Loader
    from throughtime.models.base import Model
    from throughtime.models.codes import Judged

_COLLAPSED = 1.0  # nats of divergence below which the codes say nothing worth telling


def nelbo(model: Model, loader: Loader, seed: int) -> float:
    """The negative evidence lower bound per step, the same each time it is asked for."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return model.mean_loss(loader)


def judge(model: Any, loader: Loader, settings: LatentSettings) -> list[Judged]:
    """What a model says of each sequence, the same each time it is asked."""
    import torch

    from throughtime.models import codes

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return list(codes.judge(model, loader, settings.importance_samples))


def chosen(count: int, most: int) -> np.ndarray:
    """Which of so many sequences are judged: at most so many, evenly spread."""
    return np.linspace(0, count - 1, min(count, most)).astype(int)


def bounds(found: Sequence[Judged]) -> dict[str, float]:
    """The bounds in nats per step, and the divergence in nats per sequence."""
    steps = sum(len(one.terms) for one in found)
    return {
        "nelbo": sum(one.nelbo for one in found) / steps,
        "nll": sum(one.nll for one in found) / steps,
        "kl": sum(one.divergence for one in found) / len(found),
    }


def latent_table(found: Sequence[Judged], count: int, unit: str, settings: LatentSettings) -> Table:
    """What was judged and how, how many latent units say anything, and whether any does.

    Args:
        found: what the model said.
        count: sequences that there are.
        unit: what they are, in the plural.
        settings: of the latent space.
    """
    import torch

    from throughtime.models.vae import active_units

    active = active_units(torch.tensor([one.code.tolist() for one in found])) if len(found) > 1 else 0
    far = bounds(found)["kl"]
    rows: list[tuple[str, str | int | float]] = [
        (f"{unit} judged, of {count:,}", len(found)),
        ("codes drawn for each (nll: the importance-weighted bound)", settings.importance_samples),
        ("kl: divergence of a code from the prior, nats", far),
        (f"active units of {settings.latent}", active),
    ]
    if far < _COLLAPSED:
        rows.append(("the posterior has collapsed", "the codes say nothing: --free-bits, --kl-warmup, --word-dropout"))
    return Table("the latent space", ("", ""), rows)
