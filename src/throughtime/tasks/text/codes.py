"""Writing from a latent space: new sentences, neighbours of a given one, and all that lie between two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from throughtime.data.loaders import BucketLoader
from throughtime.data.tokens.tokens import Tokenizer
from throughtime.decoding.sampling import Sampling
from throughtime.errors import ThroughtimeError
from throughtime.models.codes import Judged, codes_of, drawn, near, write
from throughtime.models.parts.arc import arc
from throughtime.models.sequence_vae import SequenceVAE
from throughtime.tasks.base.bounds import judge
from throughtime.tasks.base.latent import given
from throughtime.tasks.text.corpus.sentences import line_ends, sentence
from throughtime.tasks.text.scoring import METRICS, in_unit
from throughtime.tasks.text.settings import TextGeneration, TextSettings

_STEPS = 7
_SPREAD = 0.5


class CodeWriter:
    """A sequence VAE with its tokenizer, to write sentences and to judge them.

    Args:
        model: the trained sequence VAE.
        tokenizer: what its tokens are.
        settings: of the training.

    Raises:
        ThroughtimeError: another kind of model.
    """

    def __init__(self, model: Any, tokenizer: Tokenizer, settings: TextSettings) -> None:
        if not isinstance(model, SequenceVAE):
            raise ThroughtimeError(f"found a {type(model).__name__}, expected the model that this task trains")
        self.model, self.tokenizer, self.settings = model.eval(), tokenizer, settings
        self._ends = set(line_ends(tokenizer).tolist())

    def answer(self, text: str) -> dict[str, Any]:
        """How surprising a sentence is, its end counted, if it is not empty; and what its code is decoded to."""
        level = self.settings.level
        found: Judged = judge(self.model, self._loader(text), self.settings)[0]
        surprise = in_unit(found.nll / len(found.terms), level) if len(found.terms) > 1 else None
        return {METRICS[level][0]: surprise, "reconstruction": self._decoded(found.remade)}

    def text(self, options: TextGeneration, read: Callable[[str], str]) -> str:
        """Sentences, a line each.

        Args:
            options: where in the latent space, how to draw.
            read: the sentence that an argument stands for.

        Raises:
            ThroughtimeError: a length of a way, which its two ends decide.
        """
        if options.from_ is not None:
            if "length" in given(options):
                raise ThroughtimeError("found --length with --from, expected --steps: how many sentences to write")
            start, end = (self._code(read(argument or "")) for argument in (options.from_, options.to))
            codes = arc(start, end, options.steps or _STEPS)
            # the same random numbers each time, so that only the code makes the difference
            return self._lines([self._ids(code, self._sampling(options)) for code in codes])
        return self._lines(self._enough(options, None if options.like is None else self._code(read(options.like))))

    def _decoded(self, ids: NDArray[Any]) -> str:
        """The text of a sentence's tokens, up to its end."""
        kept = next((place for place, index in enumerate(ids.tolist()) if index in self._ends), len(ids))
        return self.tokenizer.decode(ids[:kept].tolist())

    def _enough(self, options: TextGeneration, code: NDArray[Any] | None) -> Iterator[NDArray[Any]]:
        """Sentences of new codes, of the prior or near one, until there are tokens enough."""
        random, sampling, written = np.random.default_rng(options.seed), self._sampling(options), 0
        spread = _SPREAD if options.spread is None else options.spread
        while written < options.length:
            place = drawn(self.settings.latent, random) if code is None else near(code, spread, random)
            ids = self._ids(place, sampling)
            yield ids
            written += len(ids)

    def _ids(self, code: NDArray[Any], sampling: Sampling) -> NDArray[Any]:
        """The tokens of a code's sentence, its end included, or as many as a sentence may have."""
        ids = []
        for element in islice(
            write(self.model, code, np.array([self.tokenizer.start]), sampling), self.settings.longest_sentence + 1
        ):
            ids.append(int(element))
            if ids[-1] in self._ends:
                break
        return np.array(ids)

    def _lines(self, sentences: Iterable[NDArray[Any]]) -> str:
        return "".join(f"{self._decoded(ids)}\n" for ids in sentences)

    def _sampling(self, options: TextGeneration) -> Sampling:
        generator = torch.Generator().manual_seed(options.seed)
        never = () if options.allow_unknown or self.tokenizer.unknown is None else (self.tokenizer.unknown,)
        return Sampling(options.temperature, options.top_k, options.top_p, generator, never)

    def _code(self, text: str) -> NDArray[Any]:
        return np.asarray(codes_of(self.model, self._loader(text))[0])

    def _loader(self, text: str) -> BucketLoader:
        targets = np.append(self.tokenizer.encode(text), self.tokenizer.start).astype(np.int64)
        return BucketLoader([sentence(targets, self.tokenizer.start)], 1, seed=0, shuffle=False)
