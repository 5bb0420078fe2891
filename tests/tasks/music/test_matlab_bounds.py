"""A small MATLAB file that unpacks to far more than any collection of pieces is refused by what its parts say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from throughtime.errors import DataError
from throughtime.tasks.music.scores import matlab


def _rolls(frames: int) -> np.ndarray:
    cells = np.empty((1, 1), dtype=object)
    cells[0, 0] = np.zeros((frames, 88), np.uint8)
    return cells


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = dict.fromkeys(matlab.SPLITS, _rolls(2000))
    savemat(tmp_path / "a.mat", parts, do_compression=True)
    assert [len(roll) for roll in matlab.read_matlab(tmp_path / "a.mat")["testdata"]] == [2000]
    monkeypatch.setattr(matlab, "LARGEST", 500_000)
    with pytest.raises(DataError, match=r"matrices that unpack to 528,\d+ bytes, expected at most 500,000"):
        matlab.read_matlab(tmp_path / "a.mat")
