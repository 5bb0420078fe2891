"""What nats of a text stand for: bits per character, perplexities; and what is judged of sentences with codes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from throughtime.data.tokens.tokens import Tokenizer
from throughtime.models.ngram import NGram
from throughtime.storage.report import Report, Table
from throughtime.storage.scores import MODEL, Scores, Shown
from throughtime.tasks.base.bounds import bounds, latent_table
from throughtime.tasks.text.corpus.sentences import Sentences
from throughtime.tasks.text.settings import TextSettings

if TYPE_CHECKING:
    from throughtime.models.codes import Judged

METRICS = {
    "characters": ("bits_per_character", "bits per character"),
    "words": ("perplexity", "perplexity per word"),
    "bpe": ("perplexity", "perplexity per piece of a word"),
}
"""Name and unit of what each level is judged by."""


def in_unit(nats: float, level: str) -> float:
    """Nats per token in the level's unit; what is beyond the largest number counts as infinite."""
    if level == "characters":
        return nats / math.log(2)
    return math.exp(nats) if nats < 700 else math.inf


def metrics(nats: float, level: str, *, tokens: int, words: int, characters: int) -> dict[str, float]:
    """All numbers that nats of a whole text stand for.

    Args:
        nats: -log p of it.
        level: of the tokens.
        tokens: that were predicted.
        words, characters: of the text.
    """
    found = {METRICS[level][0]: in_unit(nats / tokens, level)}
    if level == "bpe":
        # pieces differ from one vocabulary to the next; words and characters compare
        found["word_perplexity"] = in_unit(nats / words, level)
        found["bits_per_character"] = nats / math.log(2) / characters
    return found


def latent_report(
    sentences: Sentences,
    which: np.ndarray,
    found: Sequence[Judged],
    baselines: Mapping[str, NGram],
    tokenizer: Tokenizer,
    settings: TextSettings,
) -> Report:
    """The bounds, and what comes back from the codes alone, beside n-grams that read each sentence by itself too.

    Args:
        sentences: that there are.
        which: of them were judged.
        found: what the model said of each of these.
        baselines: by the names that they have in a report.
        tokenizer: whose tokens they are.
        settings: of the latent space.
    """
    examples = [sentences[index] for index in which]
    texts = [tokenizer.decode(example["targets"].tolist()) for example in examples]
    tokens = sum(len(example["targets"]) for example in examples)
    counts = {
        "tokens": tokens,
        "words": sum(len(text.split()) + text.count("\n") for text in texts),
        "characters": sum(map(len, texts)),
    }
    right = sum((example["targets"] == one.remade).sum() for example, one in zip(examples, found, strict=True))
    nats = sum(one.nll for one in found)
    model = {**bounds(found), **metrics(nats, settings.level, **counts), "reconstruction": float(right / tokens)}
    each = {MODEL: [one.nll for one in found]}
    simple = {}
    for name, baseline in baselines.items():
        each[name] = [baseline.nll(np.append(one["inputs"], one["targets"][-1])) for one in examples]
        nats = sum(each[name])
        # what knows no code has a likelihood, which is a bound of itself
        simple[name] = {"nelbo": nats / tokens, "nll": nats / tokens, **metrics(nats, settings.level, **counts)}
    rows: list[tuple[str, str | int | float]] = [
        ("lines", len(sentences)),
        ("blank lines, left out", sentences.blank),
        (f"lines of more than {sentences.longest} tokens, left out", sentences.long),
    ]
    lengths = [len(example["targets"]) for example in examples]
    shown = [Shown(text, "", tokenizer.decode(one.remade.tolist())) for text, one in zip(texts, found, strict=True)]
    return Report(
        model,
        simple,
        [latent_table(found, len(sentences), "lines", settings), Table("the text", ("", ""), rows)],
        Scores("nll", "min", {name: np.array([*zip(nll, lengths, strict=True)]) for name, nll in each.items()}, shown),
    )
