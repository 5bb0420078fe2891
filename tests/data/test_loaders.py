"""Loaders: nothing lost, nothing doubled, exactly resumable."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from helpers.loaders import assert_resumes_everywhere, same
from throughtime.data.batch import Kept
from throughtime.data.loaders import BucketLoader
from throughtime.errors import ArgumentError


def examples(n: int = 230, longest: int = 40) -> list[dict[str, np.ndarray | int | float]]:
    random = np.random.default_rng(1)
    lengths = random.integers(0, longest + 1, n)
    return [
        {
            "inputs": random.integers(1, 1000, length),
            "frames": random.standard_normal((length, 3)).astype(np.float32),
            "label": index,
            "weight": index / 7,
        }
        for index, length in enumerate(lengths)
    ]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("window", [None, 7])
def test_every_example_comes_back_whole_once_an_epoch(shuffle: bool, window: int | None) -> None:
    data = examples()
    loader = BucketLoader(data, 16, seed=3, shuffle=shuffle, window=window, padding={"inputs": -1, "frames": 0.5})
    pieces: dict[int, list[dict[str, np.ndarray]]] = {}
    for batch in loader.epoch(0):
        tokens, sequences = 0, 0
        for row, (label, length) in enumerate(zip(batch["label"].tolist(), batch["lengths"].tolist(), strict=True)):
            new = batch.first
            assert new == (label not in pieces)
            piece = {name: batch[name][row, :length].numpy() for name in ("inputs", "frames")}
            pieces.setdefault(label, []).append(piece)
            assert (batch["inputs"][row, length:] == -1).all()
            assert (batch["frames"][row, length:] == 0.5).all()
            assert batch["weight"][row].item() == np.float32(label / 7)
            tokens, sequences = tokens + length, sequences + (length > 0)
        assert batch.tokens == tokens
        assert batch.sequences == (len(batch["label"]) if window is None else sequences)
    assert sorted(pieces) == list(range(len(data)))
    for label, parts in pieces.items():
        for name in ("inputs", "frames"):
            whole = np.concatenate([part[name] for part in parts])
            np.testing.assert_array_equal(whole, data[label][name])


def test_dtypes_are_kept_and_numbers_become_torchs_own() -> None:
    loader = BucketLoader(
        [{"inputs": np.ones((2, 4), np.uint8), "x": np.float64(1.5), "n": 3, "yes": True}], 4, seed=0, shuffle=True
    )
    batch = next(loader.epoch(0))
    dtypes = {name: tensor.dtype for name, tensor in batch.tensors.items()}
    assert dtypes == {
        "inputs": torch.uint8,
        "x": torch.float32,
        "n": torch.int64,
        "yes": torch.bool,
        "lengths": torch.int64,
    }


def test_order_depends_on_seed_and_epoch_alone_and_shuffle_false_keeps_it() -> None:
    data = examples()

    def order(seed: int, epoch: int, shuffle: bool = True) -> list[int]:
        loader = BucketLoader(data, 8, seed=seed, shuffle=shuffle)
        return [label for batch in loader.epoch(epoch) for label in batch["label"].tolist()]

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)
    assert order(0, 5, shuffle=False) == list(range(len(data)))


def test_shuffled_batches_hold_similar_lengths_and_come_in_random_order() -> None:
    data = examples(2000, longest=200)

    def padding(shuffle: bool) -> float:
        batches = list(BucketLoader(data, 20, seed=0, shuffle=shuffle).epoch(0))
        return 1 - sum(b.tokens for b in batches) / sum(b["inputs"].numel() for b in batches)

    assert padding(shuffle=False) > 0.4
    assert padding(shuffle=True) < 0.05
    longest = [b["inputs"].shape[1] for b in BucketLoader(data, 20, seed=0, shuffle=True).epoch(0)]
    assert abs(np.corrcoef(longest, range(len(longest)))[0, 1]) < 0.3


@pytest.mark.parametrize("window", [None, 7])
@pytest.mark.parametrize("shuffle", [False, True])
def test_bucket_loader_resumes_at_every_position(window: int | None, shuffle: bool) -> None:
    loader = BucketLoader(examples(60), 8, seed=0, shuffle=shuffle, window=window)
    assert len(loader) == len(list(loader.epoch(0)))
    for epoch in (0, 3):
        assert_resumes_everywhere(loader, epoch)


class Whereabouts(Sequence[dict[str, Any]]):
    """Examples that tell which process reads them."""

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: Any) -> Any:
        return {"inputs": np.zeros(3), "process": os.getpid()}


def test_worker_processes_live_on_from_epoch_to_epoch() -> None:
    loader = BucketLoader(Whereabouts(), 4, seed=0, shuffle=True, workers=2)
    first, second = ({int(p) for batch in loader.epoch(n) for p in batch["process"]} for n in (0, 1))
    assert len(first) == 2
    assert os.getpid() not in first
    assert first == second
    next(loader.epoch(2))  # one that is left half-way does not disturb the next
    assert len(list(loader.epoch(3))) == 10


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing_not_even_torchs_random_numbers(workers: int) -> None:
    alone = BucketLoader(examples(60), 8, seed=0, shuffle=True, window=9)
    helped = BucketLoader(examples(60), 8, seed=0, shuffle=True, window=9, workers=workers)
    before = torch.get_rng_state()
    for skip in (0, 5):
        expected, found = list(alone.epoch(1, skip)), list(helped.epoch(1, skip))
        assert len(expected) == len(found)
        assert all(map(same, found, expected))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("data", "window", "sentence"),
    [
        ([], None, "no examples"),
        ([{"label": 1}], None, "no array 'inputs'"),
        ([{"inputs": 1}], None, "no array 'inputs'"),
        ([{"inputs": np.ones(2)}, {"inputs": np.ones(2), "label": 1}], None, "example 1"),
        ([{"inputs": np.ones(2), "targets": np.ones(3)}], 2, "3 steps of 'targets', expected 2"),
    ],
)
def test_examples_that_cannot_be_batched_are_named(
    data: list[dict[str, np.ndarray]], window: int, sentence: str
) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        BucketLoader(data, 2, seed=0, shuffle=False, window=window)


def test_kept_batches_are_worked_out_once_and_can_be_skipped() -> None:
    made = BucketLoader([{"inputs": np.arange(n + 1)} for n in range(7)], 2, seed=0, shuffle=False)
    kept = Kept(made)
    expected = [batch["inputs"].tolist() for batch in made.epoch(0)]
    assert len(kept) == len(made) == 4
    first, second = list(kept.epoch(0)), list(kept.epoch(5))
    assert [batch["inputs"].tolist() for batch in first] == expected
    assert all(a is b for a, b in zip(first, second, strict=True))
    assert list(kept.epoch(0, skip=3)) == first[3:]
