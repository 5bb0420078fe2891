from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache for each test: tokens that another one kept must not count."""
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
