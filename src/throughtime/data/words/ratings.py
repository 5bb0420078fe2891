"""The built-in ratings: single sentences, and single words, of which people said how positive or negative they are."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np

from throughtime.data.archives import read_member
from throughtime.data.labelled_texts import LabelledText
from throughtime.data.sources import Carrier, kept_in_cache
from throughtime.data.words.splitting import split_words
from throughtime.data.words.vectors import WordVectors

Kind = Literal["amazonReviewSnippets", "tweets"]

RATINGS = Carrier(
    "vaderSentiment",
    "0.5",
    "vaderSentiment-0.5.zip",
    "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a",
    "3,708 sentences of product reviews, 4,200 tweets and 7,517 words, rated by people (Hutto and Gilbert 2014); MIT",
)
_FOLDER = f"{RATINGS.package}-{RATINGS.version}"
_SENTENCES = f"{_FOLDER}/additional_resources/hutto_ICWSM_2014.tar.gz"
_WORDS = f"{_FOLDER}/vaderSentiment/vader_sentiment_lexicon.txt"
# the mean of twenty people's ratings from -4 to 4; nearer to 0 they called it neutral, or did not agree
_CLEAR = 0.5


def rated_sentences(kinds: Iterable[Kind] = ("amazonReviewSnippets", "tweets")) -> list[tuple[str, LabelledText]]:
    """Sentences of product reviews and tweets that twenty people rated (Hutto and Gilbert 2014), but for neutral ones.

    Unlike a sentence of a labelled review, each says itself what its label says. What is said more than once ("I love
    it!") is given once.

    Args:
        kinds: which.

    Returns:
        Pairs: what the sentence is a part of (sentences of one review belong together), and the sentence.

    Raises:
        ThroughtimeError: the package file that carries them cannot be had.
    """
    archive = RATINGS.path()
    found, said = [], set[tuple[str, ...]]()
    for kind in kinds:
        for line, row in enumerate(_member(f"hutto_ICWSM_2014/{kind}_GroundTruth.txt").splitlines(), 1):
            number, mean, text = row.split("\t", 2)
            text = html.unescape(text)
            words = tuple(split_words(text))
            if abs(float(mean)) >= _CLEAR and words not in said:
                said.add(words)
                label = "positive" if float(mean) > 0 else "negative"
                whole = f"{kind} {number.partition('_')[0]}"
                found.append((whole, LabelledText(text, label, archive, line)))
    return found


def word_ratings() -> WordVectors:
    """Words with the mean of their ratings from -4 to 4, its positive and its negative part (N, 3).

    With them a network need not learn of each word anew what a "not" before it does (Teng et al. 2016).

    Raises:
        ThroughtimeError: the package file that carries them cannot be had.
    """
    rows = read_member(RATINGS.path(), _WORDS).decode("latin-1").splitlines()
    rated = {word: float(mean) for word, mean in (row.split("\t")[:2] for row in rows)}
    means = np.array(list(rated.values()), dtype=np.float32)
    parts = np.stack([means, means.clip(min=0), means.clip(max=0)], axis=1)
    return WordVectors(list(rated), parts, others_random=False)


def _member(name: str) -> str:
    """A text of the archive within the archive."""
    folder = RATINGS.path().parent
    content = read_member(RATINGS.path(), _SENTENCES)
    with kept_in_cache("the ratings", folder), tempfile.TemporaryDirectory(dir=folder, prefix="reading-") as half:
        inner = Path(half) / "inner.tar.gz"
        inner.write_bytes(content)
        return read_member(inner, name).decode("utf-8")
