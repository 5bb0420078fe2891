"""A capability: predictions in other forms, for programs that read them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from throughtime.tasks.base.capability import Capability


class Expresses(Capability):
    """A task whose predictions have other forms, such as columns or subtitles."""

    lacking = "has no other forms of its predictions"

    forms: ClassVar[tuple[str, ...]]
    """Their names."""

    @abstractmethod
    def express(self, prediction: dict[str, Any], form: str) -> str:
        """A prediction in another form; "" where there is nothing to print.

        Args:
            prediction: one that `predict` gave.
            form: one of `forms`.
        """
