"""Streams of a text: contiguous, nothing lost, exactly resumable."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.loaders import assert_resumes_everywhere
from throughtime.errors import ArgumentError
from throughtime.tasks.text.corpus.streams import StreamLoader


@pytest.mark.parametrize(
    ("n", "batch_size", "steps"), [(1001, 10, 7), (107, 10, 100), (5, 10, 3), (2, 1, 1), (64, 3, 4)]
)
def test_streams_are_contiguous_and_predict_the_next_element(n: int, batch_size: int, steps: int) -> None:
    tokens = np.arange(n, dtype=np.uint16)
    for training in (True, False):
        loader = StreamLoader(tokens, batch_size, steps, training=training)
        batches = list(loader.epoch(0))
        assert len(batches) == len(loader)
        assert [b.first for b in batches] == [True] + [False] * (len(batches) - 1)
        predicted: Counter[int] = Counter()
        last: list[int | None] = [None] * batches[0]["inputs"].shape[0]
        for batch in batches:
            assert batch["inputs"].dtype == batch["targets"].dtype == torch.int64
            lengths = batch.get("lengths")
            reach = [batch["inputs"].shape[1]] * len(last) if lengths is None else lengths.tolist()
            assert batch.tokens == sum(reach)
            for row, length in enumerate(reach):
                inputs, targets = batch["inputs"][row, :length].tolist(), batch["targets"][row, :length].tolist()
                assert targets == [element + 1 for element in inputs]
                if inputs:
                    assert last[row] in (None, inputs[0] - 1)
                    last[row] = inputs[-1]
                predicted.update(targets)
        if training:
            assert all(b.get("lengths") is None for b in batches)
            assert len(predicted) > n - 1 - batch_size
        else:
            assert set(predicted) == set(range(1, n))
        assert set(predicted.values()) == {1}


@pytest.mark.parametrize("vary", [False, True])
def test_stream_loader_resumes_at_every_position(vary: bool) -> None:
    loader = StreamLoader(np.arange(1500), 4, 20, seed=2, vary=vary)
    for epoch in (0, 1):
        assert_resumes_everywhere(loader, epoch)


def test_varying_windows_follow_awd_lstm_and_change_with_the_epoch() -> None:
    loader = StreamLoader(np.zeros(700_001, np.uint8), 1, 70, seed=0, vary=True)
    widths = [[b["inputs"].shape[1] for b in loader.epoch(epoch)] for epoch in (0, 1)]
    assert widths[0] != widths[1]
    assert len(loader) == len(widths[0])
    inner = np.array(widths[0][:-1])
    assert inner.min() >= 5
    # a mixture of N(70, 5) and, for 5%, N(35, 5), rounded down
    assert abs(inner[inner > 52].mean() - 69.5) < 0.3
    assert abs(inner[inner > 52].std() - 5) < 0.3
    assert abs((inner <= 52).mean() - 0.05) < 0.012
    assert {b["inputs"].shape[1] for b in StreamLoader(np.zeros(701), 1, 70, vary=True, training=False).epoch(0)} == {
        70
    }


def test_a_memory_map_is_read_window_by_window(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    size = 2 * 10**9
    with path.open("wb") as file:
        file.truncate(size)  # sparse: takes no room on disk
    tokens = np.memmap(path, dtype=np.uint16, mode="r")
    batch = next(StreamLoader(tokens, 8, 10).epoch(0, skip=10**7))
    assert batch["inputs"].shape == (8, 10)
    assert not batch.first


def test_too_short_a_stream_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="found 1 elements"):
        StreamLoader(np.arange(1), 1, 1)
