"""A clip as a classifier's layers read it: frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from throughtime.data.batch import Batch
from throughtime.models.base import Model
from throughtime.tasks.base.symbols import SymbolSequence


def reading(model: Model, frames: np.ndarray, labels: Sequence[str]) -> SymbolSequence:
    """The frames of a clip that are looked at, and the class that it is taken for.

    Args:
        model: the run's.
        frames: (T, ...), prepared as for an answer.
        labels: by their numbers.
    """
    classifier: Any = model.eval()
    device = next(model.parameters()).device
    tensors = {"inputs": torch.from_numpy(frames)[None], "lengths": torch.tensor([len(frames)])}
    batch = Batch(tensors, sequences=1, tokens=len(frames)).to(device)
    with torch.no_grad():
        label = classifier(batch["inputs"], batch["lengths"]).logits.argmax(dim=1)
    batch = Batch({**batch.tensors, "targets": label}, sequences=1, tokens=len(frames))
    symbols = tuple(str(number) for number in range(1, len(frames) + 1))
    return SymbolSequence(symbols, "frames", "recurrent", batch, labels[int(label)])
