"""A piece of music as a model's layers read it: frame by frame, or event by event, after a beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from throughtime.data.batch import Batch
from throughtime.decoding.sampling import Sampling
from throughtime.models.base import Model
from throughtime.models.generator import Generator
from throughtime.tasks.base.symbols import SymbolSequence
from throughtime.tasks.music.scores.representation import Piece, Representation
from throughtime.tasks.music.segments import segments
from throughtime.tasks.music.settings import MusicSettings

_BEGINNING = "(begin)"


def readings(model: Model, form: Representation, settings: MusicSettings, piece: Piece) -> Iterator[SymbolSequence]:
    """A piece, or with a latent space each of its segments, which have codes of their own.

    Each element is the answer to those before it. What is asked after the last one is what most probably comes next; a
    model with a latent space has heard the last one in the code, and is asked for that.

    Args:
        model: the run's.
        form: how pieces are represented.
        settings: of the training.
        piece: to be heard.
    """
    device = next(model.parameters()).device
    if isinstance(model, Generator):
        # one more, of which only the place counts: what is read of the sequence then ends with the piece's last element
        inputs = form.shifted(np.concatenate([piece.elements, piece.elements[-1:]]))
        guess = next(model.generate(torch.from_numpy(inputs)[None].to(device), Sampling(temperature=0)))
        targets = np.concatenate([piece.elements, guess.cpu().numpy().astype(piece.elements.dtype)])
        yield _reading(form, piece, inputs, targets, "recurrent", device)
        return
    for part in segments([piece], settings.segment_length):
        yield _reading(form, part, form.shifted(part.elements), part.elements, "decoder.recurrent", device)


def _reading(
    form: Representation, piece: Piece, inputs: Any, targets: Any, layers: str, device: torch.device
) -> SymbolSequence:
    tensors = {"inputs": torch.from_numpy(inputs)[None], "targets": torch.from_numpy(targets)[None]}
    return SymbolSequence(
        symbols=(_BEGINNING, *(form.name_of(element, piece.shift) for element in targets[:-1])),
        unit=f"{form.unit}s",
        layers=layers,
        batch=Batch(tensors, sequences=1, tokens=len(targets)).to(device),
        answer=f"{form.name_of(targets[-1], piece.shift)} as what comes next",
        each=True,
    )
