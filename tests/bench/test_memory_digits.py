"""Digits as sequences, of files that throughtime.tasks.pictures reads."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from throughtime.bench.memory.digits import Digits
from throughtime.errors import DataError

SIDE = 4


def mnist(folder: Path, labels: np.ndarray) -> np.ndarray:
    """Write IDX files as MNIST's, train and test; the pixels of both."""
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), SIDE, SIDE), dtype=np.uint8)
    for split in ("train", "t10k"):
        head = struct.pack(">4I", 0x803, len(labels), SIDE, SIDE)
        (folder / f"{split}-images-idx3-ubyte").write_bytes(head + pixels.tobytes())
        head = struct.pack(">2I", 0x801, len(labels))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(head + labels.astype(np.uint8).tobytes())
    return pixels


def sequences(problem: Digits) -> tuple[np.ndarray, np.ndarray]:
    (batch,) = problem.loader("test", seed=0).epoch(0)
    return batch["inputs"].numpy(), batch["targets"].numpy()


def test_pixels_and_rows_come_one_after_the_other(tmp_path: Path) -> None:
    labels = np.arange(40) % 10
    pixels = mnist(tmp_path, labels) / np.float32(255)
    made = {"permuted": False, "hidden_size": 3, "epochs": 1}
    by_pixels, by_rows = Digits("pixels", tmp_path, **made), Digits("rows", tmp_path, **made)
    assert (by_pixels.input_size, by_pixels.longest, by_rows.input_size, by_rows.longest) == (1, 16, 4, 4)
    inputs, targets = sequences(by_pixels)
    np.testing.assert_array_equal(inputs, pixels.reshape(40, 16, 1))
    np.testing.assert_array_equal(targets, labels)
    np.testing.assert_array_equal(sequences(by_rows)[0], pixels)
    permuted, _ = sequences(Digits("pixels", tmp_path, **(made | {"permuted": True})))
    assert not np.array_equal(permuted, inputs)
    # one order for all: the same columns, elsewhere
    order = [int(np.flatnonzero((inputs == permuted[:, at : at + 1]).all(axis=(0, 2)))[0]) for at in range(16)]
    assert sorted(order) == list(range(16))


def test_pictures_without_two_classes_are_refused(tmp_path: Path) -> None:
    mnist(tmp_path, np.zeros(40))
    with pytest.raises(DataError, match="pictures without labels, or all with the same one"):
        sequences(Digits("pixels", tmp_path, permuted=False, hidden_size=3, epochs=1))
