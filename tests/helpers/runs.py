"""Runs compared: what they measured, what they answered."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

TIMES = ("seconds", "sequences_per_second", "tokens_per_second")


def metrics(path: Path) -> list[dict[str, str]]:
    """The rows of a metrics.csv, without what no two runs have alike."""
    with path.open() as file:
        return [{name: value for name, value in row.items() if name not in TIMES} for row in csv.DictReader(file)]


def assert_same_bytes(run: Path, other: Path) -> None:
    """Make sure that two runs ended alike, and that nothing half-written is left of the first."""
    samples = [path.relative_to(other) for path in sorted(other.glob("samples/*"))]
    for name in (Path("model.safetensors"), Path("report.json"), *samples):
        assert (run / name).read_bytes() == (other / name).read_bytes(), name
    assert metrics(run / "metrics.csv") == metrics(other / "metrics.csv")
    assert list(run.rglob(".*unfinished*")) == []


def assert_alike(one: Any, other: Any, tolerance: float, where: str = "") -> None:
    """Make sure that two values as JSON has them differ by roundings alone."""
    if isinstance(one, dict) and isinstance(other, dict):
        assert one.keys() == other.keys(), where
        for name in one:
            assert_alike(one[name], other[name], tolerance, f"{where}.{name}")
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        assert len(one) == len(other), where
        for index, pair in enumerate(zip(one, other, strict=True)):
            assert_alike(*pair, tolerance, f"{where}[{index}]")
    elif isinstance(one, float) and isinstance(other, float):
        assert one == pytest.approx(other, rel=tolerance, abs=tolerance), where
    else:
        assert one == other, where
