"""Which of two sentences a language model finds more probable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from throughtime.errors import ThroughtimeError
from throughtime.tasks.base.symbols import SymbolSequence


@dataclass(frozen=True)
class Preference:
    """Of pairs of one kind, how many a model finds the right way round.

    Args:
        kind: what the pairs are to show.
        pairs: how many there are.
        right: how often the right sentence is the more probable one.
        undecided: how often both are as probable, such as where the words that differ are unknown.
    """

    kind: str
    pairs: int
    right: int
    undecided: int

    @property
    def share(self) -> float:
        """That is right; who does not decide guesses."""
        return (self.right + self.undecided / 2) / self.pairs


@torch.no_grad()
def surprise(model: Any, reading: SymbolSequence) -> float:
    """-log p of the symbols of a text but the one that stands before it, in nats.

    Args:
        model: in evaluation mode.
        reading: of the text, by a model each of whose steps is asked what comes next.

    Raises:
        ThroughtimeError: the steps are asked something else.
    """
    inputs, targets = reading.batch["inputs"], reading.batch["targets"]
    if not reading.each or inputs.shape != targets.shape or not torch.equal(inputs[:, 1:], targets[:, :-1]):
        raise ThroughtimeError("found a model that is not asked what comes next, expected a language model's run")
    # the last answer is the model's own
    tensors = {"inputs": inputs[:, :-1], "targets": targets[:, :-1]}
    batch = replace(reading.batch, tensors=tensors, tokens=inputs.shape[1] - 1)
    return float(model.loss(batch).total)


def preferences(pairs: Iterable[tuple[str, str, str]], surprise_of: Callable[[str], float]) -> Iterator[Preference]:
    """How many pairs of each kind are found the right way round; a kind's as soon as it is done.

    Args:
        pairs: kind, right and wrong sentence; those of one kind together.
        surprise_of: -log p of a sentence.
    """
    some: list[tuple[str, float]] = []
    for kind, right, wrong in pairs:
        if some and some[0][0] != kind:
            yield _counted(some)
            some = []
        some.append((kind, surprise_of(wrong) - surprise_of(right)))
    if some:
        yield _counted(some)


def _counted(some: Sequence[tuple[str, float]]) -> Preference:
    leads = [lead for _, lead in some]
    return Preference(some[0][0], len(some), sum(lead > 0 for lead in leads), sum(lead == 0 for lead in leads))
