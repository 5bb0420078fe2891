"""A capability: answers while the input is still coming in."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from throughtime.tasks.base.capability import Capability

if TYPE_CHECKING:
    from throughtime.models.base import Model

StreamT = TypeVar("StreamT")


class Streams(Capability, Generic[StreamT]):
    """A task that can answer before its input has ended."""

    lacking = "answers only what is whole"

    @abstractmethod
    def stream(self, argument: Any) -> StreamT | None:
        """The stream that an argument of `predict` stands for; None: it stands for something that is whole."""

    @abstractmethod
    def listen(self, model: Model, stream: StreamT) -> Iterator[dict[str, Any]]:
        """Answers as the stream comes in: those whose `final` is false are not the last word.

        Raises:
            ThroughtimeError: this model has to see the whole of an input first.
        """
