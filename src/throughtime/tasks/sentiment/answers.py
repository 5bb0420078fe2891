"""What a classifier says: of batches of texts that have labels, and of some that have none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from throughtime.data.batch import Loader, stack
from throughtime.models.base import Model

_TOGETHER = 64


@torch.no_grad()
def probabilities_of(model: Model, loader: Loader) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (N, C) of the classes of all texts, in double precision, and their targets, (N,) or (N, C)."""
    classifier: Any = model.eval()
    device = next(model.parameters()).device
    found, actual = [], []
    for batch in loader.epoch(0):
        moved = batch.to(device)
        logits = classifier(moved["inputs"], moved["lengths"], moved["parts"]).logits
        found.append(classifier.probabilities(logits))
        actual.append(batch["targets"])
    return torch.cat(found).cpu().numpy(), torch.cat(actual).numpy()


@torch.no_grad()
def answers(model: Model, texts: Sequence[Mapping[str, np.ndarray]]) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Probabilities (C,) of each text, and how much each of its elements counted (T,), in the texts' order.

    Args:
        model: put in evaluation mode.
        texts: each `inputs` (T,), T >= 1, in `parts` (S,); those of similar length are worked out together.
    """
    classifier: Any = model.eval()
    device = next(model.parameters()).device
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]["inputs"]))
    found: list[tuple[np.ndarray, np.ndarray | None]] = [(np.empty(0), None)] * len(texts)
    for start in range(0, len(order), _TOGETHER):
        here = order[start : start + _TOGETHER]
        lengths = torch.tensor([len(texts[index]["inputs"]) for index in here], device=device)
        inputs, parts = (stack([texts[index][name] for index in here], 0).to(device) for name in ("inputs", "parts"))
        logits, attention = classifier(inputs, lengths, parts)
        probabilities = classifier.probabilities(logits).cpu().numpy()
        weights = None if attention is None else attention.cpu().numpy()
        for row, index in enumerate(here):
            length = len(texts[index]["inputs"])
            found[index] = probabilities[row], None if weights is None else weights[row, :length]
    return iter(found)
