"""Beam search over any model that says, step by step, what may come next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.decoding.continuations import Continuations
from throughtime.errors import ArgumentError, NotANumberError


class Decodable(Protocol):
    """A model at work on B sentences, each with K beams; it keeps its own state."""

    def step(self, tokens: Tensor) -> tuple[Continuations, Tensor]:
        """Read the last element of each beam.

        Args:
            tokens: (B, K) int64.

        Returns:
            What may come next, and numbers to be kept with it (B, K, S), such as its attention.
        """
        ...

    def select(self, sentences: Tensor | None, parents: Tensor) -> None:
        """Go on with some beams.

        Args:
            sentences: (B',), which sentences, ascending; None: all.
            parents: (B', K'), which of its beams each of a sentence's new beams goes on from.
        """
        ...


class Hypothesis(NamedTuple):
    """One way to go on to the end.

    Args:
        tokens: (L,), without begin and end mark.
        score: what hypotheses are ranked by, log p / penalty(length).
        log_probability: log p of all tokens and the end mark, in nats.
        notes: (L + 1, S), what the model wanted to be kept with each token and with the end mark.
    """

    tokens: NDArray[np.int64]
    score: float
    log_probability: float
    notes: NDArray[np.float32]


@dataclass(frozen=True)
class BeamSearch:
    """How to look for the most probable sequence.

    At each step the `beams` best unfinished beginnings of a sentence go on. Of all their continuations the `beams` best
    are looked at: one that ends there is a finished hypothesis, scored by log p / penalty; the others, and as many of
    the next best as make up for the finished ones, are the new beginnings. With one beam this is greedy search.

    Args:
        beams: K, beginnings that are kept for each sentence.
        penalty: of a length |y| that counts the end mark: "gnmt" ((5 + |y|) / 6)^α (Wu et al. 2016, equation 14),
            "plain" |y|^α, "none" 1.
        alpha: α.
        shortest: fewest tokens before the end mark.
        longest: most tokens before the end mark; one number, or one a sentence. What is as long is made to end there.
        wanted: finished hypotheses of a sentence that are wanted at least.
        stop_early: a sentence is done when it has as many as are wanted and the best continuation of a step is one that
            ends, and when it has K; False: when none of its beginnings can come to beat the K-th best any more.
        excluded: elements that are never said.

    Raises:
        ArgumentError: numbers outside their range.
    """

    beams: int = 5
    penalty: Literal["gnmt", "plain", "none"] = "gnmt"
    alpha: float = 1.0
    shortest: int = 0
    longest: int | tuple[int, ...] = 200
    wanted: int = 1
    stop_early: bool = True
    excluded: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        longest = min(self.longest) if isinstance(self.longest, tuple) else self.longest
        if (
            not 1 <= self.wanted <= self.beams
            or not 0 <= self.shortest <= longest
            or not (math.isfinite(self.alpha) and self.alpha >= 0)
        ):
            raise ArgumentError(
                f"found beams={self.beams}, wanted={self.wanted}, shortest={self.shortest}, longest={longest}, "
                f"alpha={self.alpha}, expected as many beams as are wanted, lengths in order, an alpha of at least 0"
            )

    def normaliser(self, length: int) -> float:
        """What log p is divided by for a length that counts the end mark.

        Example:
            >>> BeamSearch(penalty="plain", alpha=0.5).normaliser(4)
            2.0
        """
        if self.penalty == "none":
            return 1.0
        return float(((5 + length) / 6 if self.penalty == "gnmt" else length) ** self.alpha)

    @torch.no_grad()
    def run(self, model: Decodable, sentences: int, *, begin: int, end: int) -> list[list[Hypothesis]]:
        """Search.

        Args:
            model: at its start, with one beam a sentence.
            sentences: B.
            begin: the element that is read first.
            end: the element that ends a sequence.

        Returns:
            For each sentence up to `beams` finished hypotheses, the best first.

        Raises:
            NotANumberError: logits that are no numbers.
            ArgumentError: not one longest length a sentence.
        """
        if isinstance(self.longest, tuple) and len(self.longest) != sentences:
            raise ArgumentError(f"found {len(self.longest)} longest lengths, expected one a sentence: {sentences}")
        return _Search(self, model, sentences, begin, end).run()


@dataclass
class _Step:
    """What a step leaves behind, for the way back.

    Args:
        rows: (all sentences,), the row of each sentence at this step; -1: it was done before.
        notes: (B, K, S), of the beams that were read.
        parents: (B, K'), for each beam that goes on: the one it comes from.
        tokens: (B, K'), and what it says.
    """

    rows: NDArray[np.int64]
    notes: NDArray[np.float32]
    parents: NDArray[np.int64]
    tokens: NDArray[np.int64]


class _Search:
    """A search under way; `alive` are the sentences that are not done, ascending."""

    def __init__(self, asked: BeamSearch, model: Decodable, sentences: int, begin: int, end: int) -> None:
        self.asked, self.model, self.begin, self.end = asked, model, begin, end
        longest = asked.longest if isinstance(asked.longest, tuple) else (asked.longest,) * sentences
        self.longest = np.array(longest, dtype=np.int64)
        self.alive = np.arange(sentences)
        self.found: list[list[Hypothesis]] = [[] for _ in range(sentences)]
        self.steps: list[_Step] = []

    def run(self) -> list[list[Hypothesis]]:
        """Step by step until all sentences are done."""
        tokens = torch.full((len(self.alive), 1), self.begin, dtype=torch.int64)
        scores = torch.zeros(len(self.alive), 1)
        while len(self.alive):
            continuations, notes = self.model.step(tokens)
            best, parents, following = self._candidates(continuations, scores)
            tokens, scores = self._go_on(best, parents, following, notes)
        return [sorted(found, key=lambda one: -one.score)[: self.asked.beams] for found in self.found]

    def _candidates(self, continuations: Continuations, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best 2K continuations of each sentence, best first: log p, the beam they go on from, what they say.

        Among them are at least K that do not end, as each of K beams has one end only.
        """
        never = [*self.asked.excluded, *(self.end,) * (len(self.steps) < self.asked.shortest)]
        # first within each beam, then among a sentence's beams: no sum over the whole vocabulary need be written down
        within, tokens = continuations.best(2 * self.asked.beams, never)
        if bool(within.isnan().any()):
            raise NotANumberError("found logits that are not a number, expected numbers: the model is damaged")
        full = self.longest[self.alive] <= len(self.steps)
        if full.any():
            # of the sentences that are as long as may be, nothing but the end mark is among the continuations
            rows = torch.from_numpy(full).to(within.device)
            within[rows] = -torch.inf
            if self.end not in never:
                within[rows, :, 0], tokens[rows, :, 0] = continuations.of(self.end)[rows], self.end
        joined = (within + scores.to(within).unsqueeze(-1)).flatten(1)
        best, places = joined.topk(min(2 * self.asked.beams, joined.shape[1]), dim=-1)
        return best, places // within.shape[-1], tokens.flatten(1).gather(1, places)

    def _go_on(self, best: Tensor, parents: Tensor, tokens: Tensor, notes: Tensor) -> tuple[Tensor, Tensor]:
        """Put aside what has ended, choose the new beginnings, let go of sentences that are done."""
        beams, ends = self.asked.beams, tokens == self.end
        # the first K that do not end: a stable sort leaves them in their order
        kept = ends.to(torch.int8).argsort(dim=1, stable=True)[:, :beams]
        scores = best.gather(1, kept).masked_fill(ends.gather(1, kept), -torch.inf)
        comes_from, says = parents.gather(1, kept), tokens.gather(1, kept)
        rows = np.full(len(self.found), -1)
        rows[self.alive] = np.arange(len(self.alive))
        self.steps.append(_Step(rows, notes.float().cpu().numpy(), comes_from.cpu().numpy(), says.cpu().numpy()))
        self._finish(best[:, :beams], parents[:, :beams], ends[:, :beams])
        rows_of = zip(self.alive.tolist(), scores[:, 0].tolist(), ends[:, 0].tolist(), strict=True)
        going = np.array([not self._is_done(sentence, top, ended) for sentence, top, ended in rows_of])
        self.alive = self.alive[going]
        if not len(self.alive):
            return says, scores
        if going.all():
            self.model.select(None, comes_from)
            return says, scores
        on = torch.from_numpy(going.nonzero()[0]).to(best.device)
        self.model.select(on, comes_from[on])
        return says[on], scores[on]

    def _finish(self, best: Tensor, parents: Tensor, ends: Tensor) -> None:
        """Write down the hypotheses that end at this step."""
        values, beams = best.cpu().numpy(), parents.cpu().numpy()
        normaliser = self.asked.normaliser(len(self.steps))
        for row, column in zip(*(ends.cpu().numpy() & np.isfinite(values)).nonzero(), strict=True):
            sentence, value = int(self.alive[row]), float(values[row, column])
            tokens, notes = self._way_back(sentence, int(beams[row, column]))
            self.found[sentence].append(Hypothesis(tokens, value / normaliser, value, notes))

    def _way_back(self, sentence: int, beam: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Tokens and notes of the beginning that was read last in that beam."""
        tokens, notes = [], [self.steps[-1].notes[self.steps[-1].rows[sentence], beam]]
        for step in reversed(self.steps[:-1]):
            row = step.rows[sentence]
            tokens.append(step.tokens[row, beam])
            beam = int(step.parents[row, beam])
            notes.append(step.notes[row, beam])
        return np.array(tokens[::-1], dtype=np.int64), np.stack(notes[::-1])

    def _is_done(self, sentence: int, top: float, ended: bool) -> bool:
        """Whether nothing more is looked for.

        Args:
            sentence: which.
            top: log p of its best beginning.
            ended: whether the best continuation of this step was one that ends.
        """
        found, beams = self.found[sentence], self.asked.beams
        if top == -math.inf:
            return True
        if self.asked.stop_early:
            return len(found) >= (self.asked.wanted if ended else beams)
        if len(found) < beams:
            return False
        # log p can only fall, and no length divides it by more than the longest
        attainable = top / self.asked.normaliser(int(self.longest[sentence]) + 1)
        return sorted((one.score for one in found), reverse=True)[beams - 1] >= attainable
