"""A sentence as a translator's encoder reads it: piece by piece, or word by word, and its end."""

from __future__ import annotations

import numpy as np
import torch

from throughtime.data.batch import Batch
from throughtime.data.words.traits import traits_of
from throughtime.models.base import Model
from throughtime.tasks.base.symbols import SymbolSequence, visible
from throughtime.tasks.translation.answers import Answers

_END = "(end)"


def reading(model: Model, answers: Answers, text: str) -> SymbolSequence:
    """What the encoder reads of a sentence, and what the decoder says to it, word after the most probable word.

    Args:
        model: the run's.
        answers: with the sentences' codes.
        text: not blank.
    """
    ids = answers.read(text)
    ((hypotheses, _),) = answers.search(model, [text], beams=1)
    said = answers.say(hypotheses[0], text)
    targets = np.append(hypotheses[0].tokens, answers.target.end).astype(np.int64)
    tensors = {
        "inputs": torch.from_numpy(ids)[None],
        "input_lengths": torch.tensor([len(ids)]),
        "targets": torch.from_numpy(targets)[None],
        "lengths": torch.tensor([len(targets)]),
    }
    batch = Batch(tensors, sequences=1, tokens=len(targets)).to(next(model.parameters()).device)
    unit = "pieces of words" if answers.source.level == "bpe" else "words"
    written = [*answers.source.pieces(text), _END]
    traits = traits_of([*written[:-1], ""])  # its end is no part of the text
    return SymbolSequence(tuple(map(visible, written)), unit, "encoder", batch, said, traits=traits)
