"""A capability: a picture of a prediction."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

from throughtime.tasks.base.capability import Capability


class Draws(Capability):
    """A task whose predictions can be looked at."""

    lacking = "draws no pictures of its predictions"

    @abstractmethod
    def draw(self, prediction: dict[str, Any], path: Path) -> None:
        """Draw a prediction as a PNG picture; one in which there is nothing to see leaves no file.

        Args:
            prediction: one that `predict` gave.
            path: the file to write, ending in .png.
        """
