"""Settings of tasks that read folders and lists of many files."""

from __future__ import annotations

from throughtime.settings import TrainingSettings


class ManyFilesSettings(TrainingSettings):
    """What becomes of the files that cannot be read among many."""

    skip_broken: bool = False
    """Leave out files that cannot be read, and count them; else all of them are named, and nothing is learned."""
