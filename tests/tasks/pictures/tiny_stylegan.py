"""Forty bars that lie or stand, 8 x 8, and two networks of four channels."""

from __future__ import annotations

from pathlib import Path

from helpers.picture_files import bars
from helpers.tiny import Tiny


def write(folder: Path) -> Tiny:
    settings = {
        "width": 4,
        "widest": 4,
        "style": 4,
        "mapping_layers": 2,
        "batch_size": 8,
        "classifier_steps": 4,
        "r1_every": 2,
        "path_length_every": 2,
        "augment_pictures": 100,
    }
    return bars(folder, settings, {"rows": 2, "columns": 2})
