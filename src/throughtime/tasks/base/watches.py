"""A capability: pictures of what a model makes, while it learns."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from throughtime.tasks.base.capability import Capability

if TYPE_CHECKING:
    from throughtime.models.base import Model


class Watches(Capability):
    """A task of which more can be seen after each evaluation than a number."""

    lacking = "draws nothing while it learns"

    @abstractmethod
    def watch(self, model: Model, path: Path) -> str | None:
        """Draw what the model makes now, always of the same chance; a sentence where that looks wrong.

        In training it is asked for right after `validate`, of the same weights.

        Args:
            model: in the midst of training.
            path: the file to write, ending in .png.
        """
