"""What a classifier of clips says: of batches of clips, and of one clip as it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from throughtime.data.batch import Loader
from throughtime.models.base import Model
from throughtime.tasks.base import Alignment

_POINTS = 16  # of time, at which it says what the clip would be so far


@torch.no_grad()
def probabilities_of(model: Model, loader: Loader) -> np.ndarray:
    """Probabilities (N, C) of the classes of all clips."""
    model.eval()
    device = next(model.parameters()).device
    batches = (batch.to(device) for batch in loader.epoch(0))
    logits = [model(batch["inputs"], batch["lengths"]).logits for batch in batches]
    probabilities: np.ndarray = torch.cat(logits).double().softmax(dim=-1).cpu().numpy()
    return probabilities


@torch.no_grad()
def alignment(model: Model, frames: np.ndarray, labels: Sequence[str]) -> Alignment:
    """How much each frame of one clip counted for its class.

    Args:
        model: a classifier that pools by attention.
        frames: (T, ...).
        labels: by their numbers.
    """
    classifier: Any = model.eval()
    device = next(model.parameters()).device
    inputs, lengths = torch.from_numpy(frames)[None].to(device), torch.tensor([len(frames)], device=device)
    logits, weights = classifier(inputs, lengths)
    label = labels[int(logits.argmax())]
    numbers = tuple(str(number) for number in range(1, len(frames) + 1))
    return Alignment(numbers, "frames", (label,), label, weights.double().cpu().numpy())


def so_far(model: Model, frames: np.ndarray) -> tuple[list[float], np.ndarray]:
    """How probable each class of one clip is by the time so much has been seen.

    Args:
        model: a classifier.
        frames: (T, ...).

    Returns:
        Shares of the clip, up to all of it, N of them, and the probabilities (N, C) after each.
    """
    classifier: Any = model.eval()
    device = next(model.parameters()).device
    ends = np.unique(np.linspace(1, len(frames), min(len(frames), _POINTS)).round().astype(int))
    scores = classifier.so_far(torch.from_numpy(frames).to(device), ends.tolist())
    return (ends / len(frames)).tolist(), scores.cpu().numpy()
