"""A capability: generated pictures measured in the features of a network that the user brings."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from throughtime.tasks.base.capability import Capability


class Measures(Capability):
    """A task that generates what a network of others can look at, beside its own measures."""

    lacking = "makes no pictures that Inception could look at"

    @abstractmethod
    def measure_in(self, inception: Path | None) -> None:
        """From now on let `evaluate` measure in the features of Inception v3 too.

        Args:
            inception: the file of its weights; None: no longer.

        Raises:
            ThroughtimeError: there is no such file, or it is none of Inception.
        """
