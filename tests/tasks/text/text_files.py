"""Small texts, and the text task fitted to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from throughtime import verbs
from throughtime.tasks.text import Text

COUNTING = "0123456789" * 600
PROSE = "The cat sat on the mat.\nThe dog, who had eaten, was full!\n\n" * 60
SMALL: dict[str, Any] = {"layers": (12,), "batch_size": 4, "window": 10, "evaluate_every": None, "minutes": None}


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def taught_to_count(folder: Path, **settings: Any) -> verbs.Run:
    """A run that has learned from digits in order; its tokens are kept in its folder, for tests that share it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THROUGHTIME_CACHE", str(folder / "cache"))
        data = write(folder / "count.txt", COUNTING)
        return verbs.train("text", data, out=folder / "run", quiet=True, **(SMALL | settings))


def fitted(folder: Path, text: str = PROSE, **settings: Any) -> tuple[Text, Any]:
    task = Text(Text.Settings(**(SMALL | settings)), folder / "cache")
    splits = task.read_splits(write(folder / "text.txt", text))
    task.fit(splits.train)
    return task, splits
