"""Writing: draw tokens from a model, and say how surprising a text is to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, takewhile
from typing import Any

import numpy as np
import torch

from throughtime.data.batch import Batch
from throughtime.data.tokens.tokens import Tokenizer
from throughtime.decoding.sampling import Sampling
from throughtime.errors import ThroughtimeError
from throughtime.models.base import Model
from throughtime.models.generator import Generator
from throughtime.tasks.text.scoring import METRICS, in_unit
from throughtime.tasks.text.settings import TextGeneration

_LINE = 80  # tokens of a line's continuation at most
_WINDOW = 1_000  # tokens read at a time: bounds the memory that a long line takes


class Writer:
    """A language model with its tokenizer, to write and to judge; every text is taken to follow the end of a line.

    Args:
        model: the trained generator.
        tokenizer: what its tokens are.

    Raises:
        ThroughtimeError: another kind of model.
    """

    def __init__(self, model: Model, tokenizer: Tokenizer) -> None:
        if not isinstance(model, Generator):
            raise ThroughtimeError(f"found a {type(model).__name__}, expected the generator that this task trains")
        self.model = model.eval()
        self.tokenizer = tokenizer
        self._device = next(model.parameters()).device
        # the unknown word is not to be written
        self._never = () if tokenizer.unknown is None else (tokenizer.unknown,)

    def text(self, options: TextGeneration, read: Callable[[str], str]) -> str:
        """The primer and what follows it; nothing of it has to be read elsewhere."""
        generator = torch.Generator().manual_seed(options.seed)
        never = () if options.allow_unknown else self._never
        sampling = Sampling(options.temperature, options.top_k, options.top_p, generator, never)
        written = islice(self._draw(options.primer, sampling), options.length)
        return self.tokenizer.decode([*self.tokenizer.encode(options.primer).tolist(), *written])

    def answer(self, text: str) -> dict[str, Any]:
        """How surprising a text is, if it is not empty, and how it goes on."""
        tokens, level = len(self.tokenizer.encode(text)), self.tokenizer.level
        surprise = in_unit(self.surprise(text) / tokens, level) if tokens else None
        return {METRICS[level][0]: surprise, "continuation": self.rest_of_line(text)}

    def rest_of_line(self, text: str) -> str:
        """The most probable next tokens, up to the end of the line."""
        drawn = islice(self._draw(text, Sampling(temperature=0, exclude=self._never)), _LINE)
        return self.tokenizer.decode(list(takewhile(lambda index: "\n" not in self.tokenizer.decode([index]), drawn)))

    @torch.no_grad()
    def surprise(self, text: str) -> float:
        """-log p of a text, in nats."""
        row, state, nats = self._encoded(text), None, 0.0
        for start in range(0, row.shape[1] - 1, _WINDOW):
            window = row[:, start : start + _WINDOW + 1]
            tensors = {"inputs": window[:, :-1], "targets": window[:, 1:]}
            loss = self.model.loss(Batch(tensors, 1, window.shape[1] - 1, start == 0).to(self._device), state)
            nats, state = nats + float(loss.total), loss.state
        return nats

    def _encoded(self, text: str) -> torch.Tensor:
        """The end of a line and the text's tokens, (1, T)."""
        ids = np.concatenate([[self.tokenizer.start], self.tokenizer.encode(text)]).astype(np.int64)
        return torch.from_numpy(ids)[None]

    def _draw(self, primer: str, sampling: Sampling) -> Iterator[int]:
        row, state = self._encoded(primer).to(self._device), None
        while row.shape[1] > _WINDOW:
            with torch.no_grad():
                _, state = self.model(row[:, :_WINDOW], state=state)
            row = row[:, _WINDOW:]
        for element in self.model.generate(row, sampling, state):
            yield int(element)
