"""Maps of word vectors in two dimensions: by principal components, and by t-SNE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from throughtime.data.words.space import WordSpace
from throughtime.errors import ArgumentError, MissingExtraError

Way = Literal["pca", "t-sne"]


@dataclass(frozen=True, eq=False)
class Map:
    """Where words lie on a map.

    Args:
        words: (N,).
        places: (N, 2).
        way: how it was made.
        kept: PCA: the share of the variance that the two dimensions hold; None: distances far apart mean nothing.
    """

    words: tuple[str, ...]
    places: NDArray[np.float64]
    way: Way
    kept: float | None


def map_of(space: WordSpace, words: Sequence[str], way: Way = "pca", seed: int = 0) -> Map:
    """Lay words out in two dimensions, their vectors at length 1.

    Args:
        space: vectors.
        words: at least 3.
        way: principal components, or t-SNE (van der Maaten and Hinton 2008) by scikit-learn, perplexity 30 or a third
            of the words.
        seed: of t-SNE.

    Raises:
        ArgumentError: fewer than 3 words.
        ThroughtimeError: one has no vector.
        MissingExtraError: t-SNE without scikit-learn.
    """
    if len(words) < 3:
        raise ArgumentError(f"found {len(words)} words to lay out, expected at least 3")
    rows = [space.find(word) for word in words]
    named = tuple(space.words[row] for row in rows)
    vectors = space.unit[rows].astype(np.float64)
    if way == "pca":
        return Map(named, *_principal(vectors))
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "embeddings", "t-SNE") from error
    perplexity = min(30.0, (len(rows) - 1) / 3)
    places = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(vectors)
    return Map(named, np.asarray(places, dtype=np.float64), "t-sne", None)


def _principal(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], Way, float]:
    centred = vectors - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    kept = float((sizes[:2] ** 2).sum() / max(float((sizes**2).sum()), 1e-300))
    places = np.zeros((len(vectors), 2))
    places[:, : min(2, len(sizes))] = (left * sizes)[:, :2]
    return places, "pca", kept
