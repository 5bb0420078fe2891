"""A capability: what stands on the time axis of an input, as the recurrent layers read it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from throughtime.tasks.base.capability import Capability

if TYPE_CHECKING:
    from throughtime.data.batch import Batch
    from throughtime.models.base import Model


@dataclass(frozen=True, eq=False)
class SymbolSequence:
    """An input, or a part of one that a model reads by itself, as its recurrent layers read it.

    Args:
        symbols: (T,), what stands at each step: a word, a character, the notes of a frame, a second of sound.
        unit: what they are, in the plural.
        layers: the place in the model of the recurrent layers that read them, as `named_modules` calls it.
        batch: this input alone, with all that `Model.loss` asks for; where the right answer is not known, the model's
            own stands in its place.
        answer: what that loss is of, for people.
        each: whether every step has an answer of its own, as in a language model or a tagger; else the whole has one.
        traits: what holds at each step, by name, (T,) each: yes or no, or a number, such as how far it is into a line.
    """

    symbols: tuple[str, ...]
    unit: str
    layers: str
    batch: Batch
    answer: str
    each: bool = False
    traits: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


class Symbols(Capability):
    """A task whose model reads sequences of what people have names for."""

    lacking = "reads no sequence of symbols"

    @abstractmethod
    def readings(self, model: Model, given: Any) -> Iterator[SymbolSequence]:
        """How a model reads an input; parts that it reads by themselves (a text's sentences) one after the other.

        Args:
            model: in evaluation mode.
            given: one of those that `read_inputs` gives.
        """

    @abstractmethod
    def inputs_of(self, example: Any) -> Iterator[Any]:
        """What `readings` takes, of one of the task's own examples."""


def visible(text: str) -> str:
    """A symbol as it is shown: blanks and ends of lines as marks for them.

    Example:
        >>> [visible(text) for text in ("a", " ", "\\n", " the", "a b")]
        ['a', '␣', '↵', '␣the', 'a b']
    """
    shown = text.replace("\n", "↵").replace("\t", "⇥")
    bare = shown.strip(" ")
    before, after = len(shown) - len(shown.lstrip(" ")), len(shown) - len(shown.rstrip(" "))
    return "␣" * before + bare + "␣" * (after if bare else 0)
