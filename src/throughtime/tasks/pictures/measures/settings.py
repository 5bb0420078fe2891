"""What can be asked of every model whose generated pictures are measured."""

from __future__ import annotations

from pydantic import Field

from throughtime.tasks.pictures.settings import PictureSettings


class JudgedSettings(PictureSettings):
    """How generated pictures are measured."""

    classifier_steps: int = Field(default=600, ge=0)
    """Training steps of the classifier in whose features generated pictures are measured; 0: they are not measured."""
    drawn: int = Field(default=2_000, ge=4, le=2_000)
    """Pictures that are drawn to be compared with as many of the test split, at most."""
