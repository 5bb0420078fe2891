"""A capability: a prediction in the colours of a terminal."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from throughtime.tasks.base.capability import Capability

if TYPE_CHECKING:
    from rich.text import Text


class Paints(Capability):
    """A task that shows a prediction in colours where there are such."""

    lacking = "has no colours for its predictions"

    @abstractmethod
    def paint(self, prediction: dict[str, Any]) -> Text:
        """A prediction for a terminal, in place of what `render` gives."""
