"""A capability: making something new."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from throughtime.settings import Settings
from throughtime.tasks.base.capability import Capability

if TYPE_CHECKING:
    from throughtime.models.base import Model


class GenerateSettings(Settings):
    """How to sample; a task that generates adds its own (length, primer, ...)."""

    seed: int = Field(default=0, ge=0)
    """Seed of the sampling."""
    temperature: float = 1.0
    """Below 1: safer; above 1: bolder; 0: always the most probable."""
    top_k: int | None = None
    """Sample among the k most probable only."""
    top_p: float | None = None
    """Sample among the most probable that together reach p."""


class Generates(Capability):
    """A task whose model makes something new."""

    lacking = "does not generate"

    Generation: ClassVar[type[GenerateSettings]]
    """Options of `generate`."""
    ending: ClassVar[str]
    """Of the file that is written."""
    safer: ClassVar[str] = "--temperature 0.9"
    """Options that are worth a try: less bold than what is generated without."""

    @abstractmethod
    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Write something new to `out` (and beside it); the files written."""
