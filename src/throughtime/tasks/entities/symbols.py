"""A sentence as a tagger's layers read it: word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from throughtime.data.words.traits import traits_of
from throughtime.models.tagger import Tagger
from throughtime.tasks.base.symbols import SymbolSequence
from throughtime.tasks.entities.features import Features


def reading(tagger: Tagger, features: Features, words: Sequence[str]) -> SymbolSequence:
    """The words of a sentence, at least one, and the tags that they get.

    Args:
        tagger: the run's.
        features: those that it was trained with.
        words: of the sentence.
    """
    tagger.eval()
    (batch,) = features.loader([words], 1).epoch(0)
    batch = batch.to(next(tagger.parameters()).device)
    with torch.no_grad():
        tags = tagger.best(tagger(batch).float(), batch["lengths"])
    batch = replace(batch, tensors={**batch.tensors, "targets": tags})
    names = " ".join(features.tags[tag] for tag in tags[0].tolist())
    return SymbolSequence(tuple(words), "words", "recurrent", batch, names, each=True, traits=traits_of(words))
