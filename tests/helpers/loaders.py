"""What every loader must hold to."""

from __future__ import annotations

import torch

from throughtime.data.batch import Batch, Loader


def same(one: Batch, other: Batch) -> bool:
    return (
        (one.sequences, one.tokens, one.first) == (other.sequences, other.tokens, other.first)
        and one.tensors.keys() == other.tensors.keys()
        and all(one[name].dtype == other[name].dtype and torch.equal(one[name], other[name]) for name in one.tensors)
    )


def assert_resumes_everywhere(loader: Loader, epoch: int) -> None:
    whole = list(loader.epoch(epoch))
    for skip in range(len(whole) + 2):
        rest = list(loader.epoch(epoch, skip))
        assert len(rest) == max(0, len(whole) - skip)
        assert all(map(same, rest, whole[skip:]))
