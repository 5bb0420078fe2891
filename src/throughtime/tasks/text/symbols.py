"""A text as a language model's layers read it: token by token, after the end of a line."""

from __future__ import annotations

import numpy as np
import torch

from throughtime.data.batch import Batch
from throughtime.data.tokens.tokens import Tokenizer
from throughtime.data.words.traits import traits_of
from throughtime.decoding.sampling import Sampling
from throughtime.models.base import Model
from throughtime.models.generator import Generator
from throughtime.tasks.base.symbols import SymbolSequence, visible
from throughtime.tasks.text.corpus.sentences import sentence
from throughtime.tasks.text.settings import UNITS


def reading(model: Model, tokenizer: Tokenizer, text: str) -> SymbolSequence:
    """The end of a line and the tokens of a text.

    Each token is the answer to those before it. What a language model is asked after the last one is what most
    probably comes next, and a model with a latent space, which reads whole lines, the end of the line.

    Args:
        model: the run's.
        tokenizer: what its tokens are.
        text: perhaps of several lines.
    """
    ids = tokenizer.encode(text).astype(np.int64)
    row = sentence(np.append(ids, tokenizer.start), tokenizer.start)
    inputs, targets = (torch.from_numpy(row[name])[None] for name in ("inputs", "targets"))
    device = next(model.parameters()).device
    if isinstance(model, Generator):
        targets[0, -1] = int(next(model.generate(inputs.to(device), Sampling(temperature=0))))
    last = visible(tokenizer.decode([int(targets[0, -1])]))
    written = [tokenizer.decode([index]) for index in row["inputs"].tolist()]
    return SymbolSequence(
        symbols=tuple(map(visible, written)),
        unit=UNITS[tokenizer.level],
        layers="recurrent" if isinstance(model, Generator) else "decoder.recurrent",
        batch=Batch({"inputs": inputs, "targets": targets}, sequences=1, tokens=targets.shape[1]).to(device),
        answer=f"{last!r} as what comes next",
        each=True,
        traits=traits_of(written),
    )
