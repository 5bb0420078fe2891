"""From the names of pretrained vectors to the numbers that an embedding starts with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.words.ratings import word_ratings
from throughtime.data.words.reviews import review_vectors
from throughtime.data.words.vectors import WordVectors, check_beginning, glove, read_vectors
from throughtime.data.words.vocabulary import Vocabulary
from throughtime.errors import DataError, ThroughtimeError

BUILT_IN: Mapping[str, Callable[[Path], WordVectors]] = {
    "glove": lambda _: glove(),
    "reviews": review_vectors,
    "ratings": lambda _: word_ratings(),
}
"""Vectors that have a name, made with a cache."""
# as large as this a vector is neither lost beside nor drowns what is learned; found on the validation split
_SCALE = 0.4


def check_vectors(names: Sequence[str]) -> None:
    """Look whether there are such vectors as `pretrained_vectors` is to read; of a file, at its beginning.

    Raises:
        DataError: no such file, or none of word vectors.
    """
    for name in names:
        if name not in BUILT_IN and name != "none":
            check_beginning(_named(name))


def pretrained_vectors(names: Sequence[str], cache: Path, *, findings: Findings | None = None) -> list[WordVectors]:
    """The vectors of these names.

    Args:
        names: "glove", "reviews", "ratings" or paths of text files; "none" stands for no vectors.
        cache: folder for what is computed once.
        findings: is told what looks wrong with the files.

    Raises:
        DataError: no such file, or none of word vectors.
        ThroughtimeError: built-in vectors cannot be had.
    """
    found = []
    for name in names:
        if name in BUILT_IN:
            try:
                found.append(BUILT_IN[name](cache))
            except ThroughtimeError as error:
                raise ThroughtimeError(f"{error}; or do without pretrained vectors: --vectors none") from error
        elif name != "none":
            found.append(read_vectors(_named(name), findings=findings))
    return found


def _named(name: str) -> Path:
    path = Path(name)
    if not path.exists():
        raise DataError(path, "no such file", f"{', '.join(BUILT_IN)}, none, or a file of word vectors")
    return path


def starting_matrix(vocabulary: Vocabulary, sources: Sequence[WordVectors], size: int, seed: int) -> np.ndarray:
    """What each word's vector starts with: those of all sources one after the other, random (or zero) without one.

    Args:
        vocabulary: V words.
        sources: word vectors; each is scaled to the same spread.
        size: of the random vectors if there are no sources.
        seed: of the random numbers.

    Returns:
        float32 (V, I); I is the sum of the sources' sizes. Padding is zero.
    """
    random = np.random.default_rng(seed)
    parts = [random.normal(0.0, _SCALE, (len(vocabulary), size))] if not sources else []
    for source in sources:
        vectors, known = source.of(vocabulary.words)
        spread = max(float(source.vectors.std()), 1e-12) if source.vectors.size else 1.0
        # unknown words are given half the spread: they should not speak louder than the known ones
        unknown = random.normal(0.0, _SCALE / 2, vectors.shape) if source.others_random else 0.0
        parts.append(np.where(known[:, None], vectors * (_SCALE / spread), unknown))
    matrix = np.concatenate(parts, axis=1).astype(np.float32)
    matrix[vocabulary.padding] = 0.0
    return matrix
