"""A text as a classifier's layers read it: word by word, each sentence by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from throughtime.data.batch import Batch
from throughtime.data.words.traits import traits_of
from throughtime.models.base import Model
from throughtime.tasks.base.symbols import SymbolSequence
from throughtime.tasks.sentiment.answers import answers


def readings(
    model: Model, words: Sequence[str], text: Mapping[str, np.ndarray], labels: Sequence[str]
) -> Iterator[SymbolSequence]:
    """The sentences of a text, and what each says for the label that the whole text gets.

    Args:
        model: the run's.
        words: (T,), those that are read.
        text: the same as numbers: `inputs` (T,) in `parts` (S,).
        labels: by their numbers.
    """
    device = next(model.parameters()).device
    probabilities, _ = next(answers(model, [text]))
    label = int(probabilities.argmax())
    ends = np.cumsum(text["parts"])
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        inputs = torch.from_numpy(text["inputs"][start:end])[None]
        tensors = {"inputs": inputs, "targets": torch.tensor([label]), "lengths": torch.tensor([inputs.shape[1]])}
        batch = Batch(tensors, sequences=1, tokens=inputs.shape[1]).to(device)
        own = tuple(words[start:end])
        yield SymbolSequence(own, "words", "recurrent", batch, labels[label], traits=traits_of(own))
