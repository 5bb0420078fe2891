"""A generator at work on whole pieces: what it thinks of each element, and how it goes on from some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from throughtime.data.batch import Batch, Loader
from throughtime.decoding.sampling import Sampling
from throughtime.models.generator import Generator


@torch.no_grad()
def listen(model: Generator, loader: Loader) -> Iterator[tuple[NDArray[np.float32], NDArray[Any]]]:
    """-log p of each element of each sequence, and the model's likeliest guess of each.

    Args:
        model: a generator.
        loader: the sequences in order, cut into windows or not.

    Yields:
        For each sequence (T,) nats, and guesses as its targets.
    """
    model.eval()
    rows: list[list[tuple[NDArray[np.float32], NDArray[Any]]]] = []
    state = None
    for batch in loader.epoch(0):
        if batch.first:
            yield from map(_joined, rows)
            rows, state = [[] for _ in range(len(batch["inputs"]))], None
        terms, state = judge(model, batch, state)
        for row, piece in zip(rows, terms, strict=True):
            row.append(piece)
    yield from map(_joined, rows)


def judge(model: Generator, batch: Batch, state: Any) -> tuple[list[tuple[NDArray[np.float32], NDArray[Any]]], Any]:
    """For each row of a padded batch, its real steps' terms and guesses; and the final state."""
    batch = batch.to(next(model.parameters()).device)
    targets, lengths = batch["targets"], batch["lengths"]
    hidden, state = model(batch["inputs"], lengths, state)
    real = torch.arange(targets.shape[1], device=targets.device) < lengths[:, None]
    nll = model.output.nll(hidden[real], targets[real]).cpu().numpy()
    guesses = model.output.sample(hidden[real], Sampling(temperature=0)).to(targets.dtype).cpu().numpy()
    ends = np.cumsum(lengths.cpu().numpy())[:-1]
    return list(zip(np.split(nll, ends), np.split(guesses, ends), strict=True)), state


def _joined(parts: list[tuple[NDArray[np.float32], NDArray[Any]]]) -> tuple[NDArray[np.float32], NDArray[Any]]:
    nll, guesses = zip(*parts, strict=True)
    return np.concatenate(nll), np.concatenate(guesses)


def carry_on(model: Generator, primer: NDArray[Any], sampling: Sampling) -> Iterator[NDArray[Any]]:
    """Elements that follow, for ever.

    Args:
        model: a generator.
        primer: what its network reads first (T, ...), T >= 1.
        sampling: how to draw.

    Yields:
        One element after the other.
    """
    device = next(model.parameters()).device
    for element in model.generate(torch.from_numpy(primer)[None].to(device), sampling):
        yield element[0].cpu().numpy()
