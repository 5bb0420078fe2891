"""Word vectors made from plain text: positive pointwise mutual information, factorised."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from throughtime.data.progress import stage
from throughtime.data.words.vectors import WordVectors
from throughtime.data.words.vocabulary import MARKS, Vocabulary
from throughtime.errors import ArgumentError, MissingExtraError


def vectors_from_text(
    texts: Iterable[Sequence[str]], size: int = 150, *, window: int = 5, min_count: int = 5, max_words: int = 30_000
) -> WordVectors:
    """Word vectors made from plain text (Levy and Goldberg 2014).

    PPMI(w, c) = max(0, log p(w, c) / (p(w) p(c)^0.75)) over words c near w, nearer ones counting more; the vectors are
    U √Σ of its truncated singular value decomposition, scaled to a standard deviation of 1.

    Args:
        texts: words of each text.
        size: D, at most (a small vocabulary gives fewer).
        window: words to each side that count as near.
        min_count: rarer words get no vector.
        max_words: only the most frequent get one.

    Raises:
        ArgumentError: fewer than three words are frequent enough.
        MissingExtraError: scipy is missing.

    Example:
        >>> drinks = [f"{who} drinks {what} juice".split() for who in ("ann", "bo") for what in ("apple", "orange")]
        >>> vectors, _ = vectors_from_text(drinks, size=2, min_count=1).of(["apple", "orange", "ann"])
        >>> bool(vectors[0] @ vectors[1] > vectors[0] @ vectors[2])
        True
    """
    try:
        from scipy.sparse.linalg import svds
    except ImportError as error:
        raise MissingExtraError("scipy", "words", "making word vectors from text") from error
    texts = list(texts)
    vocabulary = Vocabulary.fit(texts, max_words + len(MARKS), min_count)
    words = vocabulary.words[len(MARKS) :]
    if len(words) < 3:
        raise ArgumentError(f"found {len(words)} words at least {min_count} times, expected 3 to make vectors of")
    known = [ids[ids >= len(MARKS)] - len(MARKS) for ids in map(vocabulary.encode, texts)]
    ppmi = positive_information(cooccurrence(known, len(words), window))
    start = np.full(len(words), 1 / math.sqrt(len(words)))  # not random: the same text gives the same vectors
    with stage("making word vectors"):
        left, values, _ = svds(ppmi, k=min(size, len(words) - 1), v0=start)
    order = np.argsort(-values)
    vectors = left[:, order] * np.sqrt(np.maximum(values[order], 0))
    return WordVectors(words, (vectors / max(float(vectors.std()), 1e-12)).astype(np.float32))


def cooccurrence(texts: Sequence[np.ndarray], size: int, window: int) -> Any:
    """How often words stand near each other, sparse (V, V), symmetric; d words apart count 1 - (d - 1) / window.

    Args:
        texts: word numbers (T,) of each text.
        size: V.
        window: words to each side.
    """
    from scipy.sparse import csr_matrix

    flat = np.concatenate(texts).astype(np.int32)
    text_of = np.repeat(np.arange(len(texts), dtype=np.int32), [len(text) for text in texts])
    counts = csr_matrix((size, size), dtype=np.float64)
    for distance in range(1, window + 1):
        same = text_of[distance:] == text_of[:-distance]
        before, after = flat[:-distance][same], flat[distance:][same]
        weight = np.full(len(before), 1 - (distance - 1) / window)
        counts = counts + csr_matrix((weight, (before, after)), shape=(size, size))
    return counts + counts.T


def positive_information(counts: Any) -> Any:
    """PPMI with smoothed contexts, sparse (V, V), of co-occurrence counts, sparse (V, V)."""
    from scipy.sparse import csr_matrix

    counts = counts.tocoo()
    total = np.asarray(counts.sum(axis=1)).ravel()
    context = total**0.75
    context /= max(context.sum(), 1e-12)
    information = np.log(counts.data / (total[counts.row] * context[counts.col]))
    kept = information > 0
    return csr_matrix((information[kept], (counts.row[kept], counts.col[kept])), shape=counts.shape)
