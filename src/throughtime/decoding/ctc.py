"""Connectionist temporal classification (CTC): from a symbol or blank at each step to the text that was said.

A step's symbol is 1 to K-1, or 0, the blank. Many ways through the steps say the same text: repeats are taken together,
then blanks are left out, so that "aa-ab--b" says "aabb" (Graves et al. 2006). log p(text) is that of all of its ways.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.decoding.language import BLANK, Floats, LanguageModel, Memory
from throughtime.decoding.prefixes import ROOT, Prefixes
from throughtime.errors import ArgumentError, NotANumberError

_FORGET = 2_048  # so many prefixes of a stream are remembered, beside those at work, before the dead ones are let go


class Hypothesis(NamedTuple):
    """A text that may have been said.

    Args:
        tokens: (U,), without blanks.
        score: what hypotheses are ranked by: log p of the sound, weight · log p of the language, bonus · U.
        log_probability: log p of the sound alone, of all ways to say it that the beam held, in nats.
    """

    tokens: NDArray[np.int64]
    score: float
    log_probability: float


def steps_needed(tokens: Sequence[int]) -> int:
    """How few steps can say a text: one a symbol, and a blank between two that are the same.

    Example:
        >>> steps_needed([8, 5, 12, 12, 15])
        6
    """
    return len(tokens) + sum(left == right for left, right in pairwise(tokens))


def greedy(log_probs: Tensor, lengths: Tensor) -> list[list[int]]:
    """The text of the most probable way: the best symbol of each step (best path decoding, Graves et al. 2006).

    Args:
        log_probs: (B, T, K).
        lengths: (B,), how many steps of each row are real.

    Example:
        >>> steps = torch.tensor([1, 1, 0, 1, 2, 2, 0, 1])
        >>> greedy(torch.eye(3)[steps].log()[None], torch.tensor([7]))
        [[1, 1, 2]]
    """
    _check(log_probs, lengths)
    best = log_probs.argmax(dim=-1)
    new = torch.ones_like(best, dtype=torch.bool)
    new[:, 1:] = best[:, 1:] != best[:, :-1]
    said = new & (best != BLANK) & (torch.arange(best.shape[1], device=best.device) < lengths.to(best.device)[:, None])
    return [row[kept].tolist() for row, kept in zip(best.cpu(), said.cpu(), strict=True)]


class BeamSearch:
    """Prefix beam search of one row, step by step as it comes (Graves 2012, section 7.5.3; Hannun et al. 2014).

    For each of the best beginnings of a text, p of all ways that say it until now is kept in two parts, of those that
    end in a blank and of those that end in its last symbol, as only after a blank the same symbol counts again. Ranked
    by log p(beginning | sound) + weight · log p(beginning | language) + bonus · length.

    Args:
        width: how many beginnings go on.
        language_model: over the same K symbols, or None.
        weight: of its log p.
        bonus: added for each symbol, since a language model is the surer the less is said.
        rarest: symbols less probable than that at a step are not tried there; 0: all are.
        margin: beginnings that score less than the best one by more than this are given up; infinity: none.

    Raises:
        ArgumentError: numbers out of range, or a weight without a language model.

    Example:
        >>> search = BeamSearch(width=8)
        >>> for step in torch.tensor([[0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]).log():
        ...     search.advance(step[None])
        >>> search.best(1)[0].tokens.tolist()
        [1, 2]
    """

    def __init__(
        self,
        width: int = 16,
        language_model: LanguageModel | None = None,
        weight: float = 0.0,
        bonus: float = 0.0,
        *,
        rarest: float = 1e-5,
        margin: float = 20.0,
    ) -> None:
        numbers = math.isfinite(weight) and weight >= 0 and math.isfinite(bonus)
        if width < 1 or not numbers or not 0 <= rarest < 1 or not margin > 0:
            raise ArgumentError(
                f"found width={width}, weight={weight}, bonus={bonus}, rarest={rarest}, margin={margin}, expected a "
                "width of at least 1, a weight of at least 0, a probability below 1, and a margin above 0"
            )
        if weight and language_model is None:
            raise ArgumentError(f"found weight={weight} and no language model, expected one that it weighs")
        self.width, self.weight, self.bonus, self.margin = width, weight, bonus, margin
        self._rarest = math.log(rarest) if rarest else -math.inf
        self._tree = Prefixes()
        # the beginnings at work; log p of their ways that end in a blank, and in their last symbol
        self._prefixes = np.array([ROOT])
        self._blank, self._symbol = np.zeros(1), np.array([-np.inf])
        self._language = Memory(language_model, self._tree) if language_model is not None and weight else None

    def advance(self, log_probs: Tensor | NDArray[Any]) -> None:
        """Hear some more steps, (N, K).

        Raises:
            ArgumentError: another shape, or another K than the language model's.
            NotANumberError: they are no numbers, or all symbols of a step are impossible.
        """
        given = log_probs.detach().cpu().numpy() if isinstance(log_probs, Tensor) else log_probs
        steps = np.asarray(given, dtype=np.float64)
        if steps.ndim != 2 or steps.shape[1] < 2:
            raise ArgumentError(f"found log-probabilities of shape {steps.shape}, expected (N, K), K at least 2")
        if self._language is not None and self._language.symbols != steps.shape[1]:
            raise ArgumentError(
                f"found {steps.shape[1]} symbols, expected {self._language.symbols} as the language model has"
            )
        if not np.isfinite(steps.max(axis=1)).all():
            raise NotANumberError("found log-probabilities of which none is a finite number: the model is damaged")
        for step in steps:
            self._hear(step)
            if len(self._tree) > _FORGET + 2 * int(self._tree.lengths(self._prefixes).max(initial=0)):
                self._forget()

    def best(self, many: int | None = None, *, ended: bool = True) -> list[Hypothesis]:
        """What may have been said until now, the best first.

        Args:
            many: at most so many; None: all that are left.
            ended: whether the text is at its end, so that the language model counts that too.
        """
        score = self._ranked()
        if ended and self._language is not None:
            score = score + self.weight * self._language.scores(self._prefixes)[:, BLANK]
        total = np.logaddexp(self._blank, self._symbol)
        order = np.argsort(-score, kind="stable")[:many]
        return [
            Hypothesis(self._tree.text(int(self._prefixes[place])), float(score[place]), float(total[place]))
            for place in order
        ]

    def settled(self) -> NDArray[np.int64]:
        """The symbols that all beginnings at work have in common: no more sound can change them."""
        left = set(self._prefixes.tolist())
        while len(left) > 1:  # the largest number is no beginning of the others: it goes back by a symbol
            last = max(left)
            left.remove(last)
            left.add(self._tree.parent(last))
        return self._tree.text(left.pop()) if left else np.empty(0, dtype=np.int64)

    def _ranked(self) -> Floats:
        score: Floats = np.logaddexp(self._blank, self._symbol) + self.bonus * self._tree.lengths(self._prefixes)
        if self._language is not None:
            score = score + self.weight * self._language.totals(self._prefixes)
        return score

    def _hear(self, step: Floats) -> None:
        """One step, (K,)."""
        last, total = self._tree.last(self._prefixes), np.logaddexp(self._blank, self._symbol)
        # a blank, or the last symbol once more, says nothing new; the empty beginning has no last symbol: p is 0
        blank, symbol = total + step[BLANK], self._symbol + step[last]
        tried = 1 + np.flatnonzero(step[1:] >= min(self._rarest, step.max()))
        if not len(tried):
            self._blank, self._symbol = blank, symbol
            return
        longer = total[:, None] + step[tried]
        column = np.searchsorted(tried, last)
        own = (column < len(tried)) & (tried[np.minimum(column, len(tried) - 1)] == last)
        longer[own, column[own]] = self._blank[own] + step[last[own]]
        # what leads to a beginning that is at work already is one of its ways
        row = self._rows(self._tree.parents(self._prefixes))
        own &= row >= 0
        way = (row[own], column[own])
        symbol[own] = np.logaddexp(symbol[own], longer[way])
        longer[way] = -np.inf
        self._choose(blank, symbol, longer, tried)

    def _rows(self, prefixes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which of the beginnings at work each of some is; -1: none of them."""
        order = np.argsort(self._prefixes)
        ordered = self._prefixes[order]
        place = np.minimum(np.searchsorted(ordered, prefixes), len(ordered) - 1)
        return np.where(ordered[place] == prefixes, order[place], -1)

    def _choose(self, blank: Floats, symbol: Floats, longer: Floats, tried: NDArray[np.int64]) -> None:
        """The best of all: beginnings as they are, and longer ones."""
        lengths = self._tree.lengths(self._prefixes)
        stay, grow = np.logaddexp(blank, symbol) + self.bonus * lengths, longer + self.bonus * (lengths[:, None] + 1)
        if self._language is not None:
            language = self._language.totals(self._prefixes)
            following = self._language.scores(self._prefixes)[:, tried]
            stay = stay + self.weight * language
            grow = grow + self.weight * (language[:, None] + following)
        score = np.concatenate((stay, grow.ravel()))
        chosen = np.flatnonzero(score >= score.max() - self.margin)
        chosen = chosen[score[chosen] > -np.inf]
        if len(chosen) > self.width:
            chosen = chosen[np.argpartition(-score[chosen], self.width - 1)[: self.width]]
        kept = chosen[chosen < len(stay)]
        parents, columns = np.divmod(chosen[chosen >= len(stay)] - len(stay), len(tried))
        new = [
            self._tree.longer(prefix, said)
            for prefix, said in zip(self._prefixes[parents].tolist(), tried[columns].tolist(), strict=True)
        ]
        self._prefixes = np.concatenate((self._prefixes[kept], np.array(new, dtype=np.int64)))
        self._blank = np.concatenate((blank[kept], np.full(len(new), -np.inf)))
        self._symbol = np.concatenate((symbol[kept], longer[parents, columns]))
        if self._language is not None:
            self._language.learn(new)

    def _forget(self) -> None:
        renamed = self._tree.keep(self._prefixes.tolist())
        self._prefixes = np.array([renamed[prefix] for prefix in self._prefixes.tolist()])
        if self._language is not None:
            self._language.rename(renamed, self._prefixes.tolist())


def prefix_beam(
    log_probs: Tensor, lengths: Tensor, search: Callable[[], BeamSearch] = BeamSearch
) -> list[list[Hypothesis]]:
    """The most probable texts of each row, the best first.

    Args:
        log_probs: (B, T, K).
        lengths: (B,), how many steps of each row are real.
        search: begins the search of a row, such as `partial(BeamSearch, width=8)`.

    Example:
        >>> steps = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()[None]
        >>> greedy(steps, torch.tensor([2]))  # nothing at all is the most probable way, with 0.36
        [[]]
        >>> best = prefix_beam(steps, torch.tensor([2]))[0][0]  # but three ways say "1", with 0.64
        >>> best.tokens.tolist(), round(math.exp(best.log_probability), 2)
        ([1], 0.64)
    """
    _check(log_probs, lengths)
    found = []
    for row, length in zip(log_probs.detach().cpu(), lengths.tolist(), strict=True):
        begun = search()
        begun.advance(row[:length])
        found.append(begun.best())
    return found


def _check(log_probs: Tensor, lengths: Tensor) -> None:
    rows = log_probs.shape[0] if log_probs.dim() == 3 else -1
    if rows < 0 or tuple(lengths.shape) != (rows,) or log_probs.shape[2] < 2:
        raise ArgumentError(
            f"found log-probabilities of shape {tuple(log_probs.shape)} and lengths of {tuple(lengths.shape)}, "
            "expected (B, T, K) with K at least 2, and (B,)"
        )
    if rows and not 0 <= int(lengths.min()) <= int(lengths.max()) <= log_probs.shape[1]:
        raise ArgumentError(f"found lengths {lengths.tolist()}, expected 0 to {log_probs.shape[1]} steps each")
