"""A run folder written by hand: all that a report is made of, and nothing learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from throughtime import tasks
from throughtime.storage.energy import Energy, Footprint, Part
from throughtime.storage.folder import RunFolder
from throughtime.storage.report import Report, Table
from throughtime.storage.scores import Scores, Shown, of_values

HOSTILE = "</td></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'& <!-- \x07\x7f"
"""What no datum may do to a page."""


def made_run(
    path: Path,
    right: np.ndarray,
    *,
    words: str = "the film",
    test: int = 0,
    steps: int = 40,
    classes: tuple[str, str] = ("good", "bad"),
    **settings: Any,
) -> RunFolder:
    """A sentiment run.

    Args:
        path: of the folder.
        right: (N,) whether each test example was answered right.
        words: of its examples, its findings and all else that comes from outside.
        test: tells one test split from another.
        steps: that it learned.
        classes: their names.
        settings: that are not the defaults.
    """
    folder = RunFolder.create(path)
    asked = tasks.find("sentiment").Settings(steps=steps, epochs=None, minutes=None, **settings)
    folder.write_config("sentiment", {"data": f"/data/{words}.csv"}, asked)
    many = len(right)
    one = {"examples": many, "checksum": "ab" * 16, "unit": "words", "median_length": 7.5, "longest": 40.0}
    one["classes"] = {classes[0]: many - 2, classes[1]: 2}
    found = {"level": "suspicious", "subject": words, "what": "it", "count": 3, "places": [[f"{words}.csv", 4]]}
    checksums = np.arange(many, dtype=np.uint64) + np.uint64(test)
    names = ("train", "valid", "test")
    folder.write_data(
        {"splits": dict.fromkeys(names, one), "findings": [found]},
        dict(zip(names, (checksums + np.uint64(900), checksums + np.uint64(500), checksums), strict=True)),
    )
    baseline = np.arange(many) % 2 == 0
    confusion = Table(
        "actual class (rows) and answer (columns)", ["", *classes], [[classes[0], 3, 1], [classes[1], 0, 2]]
    )
    shown = [Shown(f"{words} {place}", classes[0], classes[0] if ok else classes[1]) for place, ok in enumerate(right)]
    scores = Scores(
        "accuracy", "max", {"model": of_values(right), words: of_values(baseline)}, shown, np.linspace(0, 3, many)
    )
    values = {"accuracy": float(right.mean()), "macro_f1": 0.5}
    others = {words: {"accuracy": float(baseline.mean()), "macro_f1": 0.4}}
    folder.write_report(Report(values, others, [confusion, Table(words, ("a", words), [(words, 1.5)])], scores))
    training = Energy(120.0, (Part("processors", "estimated", f"12 W a core {words}", 3.6e4),))
    folder.write_energy(Footprint(training, training.times(0.1), 100, 473.0, "the world's mean"))
    lines = ["step,epoch,seconds,train_loss,valid_accuracy"]
    lines += [f"{step},{step / 40},{step},{2 / step},{1 - 1 / step}" for step in range(10, steps + 1, 10)]
    (path / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
