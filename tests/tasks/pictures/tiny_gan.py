"""Forty bars that lie or stand, 8 x 8, and two opponents of four channels."""

from __future__ import annotations

from pathlib import Path

from helpers.picture_files import bars
from helpers.tiny import Tiny


def write(folder: Path) -> Tiny:
    settings = {"width": 4, "latent": 4, "batch_size": 8, "classifier_steps": 4, "spectral": "no", "penalty_every": 2}
    return bars(folder, settings, {"rows": 2, "columns": 2})
