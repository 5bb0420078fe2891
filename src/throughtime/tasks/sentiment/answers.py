"""What a classifier says: of batches of texts, and of one text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from throughtime.data.batch import Batch, Loader
from throughtime.models.base import Model


@torch.no_grad()
def logits_of_batches(model: Model, loader: Loader) -> Iterator[tuple[Batch, np.ndarray]]:
    """Each batch and its logits (B, C)."""
    model.eval()
    device = next(model.parameters()).device
    for batch in loader.epoch(0):
        moved = batch.to(device)
        logits = model(moved["inputs"], moved["lengths"], moved["parts"]).logits
        yield batch, logits.float().cpu().numpy()


@torch.no_grad()
def answer(model: Model, text: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray | None]:
    """Probabilities (C,) of one text, `inputs` (T,) in `parts` (S,), and how much each element counted (T,)."""
    model.eval()
    device = next(model.parameters()).device
    inputs, parts = (torch.from_numpy(text[name])[None].to(device) for name in ("inputs", "parts"))
    logits, attention = model(inputs, torch.tensor([inputs.shape[1]], device=device), parts)
    return logits[0].softmax(dim=-1).cpu().numpy(), None if attention is None else attention[0].cpu().numpy()
