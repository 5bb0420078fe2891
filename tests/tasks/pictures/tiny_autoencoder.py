"""Forty bars that lie or stand, 8 x 8."""

from __future__ import annotations

from pathlib import Path

from helpers.picture_files import bars
from helpers.tiny import Tiny


def write(folder: Path) -> Tiny:
    settings = {"architecture": "convolutional", "units": (2,), "latent": 3, "batch_size": 8, "noise": 0.1}
    return bars(folder, settings, {"what": "interpolation", "rows": 2, "columns": 2})
