"""What a classifier says: of batches of texts, and of one text."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from throughtime.data.batch import Loader
from throughtime.models.base import Model


@torch.no_grad()
def probabilities_of(model: Model, loader: Loader) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (N, C) of the classes of all texts, in double precision, and their actual classes (N,)."""
    model.eval()
    device = next(model.parameters()).device
    found, actual = [], []
    for batch in loader.epoch(0):
        moved = batch.to(device)
        found.append(model(moved["inputs"], moved["lengths"], moved["parts"]).logits.double().softmax(dim=-1))
        actual.append(batch["targets"])
    return torch.cat(found).cpu().numpy(), torch.cat(actual).numpy()


@torch.no_grad()
def answer(model: Model, text: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray | None]:
    """Probabilities (C,) of one text, `inputs` (T,) in `parts` (S,), and how much each element counted (T,)."""
    model.eval()
    device = next(model.parameters()).device
    inputs, parts = (torch.from_numpy(text[name])[None].to(device) for name in ("inputs", "parts"))
    logits, attention = model(inputs, torch.tensor([inputs.shape[1]], device=device), parts)
    return logits[0].softmax(dim=-1).cpu().numpy(), None if attention is None else attention[0].cpu().numpy()
