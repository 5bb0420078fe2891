"""All that a report is made of: what a run folder holds, and what its task says of the metric."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from throughtime import tasks as registry
from throughtime.data.findings import Findings
from throughtime.data.sources import cache_folder
from throughtime.errors import ThroughtimeError
from throughtime.reports.statistics import intervals
from throughtime.storage.energy import Footprint
from throughtime.storage.folder import RunFolder
from throughtime.storage.notes import Note
from throughtime.storage.report import Report
from throughtime.storage.scores import MODEL, Scores
from throughtime.storage.written import readable
from throughtime.tasks.base import Task


@dataclass(frozen=True)
class Material:
    """One run, read.

    Args:
        folder: where it lies.
        config: its task, settings, data and versions.
        task: as the settings make it; it has learned nothing.
        data: what was read, as data.json has it; None in a run from before that was kept.
        rows: of metrics.csv, numbers by column.
        report: None where it has not been judged yet.
        scores, energy: None where there are none.
        notes: of later looks into it, by name.
    """

    folder: RunFolder
    config: Mapping[str, Any]
    task: Task[Any, Any]
    data: Mapping[str, Any] | None
    checksums: Mapping[str, np.ndarray]
    rows: Sequence[Mapping[str, float]]
    report: Report | None
    scores: Scores | None
    energy: Footprint | None
    notes: Mapping[str, Note]

    @classmethod
    def of(cls, path: Path) -> Material:
        """What the run folder holds.

        Raises:
            ThroughtimeError: it is no run folder, or a file in it is broken.
        """
        folder = RunFolder.open(path)
        config = folder.read_config()
        kind = registry.find(config["task"])
        task = kind(kind.Settings(**config["settings"]), cache_folder(needed=False))
        read = folder.read_data()
        return cls(
            folder,
            config,
            task,
            None if read is None else read[0],
            {} if read is None else read[1],
            _rows(path / "metrics.csv"),
            folder.read_report() if folder.finished else None,
            folder.read_scores(),
            folder.read_energy(),
            folder.read_notes(),
        )

    @property
    def name(self) -> str:
        """What people call it."""
        return self.folder.path.resolve().name

    @cached_property
    def findings(self) -> Findings:
        """What reading found, the worst first."""
        return Findings() if self.data is None else Findings.from_json(self.folder.path, self.data["findings"])

    @property
    def steps(self) -> list[float]:
        """At which it was measured."""
        return [row["step"] for row in self.rows]

    def column(self, name: str) -> list[float]:
        """A column of metrics.csv; nan where a row has none."""
        return [row.get(name, math.nan) for row in self.rows]

    @property
    def columns(self) -> list[str]:
        """Of metrics.csv, but for what is counted there."""
        named = dict.fromkeys(name for row in self.rows for name in row)
        return [name for name in named if name not in ("step", "epoch", "seconds")]

    @property
    def best_step(self) -> float | None:
        """Of the model that was kept."""
        validated = [name for name in self.columns if name.startswith("valid_")]
        values = [(v, step) for step, v in zip(self.steps, self.column(validated[0]), strict=True)] if validated else []
        values = [(value, step) for value, step in values if math.isfinite(value)]
        if not values:
            return None
        best = min(values)[0] if self.task.metric.best == "min" else max(values)[0]
        return next(step for value, step in values if value == best)

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Of the metric of single examples: its 95 % bootstrap interval, for the model and the baselines."""
        if self.scores is None or len(self.scores) < 2:
            return {}
        return intervals(self.scores.counts, self.task.pooled)

    def pooled(self, method: str = MODEL) -> float:
        """The metric of single examples, of all of them."""
        assert self.scores is not None
        return self.task.pooled(self.scores.counts[method].sum(axis=0))


def _rows(path: Path) -> list[dict[str, float]]:
    """The rows of a metrics.csv; none where there is none yet."""
    if not path.exists():
        return []
    with readable(path, "course of a training"):
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
        rows = [{name: float(value) for name, value in row.items() if value} for row in reader]
        if any("step" not in row for row in rows):
            raise ThroughtimeError("a row without a step")
        return rows
