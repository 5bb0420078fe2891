"""A text as a classifier's layers read it: word by word, each sentence by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from throughtime.data.batch import Batch
from throughtime.data.words.traits import traits_of
from throughtime.models.base import Model
from throughtime.tasks.base.symbols import SymbolSequence
from throughtime.tasks.sentiment.answers import answers


def readings(
    model: Model,
    words: Sequence[str],
    text: Mapping[str, np.ndarray],
    own: Callable[[np.ndarray], tuple[Any, str]],
) -> Iterator[SymbolSequence]:
    """The sentences of a text, and what each says for the label that the whole text gets.

    Args:
        model: the run's.
        words: (T,), those that are read.
        text: the same as numbers: `inputs` (T,) in `parts` (S,).
        own: gives of the probabilities (C,) what the model itself takes for right, and its name.
    """
    device = next(model.parameters()).device
    probabilities, _ = next(answers(model, [text]))
    target, label = own(probabilities)
    ends = np.cumsum(text["parts"])
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        inputs = torch.from_numpy(text["inputs"][start:end])[None]
        tensors = {"inputs": inputs, "targets": torch.as_tensor(target)[None]}
        tensors["lengths"] = torch.tensor([inputs.shape[1]])
        batch = Batch(tensors, sequences=1, tokens=inputs.shape[1]).to(device)
        here = tuple(words[start:end])
        yield SymbolSequence(here, "words", "recurrent", batch, label, traits=traits_of(here))
