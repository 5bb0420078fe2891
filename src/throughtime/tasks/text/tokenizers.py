"""Which tokenizer a text is read with: characters, words or pieces of words, fitted to what is learned from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from throughtime.data.findings import Findings
from throughtime.data.tokens import tokens
from throughtime.data.tokens.byte_pairs import BytePairs
from throughtime.data.tokens.tokens import Tokenizer
from throughtime.errors import DataError
from throughtime.tasks.text.corpus.files import Piece, read_text
from throughtime.tasks.text.settings import TextSettings

_VOCABULARY = {"characters": 5_000, "words": 30_000, "bpe": 8_000}
"""Tokens of each level, if the settings do not say how many."""


def fit_tokenizer(train: Sequence[Piece], settings: TextSettings, findings: Findings) -> Tokenizer:
    """The tokenizer that was asked for, fitted to some pieces.

    Args:
        train: what is learned from.
        settings: level, size and splitting.
        findings: is told how words are split.

    Raises:
        DataError: there is nothing but white space.
    """
    texts = chain.from_iterable(read_text(piece) for piece in train)
    sample = next(texts, "")
    while sample.isspace() and (more := next(texts, "")):
        sample = more
    if not sample.strip():
        raise DataError(train[0].path, "only white space", "text in UTF-8")
    texts = chain.from_iterable(read_text(piece) for piece in train)
    size = settings.vocabulary_size or _VOCABULARY[settings.level]
    if settings.level == "characters":
        return tokens.Characters.fit(texts, size)
    if settings.level == "bpe":
        return BytePairs.fit(texts, size)
    return _fit_words(texts, sample, size, settings, findings)


def _fit_words(
    texts: Iterable[str], sample: str, size: int, settings: TextSettings, findings: Findings
) -> tokens.Words:
    """Words of texts that begin like the sample."""
    asked: dict[str, tokens.Splitting] = {"whitespace": "whitespace", "words": "unicode"}
    splitting = asked.get(settings.tokenizer) or tokens.guess_splitting(sample)
    unicode = "by Unicode's word boundaries (UAX 29), letters composed (NFC), soft hyphens and the like left out"
    how = "split at white space alone" if splitting == "whitespace" else unicode
    findings.taken("words", how + (", as its first lines look" if settings.tokenizer == "auto" else ""))
    return tokens.Words.fit(texts, size, splitting, settings.minimum_count)
