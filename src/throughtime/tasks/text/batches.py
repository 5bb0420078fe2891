"""Batches of a text: parallel streams of it, or its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from throughtime.data.loaders import BucketLoader
from throughtime.tasks.text.corpus.streams import StreamLoader
from throughtime.tasks.text.settings import TextSettings


def streams(ids: NDArray[np.unsignedinteger], settings: TextSettings, *, training: bool) -> StreamLoader:
    """As many streams as were asked for; to judge a short text, fewer.

    Args:
        ids: (N,) tokens, N at least 2.
        settings: how many, how long, in which order.
        training: whether all tokens must be predicted.
    """
    many = settings.batch_size
    if not training:
        # few streams lose little at their beginnings, where nothing has been read yet
        many = max(1, min(many, len(ids) // 2000))
    return StreamLoader(ids, many, settings.window, seed=settings.seed, vary=settings.vary_window, training=training)


def lines(
    sentences: Sequence[Mapping[str, NDArray[np.int64]]], settings: TextSettings, *, training: bool = False
) -> BucketLoader:
    """Lines of similar length side by side; to be judged, in order."""
    workers = settings.workers if training else 0
    return BucketLoader(sentences, settings.batch_size, seed=settings.seed, shuffle=training, workers=workers)
