"""Forty bars that lie or stand, 8 x 8."""

from __future__ import annotations

from pathlib import Path

from helpers.picture_files import bars
from helpers.tiny import Tiny


def write(folder: Path) -> Tiny:
    settings = {"architecture": "dense", "units": (8,), "latent": (2,), "batch_size": 8, "judged": 4}
    settings |= {"importance_samples": 4, "classifier_steps": 4}
    return bars(folder, settings, {"rows": 2, "columns": 2})
