"""Attacks by gradients: inputs moved, or words replaced, so that the loss rises as much as it can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.data.batch import Batch
from throughtime.models.base import Model
from throughtime.tasks.base.attackable import Numbers, Replaceable

STEPS = 10
"""Steps of PGD, each a quarter of the amount."""
NEAR = 50
"""Words that may stand in place of one: those nearest to it by the angle of the model's own vectors."""
_TOGETHER = 512  # words whose cosines to all others are held at once


@dataclass(frozen=True)
class Attack:
    """One way to mislead a model.

    Args:
        name: as it is asked for.
        says: what it does, a sentence in which `{}` stands for the amount.
        amounts: at each severity.
        change: another batch of a model, a batch and an amount.
    """

    name: str
    says: str
    amounts: tuple[float, ...]
    change: Callable[[Model, Batch, float], Batch]

    def __str__(self) -> str:
        return f"{self.name}: {self.says.format(', '.join(f'{amount:g}' for amount in self.amounts))}"

    def at(self, severity: int) -> str:
        """What it does at one severity."""
        return self.says.format(f"{self.amounts[severity - 1]:g}")


def attacks_of(surface: Numbers | Replaceable) -> list[Attack]:
    """The attacks on such inputs."""
    if isinstance(surface, Replaceable):
        says = f"{{}} words of each become one of their {NEAR} nearest, chosen by the gradient"
        (name,) = surface.attacks
        return [Attack(name, says, surface.amounts, partial(hotflip, surface=surface))]
    one, many = surface.attacks
    each = f"every number is moved by up to {{}} {surface.unit}, against the model's own gradient"
    return [
        Attack(one, f"{each}, in one step", surface.amounts, partial(fgsm, surface=surface)),
        Attack(many, f"{each}, in {STEPS} steps", surface.amounts, partial(pgd, surface=surface)),
    ]


def fgsm(model: Model, batch: Batch, amount: float, surface: Numbers) -> Batch:
    """x + ε sign(∂L/∂x) (Goodfellow, Shlens and Szegedy 2015).

    Args:
        model: in evaluation mode.
        batch: with the right answers.
        amount: ε, the largest change of a number.
        surface: between which numbers they stay.
    """
    return _moved(model, batch, amount, amount, 1, surface)


def pgd(model: Model, batch: Batch, amount: float, surface: Numbers, steps: int = STEPS) -> Batch:
    """`fgsm` again and again by ε/4, never further than ε from where it began (Madry et al. 2018, no random start).

    Args:
        model, batch, amount, surface: as `fgsm` takes them.
        steps: how often.
    """
    return _moved(model, batch, amount, amount / 4, steps, surface)


def _moved(model: Model, batch: Batch, amount: float, size: float, steps: int, surface: Numbers) -> Batch:
    here = batch.to(next(model.parameters()).device)
    begun = here["inputs"].to(torch.get_default_dtype())
    x = begun
    for _ in range(steps):
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(_loss(model, here, x), x)
        # padding has no slope, and stays
        x = torch.clamp(x + size * slope.sign(), begun - amount, begun + amount).clamp(surface.low, surface.high)
    return _with(batch, x)


def hotflip(model: Model, batch: Batch, amount: float, surface: Replaceable) -> Batch:
    """Words become others, one a text at a time: what by the gradient raises the loss most (Ebrahimi et al. 2018).

    Args:
        model: in evaluation mode.
        batch: with the right answers.
        amount: how many words of each text; fewer where none would raise the loss.
        surface: where their vectors are, and which are words.
    """
    here = batch.to(next(model.parameters()).device)
    embedding: Any = model.get_submodule(surface.embedding)
    weights = embedding.weight.detach()
    is_word = torch.tensor(surface.words, device=weights.device)
    near = _Near(weights, is_word)
    ids = here["inputs"].clone()
    free = (torch.arange(ids.shape[1], device=ids.device) < here["lengths"][:, None]) & is_word[ids]
    for _ in range(int(amount)):
        slopes = _slopes(model, here, embedding, ids)
        for row, (words, slope, may) in enumerate(zip(ids, slopes, free, strict=True)):
            places = may.nonzero()[:, 0]
            if not len(places):
                continue
            others = near.of(words[places])
            # the first term of the loss's series in the step from one vector to the other
            rises = ((weights[others] - weights[words[places]][:, None]) * slope[places][:, None]).sum(dim=-1)
            best = int(rises.argmax())
            if rises.flatten()[best] > 0:
                place = places[best // others.shape[1]]
                ids[row, place] = others.flatten()[best]
                free[row, place] = False
    return _with(batch, ids)


def _loss(model: Model, batch: Batch, inputs: Tensor) -> Tensor:
    """The loss of a batch that reads something else, the same each time: a model with a latent space draws a code."""
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        return model.loss(replace(batch, tensors={**batch.tensors, "inputs": inputs})).total


def _with(batch: Batch, inputs: Tensor) -> Batch:
    return replace(batch, tensors={**batch.tensors, "inputs": inputs.detach().to(batch["inputs"].device)})


def _slopes(model: Model, batch: Batch, embedding: nn.Embedding, ids: Tensor) -> Tensor:
    """∂L/∂(vector of each place), (B, T, D): every place is given a vector of its own, that of its word."""
    with torch.enable_grad():
        own = nn.Parameter(embedding.weight.detach()[ids.flatten()])
        with _weights(embedding, own):
            loss = _loss(model, batch, torch.arange(ids.numel(), device=ids.device).view_as(ids))
            (slopes,) = torch.autograd.grad(loss, own)
    return slopes.view(*ids.shape, -1)


@contextmanager
def _weights(embedding: nn.Embedding, weights: nn.Parameter) -> Iterator[None]:
    """Inside, an embedding looks its vectors up elsewhere."""
    before, embedding.weight = embedding.weight, weights
    try:
        yield
    finally:
        embedding.weight = before


class _Near:
    """The words nearest to each, found when they are first asked for.

    Args:
        weights: (V, D).
        is_word: (V,).
    """

    def __init__(self, weights: Tensor, is_word: Tensor) -> None:
        self._unit = nn.functional.normalize(weights, dim=1)
        self._is_word, self._known = is_word, torch.zeros_like(is_word)
        self._near = torch.zeros(len(weights), max(1, min(NEAR, int(is_word.sum()) - 1)), dtype=torch.int64)
        self._near = self._near.to(weights.device)

    def of(self, words: Tensor) -> Tensor:
        """(N,) -> (N, 50), or as many as there are."""
        new = torch.tensor(sorted(set(words[~self._known[words]].tolist())), dtype=torch.int64, device=words.device)
        for start in range(0, len(new), _TOGETHER):
            some = new[start : start + _TOGETHER]
            cosines = (self._unit[some] @ self._unit.T).masked_fill(~self._is_word, -2.0)
            cosines[torch.arange(len(some)), some] = -2.0
            self._near[some] = cosines.topk(self._near.shape[1], dim=1).indices
            self._known[some] = True
        return self._near[words]
