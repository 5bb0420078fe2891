"""A capability: making something new."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from throughtime.errors import DataError
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

    def check_output(self, out: Path, options: GenerateSettings) -> None:
        """Look, before the model is opened, at where the file is to be, and at those that the options name.

        Raises:
            ThroughtimeError: it cannot be written there, it is called as no such file is, or one is missing.
        """
        check_writable(out)
        if out.suffix.lower() != self.ending:
            raise DataError(out, f"the ending {out.suffix!r}", f"the name of a {self.ending} file")

    @abstractmethod
    def generate(self, model: Model, out: Path, options: GenerateSettings) -> list[Path]:
        """Write something new to `out` (and beside it); the files written."""


def check_writable(out: Path) -> None:
    """Refuse, before any work, an output that cannot be.

    Raises:
        DataError: its folder does not exist, or it is a folder itself.
    """
    if not out.parent.is_dir():
        raise DataError(out, f"no folder {out.parent}", "a file in a folder that exists")
    if out.is_dir():
        raise DataError(out, "a folder", "the name of a file to write")
